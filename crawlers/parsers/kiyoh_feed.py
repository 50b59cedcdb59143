"""Kiyoh's older feed, which many shops still use: JSON, or XML in which every list stands inside another one."""

from dataclasses import replace

from lxml import etree

from crawlers.parsers import kiyoh
from crawlers.parsers.answers import answer
from crawlers.parsers.blocks import unlike
from crawlers.parsers.encoding import xml_text
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.xml import tidied, tree

_ROOT = "ReviewFeedDto"
_REVIEWS, _ANSWERS = "reviews", "reviewContent"
"""Names of a list and of each of its elements."""
DEEPEST = 16
"""Elements inside one another that are read; the feed has six."""


def parse(body: bytes, first: bool = False) -> Stretch:
    """The reviews of a feed, in either form; more of it as `kiyoh.parse` says. Raises Blocked, FormatChanged."""
    if not xml_text(body).lstrip().startswith("<"):
        return kiyoh.reviews_of(_addressed(answer(body)), first)
    document = tidied(body)
    root = tree(document)
    if root is None or root.tag != _ROOT:
        raise unlike(body, f"the answer is no {_ROOT}")
    found = _said(root, 0)
    if root.find(_REVIEWS) is not None:
        # Wherever they stand: where a tag is missing, those that follow stand within another one or beside the list.
        reviews = [
            _said(one, 0) for one in root.iter(_REVIEWS) if any(inner.tag != _REVIEWS for inner in one)
        ]
        # The last one may have lost its second half; the next reading brings it whole.
        found[_REVIEWS] = reviews[:-1] if document.cut else reviews
    return replace(
        kiyoh.reviews_of(_addressed(found), first),
        notes=document.notes("feed"),
        damage=document.damage("feed"),
    )


def _addressed(found: dict[str, object]) -> dict[str, object]:
    """A feed whose reviews have the address of their page, which it may give only as that to write one."""
    if not found.get("viewReviewUrl") and isinstance(add := found.get("createReviewUrl"), str):
        return found | {"viewReviewUrl": add.replace("/add-review/", "/reviews/", 1)}
    return found


def _said(element: etree._Element, depth: int) -> dict[str, object]:
    """What stands in an element by name, but for reviews."""
    # From the end, so that the first of a name counts: a second one is there only where tags make no sense.
    return {
        one.tag: _value(one, depth + 1)
        for one in reversed(element)
        if isinstance(one.tag, str) and one.tag != _REVIEWS
    }


def _value(element: etree._Element, depth: int) -> object:
    """What an element says: its text, or what stands in it by name; a list for the one that is one."""
    if depth > DEEPEST:
        return None
    if element.tag == _ANSWERS and element.find(_ANSWERS) is not None:
        return [_value(one, depth + 1) for one in element if one.tag == _ANSWERS]
    return _said(element, depth) or element.text
