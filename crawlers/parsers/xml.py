"""XML as sites write it, put right where it breaks the rules, so that one wrong character costs nothing else."""

import re
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

from crawlers.parsers.encoding import xml_text

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = re.compile(r"<\?xml\s[^<>]*>")
_SPECIAL = re.compile(
    r"""(?P<whole><!\[CDATA\[.*?(?:\]\]>|\Z))
    | (?P<aside><!--.*?(?:-->|\Z) | <\?[^\W\d].*?(?:\?>|\Z))
    | &\#(?P<number>x[0-9a-fA-F]{1,10}|[0-9]{1,10});
    | &(?P<name>[A-Za-z][A-Za-z0-9]{0,31});
    | (?P<bare>& | <(?!/?(?:[^\W\d]|:)[^<>]*> | ![A-Za-z]) | \]\]>)""",
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
    """An XML document in UTF-8; `changed` when it was not well-formed."""

    xml: bytes
    changed: bool


def tidied(body: bytes, content_type: str = "") -> Tidied:
    """`body` with characters and references as XML 1.0 (2.2, 2.4, 4.1) wants them; its tags stay as they are.

    What XML forbids is dropped, a bare `&` or `<` is escaped, and names of HTML become the characters that they
    mean. All of these are written as numbers: after any fault, lxml reads those, but no names. Comments and
    instructions to programs are left out.
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
            return found[0]
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

    return Tidied((_IN_UTF_8 + _SPECIAL.sub(put_right, allowed)).encode("utf-8", "replace"), changed)


def tree(document: Tidied) -> tuple[etree._Element | None, bool]:
    """The root of a document as far as it can be read, None when it has none; whether all tags in it make sense."""
    parser = etree.XMLParser(encoding="utf-8", recover=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(document.xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    return root, not parser.error_log.filter_from_fatals()


def _is_allowed(number: str) -> bool:
    code = int(number[1:], 16) if number.startswith("x") else int(number)
    return code <= 0x10FFFF and not _FORBIDDEN.match(chr(code))
