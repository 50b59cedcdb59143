"""Whatever becomes of one review of an answer, the good one next to it is kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.crawlers.fuzzed import TREES, Parse
from tests.crawlers.mutations import BOUNDED, NASTY, RAW, found, mutated, replaced, written
from tests.crawlers.payloads import page_with

Path = tuple[Any, ...]
LISTS: dict[str, tuple[Path, Path, Any]] = {
    "trustpilot": (("reviews",), ("id",), "6" * 24),
    "trustpilot api": (("reviews",), ("id",), "6" * 24),
    "kiyoh": (("reviews",), ("reviewId",), "goed"),
    "kiyoh removed": ((), ("reviewId",), "goed"),
    "webwinkelkeur": (("ratings",), ("name",), "Goed"),
    "trusted shops": (("items",), ("id",), "goed"),
    "feedback company": (("reviews",), ("id",), 77),
    "google business": (("reviews",), ("reviewId",), "goed"),
    "apple": (("feed", "entry"), ("id", "label"), "77"),
    "app store connect": (("data",), ("id",), "goed"),
    "google play": ((0,), (0,), "goed"),
    "play developer": (("reviews",), ("reviewId",), "goed"),
    "mastodon": ((), ("id",), "77"),
    "graph": (("@graph", 0, "review"), ("reviewBody",), "Goed"),
    "forum": ((), ("id",), 77),
    "topic": (("post_stream", "posts"), ("id",), 77),
}
"""Where the list stands, what tells one entry from another, and what stands there in the good one."""

# What would end the block in the page ends it for everybody, so it is written as in pages that hold such a text.
GRAPH = (
    TREES["graph"][0],
    TREES["graph"][1],
    lambda tree: page_with(json.dumps(tree).replace("<", "\\u003c")),
)


@pytest.mark.parametrize("name", LISTS)
@BOUNDED
@given(data=st.data())
def test_a_good_review_is_kept_whatever_stands_next_to_it(name: str, data: st.DataObject) -> None:
    parse, tree, written_out = TREES[name] if name != "graph" else GRAPH
    place, identity, own = LISTS[name]
    entry = found(tree, place)[0]
    good, bad = replaced(entry, identity, own), mutated(data, entry, RAW)
    # By number, so that a failure is told in few words.
    among = [[bad, good], [good, bad], [*NASTY, bad, good], [bad] * 20 + [good]]
    beside = among[data.draw(st.integers(0, len(among) - 1))]
    alone, together = (written(replaced(tree, place, one), written_out) for one in ([good], beside))

    assert kept(parse, alone)
    assert kept(parse, alone) <= kept(parse, together)


def kept(parse: Parse, body: bytes) -> set[str]:
    return {record.external_id for record in parse(body).records}
