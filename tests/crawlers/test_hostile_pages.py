"""Whatever a page holds, a parser gives records and problems or raises an error of its own, in time and memory."""

import time
import tracemalloc
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.dates import written as date_of
from crawlers.parsers.markup import plain
from crawlers.parsers.page import Gathering, ParseError
from tests.crawlers import payloads
from tests.crawlers.fuzzed import PAGES, TREES, Parse
from tests.crawlers.mutations import BOUNDED, THOROUGH, damaged, mutated, written

LONGEST_S = 3.0
"""Of a processor, for any page of these; measured by `make fuzz` only, which wants a machine to itself."""
LARGE = 300_000 if THOROUGH else 60_000
"""Bytes of a page that is nothing but one thing over and over."""
MOST_MEMORY = 40
"""Bytes for each byte of a page, on top of what every page may take."""
FLOOR = 10_000_000
OVER_AND_OVER = [
    b"[",
    b'{"a":',
    b"<a>",
    b"<a b='c'>",
    b"<div itemscope>",
    b"</",
    b"<!--",
    b"&amp;",
    b'"',
    b";",
    b"\n",
    b" ",
    b"9",
    b"\xc3",
    b'<script id="__NEXT_DATA__">',
    b'<script type="application/ld+json">',
    b'{"reviews":[],',
]

PARTS = OVER_AND_OVER if THOROUGH else OVER_AND_OVER[:4]
TRACED = 60_000 if THOROUGH else 3_000
"""Bytes; tracing makes everything ten times slower."""


def _holds(parse: Parse, body: bytes) -> bool:
    """Whether the page is read, or refused by an error of the parsers' own, and not too slowly.

    What it names as the next one must fit in an address.
    """
    began = time.process_time()
    try:
        page = parse(body)
        urlencode({"next": page.next})
    except ParseError as error:
        return len(str(error)) <= 200 and _in_time(began)
    return (
        page.entries >= 0 and all(len(problem.what) <= 200 for problem in page.problems) and _in_time(began)
    )


def _in_time(began: float) -> bool:
    return not THOROUGH or time.process_time() - began < LONGEST_S


@pytest.mark.parametrize("kind", TREES)
@BOUNDED
@given(data=st.data())
def test_any_value_in_any_place_is_survived(kind: str, data: st.DataObject) -> None:
    parse, tree, written_out = TREES[kind]

    assert _holds(parse, written(mutated(data, tree), written_out))


@pytest.mark.parametrize("kind", PAGES)
@BOUNDED
@given(data=st.data())
def test_any_damage_to_the_bytes_is_survived(kind: str, data: st.DataObject) -> None:
    parse, whole = PAGES[kind]

    assert _holds(parse, damaged(data, whole))


@pytest.mark.parametrize("kind", PAGES)
@BOUNDED
@given(body=st.binary(max_size=300))
def test_noise_is_survived(kind: str, body: bytes) -> None:
    assert _holds(PAGES[kind][0], body)


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("part", PARTS)
def test_one_thing_over_and_over_is_survived(kind: str, part: bytes) -> None:
    parse, whole = PAGES[kind]
    middle = len(whole) // 2 if THOROUGH else 0

    assert _holds(parse, whole[:middle] + part * (LARGE // len(part)) + whole[len(whole) - middle :])


@pytest.mark.parametrize("kind", PAGES)
def test_memory_is_bounded_by_the_length_of_a_page(kind: str) -> None:
    parse, whole = PAGES[kind]
    _holds(parse, whole)  # loads what it needs, which is no memory of the page
    for part in PARTS:
        body = whole + part * (TRACED // len(part))
        tracemalloc.start()
        try:
            _holds(parse, body)
            taken = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert taken < FLOOR + MOST_MEMORY * len(body), part


def test_half_a_character_in_a_cursor_can_be_asked_for() -> None:
    assert urlencode({"cursor": Gathering().page("\ud800x").next}) == "cursor=%3Fx"


@BOUNDED
@given(st.text(max_size=200))
def test_any_text_has_words_or_none(text: str) -> None:
    assert isinstance(plain(text), str)


@BOUNDED
@given(st.text(alphabet="0123456789-:.TZ+ janfebmrtgisterenuurdagenl", max_size=60))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = date_of(text, payloads.NOW)

    assert found is None or found.utcoffset() is not None
