"""Whatever becomes of one post of an answer, the good one next to it is kept."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsers import bluesky, meta_page, reddit, x, youtube
from tests.crawlers import payloads_social as social
from tests.crawlers.fuzzed import Parse
from tests.crawlers.mutations import BOUNDED, NASTY, places, replaced

URI = "at://did:plc:a/app.bsky.feed.post/goed"
GOOD_TWEET = social.tweet(id="7", edit_history_tweet_ids=["7"])
THREAD = social.youtube_thread(None, social.youtube_comment("r.1"))
ANSWERED = social.reddit_thing(social.REDDIT_COMMENT, replies=social.reddit_listing(social.REDDIT_POST))
# How it is read, an answer with a bad post and a good one in it, the bad one as it was, the id of the good one.
KINDS: dict[str, tuple[Parse, Callable[[Any], Any], Any, str]] = {
    "reddit": (
        reddit.parse,
        lambda bad: social.reddit_listing(bad, social.reddit_thing(name="t3_goed"), bad),
        ANSWERED,
        "t3_goed",
    ),
    "bluesky": (
        bluesky.parse,
        lambda bad: social.bluesky(bad, social.bluesky_post(uri=URI)),
        social.bluesky_post(),
        URI,
    ),
    "x": (
        x.parse,
        lambda bad: {"data": [bad, GOOD_TWEET], "includes": {"users": [bad]}, "meta": {"result_count": 2}},
        social.tweet(),
        "7",
    ),
    "youtube": (
        youtube.parse,
        lambda bad: social.youtube_threads(bad, social.youtube_thread(social.youtube_comment("goed"))),
        THREAD,
        "goed",
    ),
    "meta comments": (
        lambda body: meta_page.parse_comments(body, "1"),
        lambda bad: social.meta(bad, social.META_COMMENT | {"id": "77"}),
        social.META_COMMENT | {"parent": {"id": "77"}, "from": {"id": "1"}},
        "77",
    ),
    "meta ratings": (
        lambda body: meta_page.parse_ratings(body, "1"),
        lambda bad: social.meta(bad, social.RECOMMENDATION | {"open_graph_story": {"id": "77"}}),
        social.RECOMMENDATION,
        "77",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_a_good_post_next_to_a_bad_one_is_kept(kind: str, data: st.DataObject) -> None:
    parse, answer, bad, good = KINDS[kind]
    for _ in range(data.draw(st.integers(1, 3))):
        bad = replaced(bad, data.draw(st.sampled_from(places(bad))), data.draw(st.sampled_from(NASTY)))
    page = parse(social.written_out(answer(bad)))

    assert good in {record.external_id for record in page.records}
