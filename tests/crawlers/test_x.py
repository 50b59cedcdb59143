"""X's recent search: its posts, and what is asked for and paid."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.causes import Cause
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.parsers.x import parse
from crawlers.retries import LONGEST_WAIT
from crawlers.spiders.recent import until_reset
from demo.replica import Fault, Kind, Post
from demo.replica.loopback import Answer, Request
from storage.models import Health
from storage.records import Kind as RecordKind
from storage.records import Status
from tests.crawlers.complaints import altered, posts, show, slow
from tests.crawlers.conftest import START, Crawling
from tests.crawlers.payloads import WAF_JSON
from tests.crawlers.payloads_social import tweet, written_out, x_search


def read(*tweets: dict[str, Any], **meta: Any) -> Any:
    return parse(written_out(x_search(*tweets, **meta)))


def test_a_post_becomes_a_record() -> None:
    page = read(tweet(), next_token="b26v89c19zqg8o3x")
    [record] = page.records

    assert (record.namespace, record.external_id) == ("x", "1990000000000000001")
    assert record.url == "https://x.com/pietje/status/1990000000000000001"
    assert record.text == "@snelveld al 2 uur in de wacht & nog niemand gesproken"
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
    assert (record.likes, record.shares, record.replies, record.views, record.followers) == (
        5,
        1,
        2,
        640,
        300,
    )
    assert (record.author_id, record.author_name, record.language) == ("123456789", "Pietje", "nl")
    assert (record.kind, record.status) == (RecordKind.POST, Status.VISIBLE)
    assert (page.next, page.mark) == ("b26v89c19zqg8o3x", "1990000000000000001")


def test_ids_may_be_numbers() -> None:
    found = x_search(tweet(id=1990000000000000001, author_id=123456789))
    found["includes"]["users"][0]["id"] = 123456789
    [record] = parse(written_out(found)).records

    assert (record.external_id, record.author_id, record.author_name) == (
        "1990000000000000001",
        "123456789",
        "Pietje",
    )


def test_no_hits_is_an_empty_page() -> None:
    page = parse(b'{"meta": {"result_count": 0}}')

    assert (page.entries, page.next, page.mark) == (0, None, None)


def test_an_edit_is_known_by_its_first_id() -> None:
    [record] = read(tweet(id="3", edit_history_tweet_ids=["1", "3"])).records

    assert (record.external_id, record.status) == ("1", Status.EDITED)
    assert str(record.url).endswith("/3")


def test_a_long_post_is_read_whole() -> None:
    [record] = read(tweet(note_tweet={"text": "Het hele verhaal &lt;lang&gt;"})).records

    assert record.text == "Het hele verhaal <lang>"


@pytest.mark.parametrize(
    ("changes", "kept", "kind"),
    [
        ({"referenced_tweets": [{"type": "retweeted", "id": "1"}]}, 0, None),
        ({"referenced_tweets": [{"type": "replied_to", "id": "1"}]}, 1, RecordKind.COMMENT),
        ({"referenced_tweets": [{"type": "quoted", "id": "1"}]}, 1, RecordKind.POST),
        ({"lang": "und"}, 1, RecordKind.POST),
    ],
)
def test_reposts_are_left_out_and_answers_are_comments(
    changes: dict[str, Any], kept: int, kind: RecordKind | None
) -> None:
    page = read(tweet(**changes))

    assert (len(page.records), page.passed) == (kept, 1 - kept)
    assert all(record.kind is kind for record in page.records)


def test_reposts_say_how_far_a_page_goes() -> None:
    repost = tweet(referenced_tweets=[{"type": "retweeted", "id": "1"}])
    page = read(
        repost | {"id": "3", "created_at": "2026-11-18T12:00:00.000Z"}, tweet(), repost | {"created_at": 7}
    )

    assert (page.newest, page.last) == (
        datetime(2026, 11, 18, 12, tzinfo=UTC),
        datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC),
    )
    assert [key for key, _ in page.shown] == ["1990000000000000001"]


def test_a_text_of_no_language_states_none() -> None:
    assert read(tweet(lang="und")).records[0].language is None


def test_a_bad_post_costs_its_neighbours_nothing() -> None:
    page = read(tweet(), tweet(id=None), tweet(id="2", text=None))

    assert (len(page.records), len(page.problems)) == (1, 2)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"meta": {"result_count": 3}}', b'{"data": 3}', b"\xff"]
)
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


def test_a_wall_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        parse(WAF_JSON)

    assert caught.value.cause is Cause.WAF


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("x-rate-limit-reset", str(int(START.timestamp()) + 90), timedelta(seconds=90)),
        ("X-Ratelimit-Reset", "321", timedelta(seconds=321)),
        ("RateLimit-Reset", str(int(START.timestamp()) - 5), timedelta(seconds=1)),
        ("x-rate-limit-reset", "9999999999", LONGEST_WAIT),
        ("X-RateLimit-Reset", "2026-11-21T12:05:00.000Z", timedelta(minutes=5)),
        ("x-rate-limit-reset", "straks", None),
        ("X-Other", "1", None),
    ],
)
def test_the_time_of_a_reset_is_a_wait(header: str, value: str, expected: timedelta | None) -> None:
    assert until_reset(Response("http://x.example", headers={header: value}), START) == expected


def test_the_next_crawl_asks_for_what_is_newer_and_pays_for_nothing_twice(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.X, 120, first=3))
    first = crawling(Kind.X)
    since = len(crawling.replica.requests)
    show(crawling, posts(Kind.X, 3))
    second, third = crawling(Kind.X), crawling(Kind.X)
    asked = crawling.asked(since)

    assert (first.counts["new"], second.counts["new"], second.counts["unchanged"]) == (120, 3, 0)
    assert (third.health, third.counts["new"], len(asked)) == (Health.OK, 0, 2)
    assert f"since_id={shown[0].key}" in asked[0]


def test_what_a_search_of_the_week_shows_no_more_is_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.X, 30))
    crawling(Kind.X)
    crawling.replica.posts.remove(shown[7].key)
    crawling.clock.advance(timedelta(days=1))
    later, again = crawling(Kind.X), crawling(Kind.X)

    assert (later.health, later.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)
    assert "start_time=" in crawling.asked()[-2]


def test_a_search_of_the_week_that_shows_nothing_any_more_removes_nothing(crawling: Crawling) -> None:
    show(crawling, posts(Kind.X, 3))
    crawling(Kind.X)
    crawling.replica.faults.set(Kind.X, Fault.EMPTY)
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(Kind.X)

    assert (outcome.stats["cause"], outcome.counts["removed"]) == ("empty_before", 0)


def test_what_a_crawl_does_not_pay_for_is_rechecked_by_the_next_ones(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.X, 143))
    for _ in range(2):
        crawling(Kind.X, pages=1)
    for place in (50, 90, 110, 115):
        crawling.replica.posts.remove(shown[place].key)
    crawling.clock.advance(timedelta(days=1))
    since = len(crawling.replica.requests)
    counts = [crawling(Kind.X, pages=1).counts["removed"] for _ in range(3)]
    asked = crawling.asked(since)

    assert (counts, len(asked)) == ([2, 2, 0], 4)
    assert "end_time=" in asked[2]
    assert f"since_id={shown[0].key}" in asked[3]


def close(count: int, last: datetime = START, first: int = 0) -> list[Post]:
    """So many posts, ten minutes between them."""
    return [
        replace(post, published_at=last - timedelta(minutes=10 * place), key="")
        for place, post in enumerate(posts(Kind.X, count, first=first), 1)
    ]


def test_what_a_crawl_has_no_time_to_recheck_is_paid_for_once_by_the_next_ones(crawling: Crawling) -> None:
    shown = show(crawling, close(350))
    crawling(Kind.X)
    crawling.replica.posts.remove(shown[-1].key)
    crawling.clock.advance(timedelta(days=1))
    slow(crawling, timedelta(minutes=4))
    counts = [crawling(Kind.X, timeout=600).counts for _ in range(4)]

    # The last post of a crawl is the first one of the next.
    assert [one["unchanged"] for one in counts] == [200, 100, 51, 0]
    assert [one["removed"] for one in counts] == [0, 0, 1, 0]


def test_what_a_crawl_leaves_of_what_is_new_is_paid_for_once(crawling: Crawling) -> None:
    show(crawling, posts(Kind.X, 30))
    crawling(Kind.X, pages=2)
    crawling.clock.advance(timedelta(days=2.5))
    show(crawling, close(350, last=crawling.clock(), first=100))
    counts = [crawling(Kind.X, pages=2).counts for _ in range(4)]

    assert [one["new"] for one in counts] == [200, 150, 0, 0]
    assert [one["unchanged"] for one in counts] == [0, 0, 30, 0]


def test_what_comes_in_while_the_rest_is_rechecked_is_read_first_and_nothing_is_taken_for_removed(
    crawling: Crawling,
) -> None:
    shown = show(crawling, close(350))
    for _ in range(2):
        crawling(Kind.X, pages=2)
    crawling.replica.posts.remove(shown[-1].key)
    crawling.clock.advance(timedelta(days=1))
    outcomes = []
    for place in range(4):
        show(crawling, posts(Kind.X, 3, first=-4 - 3 * place))
        outcomes.append(crawling(Kind.X, pages=2))

    assert [one.counts["new"] for one in outcomes] == [3, 3, 3, 3]
    assert [one.counts["removed"] for one in outcomes] == [0, 0, 1, 0]
    assert {one.health for one in outcomes} == {Health.OK}


def test_a_post_that_is_newer_than_our_clock_is_not_taken_for_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    [early] = show(crawling, posts(Kind.X, 1))

    def later(answer: dict[str, Any], request: Request) -> None:
        for one in answer.get("data", []):
            if one["id"] == early.key:
                one["created_at"] = (START + timedelta(seconds=30)).isoformat()

    altered(monkeypatch, Kind.X, later)
    crawling(Kind.X)
    crawling.clock.advance(timedelta(hours=1))
    calm = crawling(Kind.X)
    show(crawling, posts(Kind.X, 1, first=-2))
    busy = crawling(Kind.X)

    assert (calm.health, busy.health) == (Health.OK, Health.OK)
    assert (busy.counts["new"], busy.counts["removed"]) == (1, 0)


def test_posts_that_grow_old_are_not_taken_for_removed(crawling: Crawling) -> None:
    show(crawling, posts(Kind.X, 100))
    crawling(Kind.X)
    removed = 0
    for _ in range(9):
        crawling.clock.advance(timedelta(days=1))
        removed += crawling(Kind.X).counts["removed"]

    assert removed == 0


def test_without_rechecking_nothing_is_paid_for_again(crawling: Crawling) -> None:
    show(crawling, posts(Kind.X, 5))
    crawling(Kind.X, recheck=False)
    crawling.clock.advance(timedelta(days=2))
    crawling(Kind.X, recheck=False)

    assert "since_id=" in crawling.asked()[-1]


def test_an_edit_becomes_a_version(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.X, 3))
    crawling(Kind.X)
    crawling.replica.posts.edit(shown[0].key, text="Opgelost. #snelveld")

    assert crawling(Kind.X).counts["edited"] == 1


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page but the first of a question shows nothing and names no next one."""

    def bare(answer: dict[str, Any], request: Request) -> None:
        if request.first("next_token"):
            answer.clear()
            answer["meta"] = {"result_count": 0}

    altered(monkeypatch, Kind.X, bare)


