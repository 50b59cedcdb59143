"""Start and end tags of a damaged XML document put into pairs, so that one wrong tag costs nothing beside it."""

import re
from collections import Counter
from collections.abc import Iterator

DEEPEST = 200
"""Elements inside one another; libxml2 reads no document that is deeper than 256."""
_DECLARED = re.compile(r"\s*<!DOCTYPE\b[^<>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_TAG = re.compile(
    r"""(?P<whole><!\[CDATA\[.*?(?:\]\]>|\Z) | <![A-Za-z][^<>]*>)
    | <(?P<end>/?)(?P<name>[^\s/<>]+)(?:[^<>"']|"[^"<]*"|'[^'<]*')*?(?P<empty>/?)>
    | <(?P<odd_end>/?)(?P<odd_name>[^\s/<>]+)[^<>]*>""",
    re.VERBOSE | re.DOTALL,
)
"""What stands in angle brackets; the last way is a tag whose quotation marks make no sense."""


def paired(text: str) -> tuple[str, bool]:
    """`text`, an XML document, with an end to every start and a start to every end, and whether it is cut off.

    An end closes what was begun within its element and not ended; one without a start is left out, and so are the
    tags of elements deeper than `DEEPEST` (not what is said in them). The root ends at the end: of a document that
    is cut off, its last tag is not the root's end.
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
            if found["whole"]:
                continue
            yield self._text[done : found.start()]
            done = found.end()
            name = found["name"] or found["odd_name"]
            if found["end"] or found["odd_end"]:
                yield from self._ended(name)
            elif self._begun(name, closed=bool(found["empty"])):
                yield found[0]
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
