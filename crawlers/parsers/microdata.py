"""Microdata by extruct, in time that grows with the page and hardly faster."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from lxml import etree

MOST_READ = 400_000
"""Elements whose text is read on one page; one that stands within another is read twice."""
MOST_AROUND = 10
"""Properties round a property whose text is read; else deep nesting would take the square of the time."""
MOST_REFERRED = 20_000
"""Elements on one page that items refer to by `itemref`; each may do so any number of times."""
DEEPEST = 60
"""Items inside one another; what is deeper counts as standing alone."""
_elements_in = etree.XPath("count(descendant-or-self::*)")


class TooNested(Exception):
    """The page would be read over and over."""


def microdata_of(root: etree._Element, url: str) -> list[Any]:
    """The items of a page at `url`, nested as they stand there, in the form that extruct gives them.

    An item without properties has no `value` here. Raises TooNested, and what extruct raises on a hostile page.
    """
    extractor = _extractor()()
    extractor.buried = _buried(root)
    return list(extractor.extract_items(root, url))


@cache
def _extractor() -> Any:
    from extruct.w3cmicrodata import MicrodataExtractor  # slow to load, and few pages need it

    class Extractor(MicrodataExtractor):  # type: ignore[misc]
        # Its own way compares all elements with each other: a page of half a megabyte took a minute.
        _xp_prop = staticmethod(_properties)
        read = referred = depth = 0
        buried: frozenset[etree._Element] = frozenset()

        def _extract_item(self, *args: Any, **named: Any) -> Any:
            if self.depth == DEEPEST:
                return None
            self.depth += 1
            try:
                return super()._extract_item(*args, **named)
            finally:
                self.depth -= 1

        def _extract_property_refs(self, node: etree._Element, refid: str, **named: Any) -> Iterator[Any]:
            self.referred += sum(int(_elements_in(one)) for one in node.xpath("id($refid)[1]", refid=refid))
            if self.referred <= MOST_REFERRED:
                yield from super()._extract_property_refs(node, refid, **named)

        def _extract_property_value(self, node: etree._Element, *args: Any, **named: Any) -> Any:
            # `force`: an item without properties, of which nobody reads the text.
            return None if named.get("force") else super()._extract_property_value(node, *args, **named)

        def _extract_textContent(self, node: etree._Element) -> Any:  # the name that extruct calls
            if node in self.buried:
                return ""
            self.read += int(_elements_in(node))
            if self.read > MOST_READ:
                raise TooNested(f"more than {MOST_READ:,} elements to read")
            return super()._extract_textContent(node)

    return Extractor


def _properties(item: etree._Element) -> list[etree._Element]:
    """The elements below an item that are properties of it and not of an item within, in their order."""
    found = []
    walk = etree.iterwalk(item, events=("start",))
    for _, element in walk:
        if element is item:
            continue
        if "itemprop" in element.attrib:
            found.append(element)
        if "itemscope" in element.attrib:
            walk.skip_subtree()
    return found


def _buried(root: etree._Element) -> frozenset[etree._Element]:
    """The properties that stand within more than `MOST_AROUND` others."""
    around, found = 0, []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if "itemprop" not in element.attrib or "itemscope" in element.attrib:
            continue
        around += 1 if event == "start" else -1
        if event == "start" and around > MOST_AROUND + 1:
            found.append(element)
    return frozenset(found)