def test_a_page_on_the_way_that_shows_nothing_by_mistake_removes_nothing(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, close(250))
    crawling(Kind.X)
    crawling.replica.posts.remove(shown[-1].key)
    crawling.clock.advance(timedelta(days=1))
    with monkeypatch.context() as mistaken:
        without(mistaken)
        mistake = crawling(Kind.X)
    rest = crawling(Kind.X)

    assert (mistake.health, mistake.counts["removed"]) == (Health.OK, 0)
    assert mistake.stats["notes"] == [
        "the list was to go on, and nothing is shown; the next crawl asks again"
    ]
    # What was read again before the mistake is not paid for twice, but for the last of it.
    assert (mistake.counts["unchanged"], rest.counts["unchanged"], rest.counts["removed"]) == (200, 51, 1)


@pytest.mark.parametrize("read_before", [True, False])
def test_what_stands_below_a_page_that_shows_nothing_by_mistake_is_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, read_before: bool
) -> None:
    if read_before:
        show(crawling, posts(Kind.X, 5, first=140))
        crawling(Kind.X, recheck=False)
    show(crawling, posts(Kind.X, 140))
    without(monkeypatch)

    assert crawling(Kind.X, recheck=False).counts["new"] == 140


def test_a_search_that_always_names_a_next_page_tells_what_is_removed_a_day_later(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def naming(answer: dict[str, Any], request: Request) -> None:
        if count := answer["meta"]["result_count"]:
            answer["meta"]["next_token"] = str(int(request.first("next_token") or 0) + count)

    altered(monkeypatch, Kind.X, naming)
    shown = show(crawling, close(30))
    crawling(Kind.X)
    crawling.replica.posts.remove(shown[-1].key)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(days=1))
        removed.append(crawling(Kind.X).counts["removed"])

    assert removed == [0, 1, 0]


