"""Kiyoh's older feed, which many shops still use: JSON, or XML in which every list stands inside another one."""

from lxml import etree

from crawlers.parsers import kiyoh
from crawlers.parsers.answers import answer
from crawlers.parsers.blocks import unlike
from crawlers.parsers.page import FormatChanged
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.values import decoded

_ROOT = "ReviewFeedDto"
_LISTS = frozenset({"reviews", "reviewContent"})
DEEPEST = 16
"""Elements inside one another; the feed has six."""


def parse(body: bytes, first: bool = False) -> Stretch:
    """The reviews of a feed, in either form; more of it as `kiyoh.parse` says. Raises Blocked, FormatChanged."""
    found = _tree(body) if decoded(body[:100]).lstrip().startswith("<") else answer(body)
    if not found.get("viewReviewUrl") and isinstance(add := found.get("createReviewUrl"), str):
        found["viewReviewUrl"] = add.replace("/add-review/", "/reviews/", 1)
    return kiyoh.reviews_of(found, first)


def _tree(body: bytes) -> dict[str, object]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or root.tag != _ROOT:
        raise unlike(body, f"the answer is no {_ROOT}")
    found = _value(root, 0)
    return found if isinstance(found, dict) else {}


def _value(element: etree._Element, depth: int) -> object:
    """What an element says: its text, or what stands in it by name; a list for those that are one."""
    if depth > DEEPEST:
        raise FormatChanged("the feed is nested too deep")
    if element.tag in _LISTS and element.tag != (element.getparent().tag if depth else None):
        return [_value(one, depth + 1) for one in element if one.tag == element.tag]
    inner = {one.tag: _value(one, depth + 1) for one in element if isinstance(one.tag, str)}
    return inner or _text(element)


def _text(element: etree._Element) -> str | None:
    try:
        found: str | None = element.text
    except UnicodeDecodeError:
        found = None  # half a character, written as a reference, which the library lets in and not out
    return found
