"""Kiyoh's older feed, which many shops still use: JSON, or XML in which every list stands inside another one."""

from dataclasses import replace

from lxml import etree

from crawlers.parsers import kiyoh
from crawlers.parsers.answers import answer
from crawlers.parsers.blocks import unlike
from crawlers.parsers.encoding import xml_text
from crawlers.parsers.page import FormatChanged
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.xml import tidied, tree

_ROOT = "ReviewFeedDto"
_LISTS = frozenset({"reviews", "reviewContent"})
DEEPEST = 16
"""Elements inside one another; the feed has six."""


def parse(body: bytes, first: bool = False) -> Stretch:
    """The reviews of a feed, in either form; more of it as `kiyoh.parse` says. Raises Blocked, FormatChanged."""
    if not xml_text(body).lstrip().startswith("<"):
        return kiyoh.reviews_of(_addressed(answer(body)), first)
    document = tidied(body)
    root, sound = tree(document)
    if root is None or root.tag != _ROOT:
        raise unlike(body, f"the answer is no {_ROOT}")
    value = _value(root, 0)
    found = value if isinstance(value, dict) else {}
    reviews = found.get("reviews")
    if not sound and isinstance(reviews, list):
        # Where the tags stop making sense, all that follows stands in the last review that was begun.
        found["reviews"] = reviews[:-1]
    return replace(
        kiyoh.reviews_of(_addressed(found), first),
        notes=("the feed is not well-formed XML",) if document.changed else (),
        damage=None if sound else "the feed breaks off before its end",
    )


def _addressed(found: dict[str, object]) -> dict[str, object]:
    """A feed whose reviews have the address of their page, which it may give only as that to write one."""
    if not found.get("viewReviewUrl") and isinstance(add := found.get("createReviewUrl"), str):
        return found | {"viewReviewUrl": add.replace("/add-review/", "/reviews/", 1)}
    return found


def _value(element: etree._Element, depth: int) -> object:
    """What an element says: its text, or what stands in it by name; a list for those that are one."""
    if depth > DEEPEST:
        raise FormatChanged("the feed is nested too deep")
    if element.tag in _LISTS and element.tag != (element.getparent().tag if depth else None):
        return [_value(one, depth + 1) for one in element if one.tag == element.tag]
    # From the end, so that the first of a name counts: a second one is there only where tags make no sense.
    inner = {one.tag: _value(one, depth + 1) for one in reversed(element) if isinstance(one.tag, str)}
    return inner or element.text