def test_no_more_pages_are_paid_for_than_allowed(crawling: Crawling) -> None:
    show(crawling, posts(Kind.X, 150))

    assert crawling(Kind.X, pages=1).counts["new"] == 100
    assert len(crawling.asked()) == 1


@pytest.mark.parametrize("recheck", [True, False])
def test_what_was_posted_before_a_search_without_hits_is_found_by_the_next(
    crawling: Crawling, recheck: bool
) -> None:
    crawling(Kind.X, recheck=recheck)
    [late] = posts(Kind.X, 1)
    show(crawling, [replace(late, published_at=START - timedelta(seconds=20), key=""), *posts(Kind.X, 150)])
    crawling.clock.advance(timedelta(hours=1))

    assert crawling(Kind.X, recheck=recheck).counts["new"] == 151


def test_a_search_that_shows_reposts_alone_is_paid_for_once(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    repost = tweet(
        created_at=(START - timedelta(hours=2)).isoformat(), referenced_tweets=[{"type": "retweeted"}]
    )
    monkeypatch.setattr(
        crawling.replica,
        "_played",
        lambda kind, request, fault: Answer.of(
            "application/json", json.dumps(x_search() if request.first("since_id") else x_search(repost))
        ),
    )
    crawling(Kind.X)
    crawling.clock.advance(timedelta(hours=1))

    assert crawling(Kind.X).health is Health.OK
    assert f"since_id={repost['id']}" in crawling.asked()[-1]


def test_what_the_first_crawl_leaves_of_the_week_is_read_by_the_next_ones(crawling: Crawling) -> None:
    show(crawling, posts(Kind.X, 160))
    first = crawling(Kind.X, pages=1)
    show(crawling, posts(Kind.X, 1, first=-1))
    outcomes = [crawling(Kind.X, pages=1) for _ in range(3)]

    assert (first.counts["new"], first.stats["notes"]) == (
        100,
        ["there is more than one crawl reads; the next one goes on"],
    )
    assert [one.counts["new"] for one in outcomes] == [1, 60, 0]
    assert {one.health for one in outcomes} == {Health.OK}
    assert len(crawling.asked()) == 5


def test_a_refused_token_is_named(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.X, Fault.CLOSED)
    outcome = crawling(Kind.X)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert "KLACHTENRADAR_SOURCE_X_TOKEN" in str(outcome.reason)


@pytest.mark.parametrize(
    ("status", "cause"), [(400, "configuration"), (402, "forbidden"), (403, "forbidden")]
)
def test_what_x_refuses_is_told_apart(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, status: int, cause: str
) -> None:
    monkeypatch.setattr(
        crawling.replica, "_played", lambda *_: Answer.of("application/json", '{"title": "-"}', status)
    )

    assert crawling(Kind.X).stats["cause"] == cause
