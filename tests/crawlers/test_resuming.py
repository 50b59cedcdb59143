"""Where a crawl begins after one that was broken off."""

from typing import Any

import pytest

from crawlers.resuming import LONG_AGO, begun_again

EARLIER, NOW = "2026-11-20T12:00:00+00:00", "2026-11-21T12:00:00+00:00"
State = dict[str, Any]


def test_no_page_is_left_out() -> None:
    # What the crawl stored is no longer new, as what stands above the place where an earlier one ended must be.
    before = {"ratings": {"open": True, "at": 300, "had": 100, "whole_at": EARLIER}, "shop": {"best": 5}}
    after = {"ratings": {"open": False, "had": 120, "whole_at": NOW}, "shop": {"best": 10}}

    assert begun_again(before, after) == {
        "ratings": {"open": True, "had": 100, "whole_at": LONG_AGO},
        "shop": {"best": 5},
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"shown": ["a", "b", "c"]}, {"shown": ["x", "a", "c"]}, {"shown": ["b", "x", "a", "c"]}),
        ({}, {"shown": [7, 8], "page": 3}, {"shown": [7, 8]}),
        ({"shown": {"a": EARLIER}}, {"shown": {"b": NOW}}, {"shown": {"a": EARLIER}, "begun": {"b": NOW}}),
        ({}, {"begun": {"a": NOW}}, {"begun": {"a": NOW}}),
        (
            {"shown": {"a": EARLIER}, "begun": {"b": EARLIER}},
            {"shown": {"a": EARLIER, "c": NOW}, "newest": NOW},
            {"shown": {"a": EARLIER}, "begun": {"b": EARLIER, "c": NOW}},
        ),
        (
            {"answers": {"a": ["a.1"]}},
            {"answers": {"a": ["a.1", "a.2"], "b": ["b.1"]}},
            {"answers": {"a": ["a.1", "a.2"], "b": ["b.1"]}},
        ),
        (
            {"held": {"/a": 5}},
            {"held": {"/a": 4, "/b": 3}, "missed": {"x": NOW}},
            {"held": {"/a": 5, "/b": 3}},
        ),
        (
            {"topics": {"12": {"mark": "m", "kept": ["a"]}}},
            {"topics": {"14": {"mark": "n", "kept": ["c"]}, "12": {"mark": "o", "kept": ["a", "b"]}}},
            {"topics": {"12": {"mark": "m", "kept": ["a", "b"]}, "14": {"kept": ["c"]}}},
        ),
    ],
)
def test_what_was_seen_is_missed(before: State, after: State, expected: State) -> None:
    assert begun_again({"one": before}, {"one": after}) == {"one": expected}


@pytest.mark.parametrize("after", [{"one": {"etag": "x"}}, {"one": {"shown": "?"}}, {"one": ["?"]}, {}])
def test_where_nothing_was_seen_the_state_is_as_it_was(after: State) -> None:
    assert begun_again({}, after) == {}
    assert begun_again({"one": {"had": 3}}, after) == {"one": {"had": 3}}
