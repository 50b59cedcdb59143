"""Microdata by extruct, in time that grows with the page and no faster."""

from functools import cache
from typing import Any

from lxml import etree


def microdata_of(root: etree._Element, url: str) -> list[Any]:
    """The items of a page at `url`, nested as they stand there, in the form that extruct gives them."""
    return list(_extractor().extract_items(root, url))


@cache
def _extractor() -> Any:
    from extruct.w3cmicrodata import MicrodataExtractor  # slow to load, and few pages need it

    class Extractor(MicrodataExtractor):  # type: ignore[misc]
        # Its own way compares all elements with each other: a page of half a megabyte took a minute.
        _xp_prop = staticmethod(_properties)

    return Extractor()


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
