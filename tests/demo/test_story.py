from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.replica import Kind, PlayClock, Replica
from demo.replica.mastodon import hashtags
from demo.story import AMSTERDAM, LIVE, PAST, PHASES, SIMULATED, calm_again, story, timeline
from tests.demo.asking import get, next_data

START = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
RATED = {Kind.TRUSTPILOT, Kind.APPLE, Kind.SCHEMA_ORG}


def test_there_are_more_than_three_hundred_texts_and_no_two_alike() -> None:
    texts = [line.text.casefold() for line in story()]
    assert len(texts) >= 320
    assert len(set(texts)) == len(texts)


def test_ordinary_life_and_the_storm_both_have_good_and_bad() -> None:
    stars = {
        phase: Counter(ln.rating for ln in story() if ln.phase == phase and ln.rating) for phase in PHASES
    }
    assert stars["ordinary"][5] > stars["ordinary"][1] > 5
    assert stars["storm"][1] > 40
    assert stars["storm"][5] >= 1
    assert stars["aftermath"][4] + stars["aftermath"][5] >= 3


def test_every_line_is_whole() -> None:
    for line in story():
        where = f"{line.author}: {line.text[:40]}"
        assert line.phase in PHASES, where
        assert line.text == line.text.strip(), where
        assert line.text, where
        assert (line.rating is not None) == (line.kind in RATED), where
        assert bool(line.title) == (line.kind is not Kind.MASTODON), where
        assert 0 < (line.rating or 1) <= (10 if line.kind is Kind.SCHEMA_ORG else 5), where


def test_every_mastodon_post_has_a_hashtag_of_a_brand() -> None:
    posts = [post for post in timeline(START) if post.kind is Kind.MASTODON]
    assert all(hashtags(post) & {"snelveld", "belpunt"} for post in posts)


def test_every_article_names_a_brand() -> None:
    articles = [line for line in story() if line.kind is Kind.FEED]
    assert all("snelveld" in (ln.title + ln.text).lower() or ln.brand == "Belpunt" for ln in articles)
    assert all("belpunt" in (ln.title + ln.text).lower() for ln in articles if ln.brand == "Belpunt")


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    seed=st.integers(0, 99),
    length=st.sampled_from([LIVE, SIMULATED]),
)
def test_ordinary_life_lies_in_the_four_weeks_before_and_the_storm_after_the_start(
    start: datetime, seed: int, length: timedelta
) -> None:
    ordinary = {line.text for line in story() if line.phase == "ordinary"}
    for post in timeline(start, seed, length):
        if post.text in ordinary:
            # An hour of grace where the clocks change.
            assert start - PAST - timedelta(hours=1) <= post.published_at < start
        else:
            assert start <= post.published_at <= calm_again(start, length)


def test_the_same_seed_tells_the_same_story_and_another_shifts_it() -> None:
    assert timeline(START, 3) == timeline(START, 3)
    assert timeline(START, 3) != timeline(START, 4)


def test_no_day_before_the_storm_is_empty_and_nights_are_quiet() -> None:
    ordinary = [post.published_at for post in timeline(START) if post.published_at < START]
    days = Counter((START - instant).days for instant in ordinary)
    assert sorted(days) == list(range(28))
    assert all(6 <= instant.astimezone(AMSTERDAM).hour <= 23 for instant in ordinary)


def test_a_live_storm_is_under_way_within_a_minute() -> None:
    first = [p for p in timeline(START) if START <= p.published_at < START + timedelta(minutes=1)]
    assert len(first) >= 25
    assert len({post.kind for post in first}) >= 3


def test_one_voice_in_the_storm_has_a_huge_reach() -> None:
    reach = sorted(post.followers for post in timeline(START))
    assert reach[-1] > 8 * reach[-2]


def test_answers_and_edits_come_after_the_post() -> None:
    posts = timeline(START)
    assert sum(post.reply is not None for post in posts) >= 15
    assert all(post.reply.at > post.published_at for post in posts if post.reply)
    assert all(edit.at > post.published_at for post in posts for edit in post.edits)


@pytest.mark.parametrize("minutes", [0, 5, 60, 180, 400])
def test_the_replica_shows_nothing_of_the_story_before_its_time(minutes: int) -> None:
    now = START + timedelta(minutes=minutes)
    with Replica(timeline(START, length=SIMULATED), PlayClock(now)) as replica:
        shown = replica.posts.seen()
        page = next_data(get(f"{replica.url}/review/snelveld.nl?languages=all&sort=recency"))
    assert all(post.published_at <= now for post in shown)
    assert all(review["dates"]["publishedDate"] <= now.isoformat() for review in page["reviews"])
    assert len(shown) == sum(post.published_at <= now for post in timeline(START, length=SIMULATED))
