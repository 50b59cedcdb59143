"""Start and end tags of a damaged XML document put into pairs, so that one wrong tag costs nothing beside it."""

import re
from collections import Counter
from collections.abc import Iterator

DEEPEST = 200
"""Elements inside one another; libxml2 reads no document that is deeper than 256."""
_LETTERS = (
    r":A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    r"\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
NAME_START = f"[{_LETTERS}]"
"""What a name in XML begins with (XML 1.0, 2.3)."""
_NAME = rf"{NAME_START}[{_LETTERS}.0-9\xb7\u0300-\u036f\u203f\u2040-]*+"
_DECLARED = re.compile(r"\s*<!DOCTYPE\b[^<>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_TAG = re.compile(
    rf"""(?P<data><!\[CDATA\[.*?(?:\]\]>|\Z)) | <![A-Za-z][^<>]*>
    | <(?P<end>/?)(?P<name>{_NAME})(?P<rest>(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)>
    | <(?P<odd_end>/?)(?P<odd_name>{_NAME})(?P<odd_rest>[^<>]*)>""",
    re.VERBOSE | re.DOTALL,
)
"""What stands in angle brackets; the last way is a tag whose quotation marks make no sense."""
_ATTRIBUTE = re.compile(rf"""({_NAME})(?:\s*+=\s*+("[^"<]*"|'[^'<]*'|[^\s"'<>=]+))?""")


def paired(text: str) -> tuple[str, bool]:
    """`text`, an XML document, with an end to every start and a start to every end, and whether it is cut off.

    An end closes what was begun within its element and not ended; one without a start is left out, and so are
    attributes without a value, declarations that do not stand on top, and the tags of elements deeper than `DEEPEST`
    (not what is said in them). The root ends at the end: of a document that is cut off, its last tag is not the
    root's end.
    """
    pairing = _Pairing(text)
    return "".join(pairing.parts()), pairing.cut


class _Pairing:
    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[str] = []
        self._counted: Counter[str] = Counter()
        self.cut = True

    def parts(self) -> Iterator[str]:
        done = 0
        declared = _DECLARED.match(self._text)
        for found in _TAG.finditer(self._text, declared.end() if declared else 0):
            if found["data"]:
                continue
            yield self._text[done : found.start()]
            done = found.end()
            name, rest = found["name"] or found["odd_name"], found["rest"] or found["odd_rest"] or ""
            closed = rest.rstrip().endswith("/")
            if found["end"] or found["odd_end"]:
                yield from self._ended(name)
            elif name and self._begun(name, closed):
                yield f"<{name}{_attributes(rest)}{'/' * closed}>"
        yield self._text[done:]
        while self._open:
            yield from self._closed()

    def _begun(self, name: str, closed: bool) -> bool:
        """Whether the tag that begins an element stays."""
        self.cut = bool(self._open) or not closed
        if not closed:
            self._open.append(name)
            self._counted[name] += 1
        return len(self._open) + closed <= DEEPEST

    def _ended(self, name: str) -> Iterator[str]:
        """The end tags to write where the element `name` ends."""
        if self._open and name == self._open[0] and self._counted[name] == 1:
            self.cut = False
            while len(self._open) > 1:
                yield from self._closed()
        elif self._counted[name]:
            while self._open[-1] != name:
                yield from self._closed()
            yield from self._closed()

    def _closed(self) -> Iterator[str]:
        depth = len(self._open)
        name = self._open.pop()
        self._counted[name] -= 1
        if depth <= DEEPEST:
            yield f"</{name}>"


def _attributes(rest: str) -> str:
    """Those of a start tag that have a value, each once, as XML wants them."""
    given: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(rest):
        if value:
            given.setdefault(name, value if value[0] in "\"'" else f'"{value}"')
    return "".join(f" {name}={value}" for name, value in given.items())
