"""Microdata is read as extruct reads it, by a way that takes no longer on a page made to be slow."""

from typing import Any

import pytest
from extruct.w3cmicrodata import MicrodataExtractor
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from crawlers.parsers import microdata
from crawlers.parsers.microdata import microdata_of

URL = "https://snelveld.example/ervaringen"
MARKS = st.sampled_from(["", " itemprop='a'", " itemprop='b c'", " itemscope", " itemscope itemprop='a'"])
TREES = st.recursive(
    MARKS.map(lambda marks: f"<b{marks}>traag</b>"),
    lambda inner: st.builds(
        lambda marks, within: f"<div{marks}>{''.join(within)}</div>", MARKS, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


def without_values(found: Any) -> Any:
    """As the library gives it, but for the text of items that have no properties."""
    if isinstance(found, list):
        return [without_values(one) for one in found]
    if not isinstance(found, dict):
        return found
    return {key: None if key == "value" else without_values(one) for key, one in found.items()}


@given(tree=TREES)
def test_items_and_their_properties_are_those_of_the_library(tree: str) -> None:
    root = etree.fromstring(f"<html><body>{tree}</body></html>", etree.HTMLParser())

    assert microdata_of(root, URL) == without_values(MicrodataExtractor().extract_items(root, URL))


def test_properties_within_properties_are_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = "<i itemprop='a'>" * 50
    root = etree.fromstring(f"<div itemscope>{nested}</div>", etree.HTMLParser())
    assert len(microdata_of(root, URL)[0]["properties"]["a"]) == 50

    monkeypatch.setattr(microdata, "MOST_READ", 300)
    with pytest.raises(microdata.TooNested):
        microdata_of(root, URL)


def test_a_property_of_an_item_within_is_not_one_of_the_item_around_it() -> None:
    within = "<p itemprop='author' itemscope><i itemprop='name'>Els</i></p>"
    root = etree.fromstring(
        f"<div itemscope>{within}<b itemprop='reviewBody'>Traag.</b></div>", etree.HTMLParser()
    )
    [item] = microdata_of(root, URL)

    assert item["properties"] == {"author": {"properties": {"name": "Els"}}, "reviewBody": "Traag."}
