"""XML as sites write it, put right where it breaks the rules, so that one wrong character costs nothing else."""

import re
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

from crawlers.parsers.encoding import xml_text
from crawlers.parsers.tags import NAME_START, paired

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = re.compile(r"<\?xml\s[^<>]*>")
_SPECIAL = re.compile(
    rf"""(?P<whole><!\[CDATA\[.*?(?:\]\]>|\Z))
    | (?P<aside><!--.*?(?:-->|\Z) | <\?[^\W\d].*?(?:\?>|\Z))
    | &\#(?P<number>x[0-9a-fA-F]{{1,10}}|[0-9]{{1,10}});
    | &(?P<name>[A-Za-z][A-Za-z0-9]{{0,31}});
    | (?P<bare>& | <(?!/?{NAME_START}[^<>]*> | ![A-Za-z]) | \]\]>)""",
    re.VERBOSE | re.DOTALL,
)
"""What XML does not read as it is written, and a `<` after which no tag ends before the next one begins."""
_IN_UTF_8 = '<?xml version="1.0" encoding="UTF-8"?>'
_BARE = {"&": "&#38;", "<": "&#60;", "]]>": "]]&#62;"}
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NAMED = {
    name.removesuffix(";"): "".join(f"&#{ord(one)};" for one in meant)
    for name, meant in html5.items()
    if name.endswith(";")
}


@dataclass(frozen=True)
class Tidied:
    """An XML document in UTF-8; `changed` when it was not well-formed, `cut` when it ends before its root does."""

    xml: bytes
    changed: bool
    cut: bool = False

    def notes(self, what: str) -> tuple[str, ...]:
        return (f"the {what} is not well-formed XML",) if self.changed and not self.cut else ()

    def damage(self, what: str) -> str | None:
        return f"the {what} breaks off before its end" if self.cut else None


def tidied(body: bytes, content_type: str = "") -> Tidied:
    """`body` with characters, references and tags as XML 1.0 (2.2, 2.4, 3, 4.1) wants them.

    What XML forbids is dropped, a bare `&` or `<` is escaped, and names of HTML become the characters that they
    mean. All of these are written as numbers: after any fault, lxml reads those, but no names. Comments and
    instructions to programs are left out. Tags stay as they are where they make sense, else `paired` tells.
    """
    text = xml_text(body, content_type)
    begun = text.lstrip("\ufeff \t\r\n")
    declared = _DECLARATION.match(begun)
    allowed, dropped = _FORBIDDEN.subn("", begun[declared.end() :] if declared else begun)
    changed = dropped > 0 or (declared is not None and begun != text.removeprefix("\ufeff"))
    declares = "<!ENTITY" in allowed

    def put_right(found: re.Match[str]) -> str:
        nonlocal changed
        if found["whole"]:
            return found[0] if found[0].endswith("]]>") else f"{found[0]}]]>"
        if found["aside"]:
            return ""
        name, number = found["name"], found["number"]
        if number and _is_allowed(number):
            return found[0]
        if name and declares and name not in _NAMED:
            return found[0]
        changed = changed or name not in _PREDEFINED
        if name:
            return _NAMED.get(name, f"&#38;{name};")
        return "\ufffd" if number else _BARE[found[0]]

    written = _SPECIAL.sub(put_right, allowed)
    document = Tidied(_encoded(written), changed)
    if _is_sound(document.xml):
        return document
    written, cut = paired(written)
    return Tidied(_encoded(written), True, cut)


def _encoded(written: str) -> bytes:
    return (_IN_UTF_8 + written).encode("utf-8", "replace")


def _is_sound(xml: bytes) -> bool:
    try:
        etree.fromstring(xml, etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return False
    return True


def tree(document: Tidied) -> etree._Element | None:
    """The root of a document as far as it can be read, None when it has none."""
    parser = etree.XMLParser(encoding="utf-8", recover=True, resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(document.xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _is_allowed(number: str) -> bool:
    code = int(number[1:], 16) if number.startswith("x") else int(number)
    return code <= 0x10FFFF and not _FORBIDDEN.match(chr(code))
