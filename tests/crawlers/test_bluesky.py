"""Bluesky's search: its posts, its session, and how far it is read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scrapy.http import Response, TextResponse

from crawlers.causes import Cause
from crawlers.parsers.bluesky import parse, server
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.spiders import bluesky as spider
from demo.replica import Fault, Kind
from storage.models import Health
from storage.records import Kind as RecordKind
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads import WAF_PAGE
from tests.crawlers.payloads_social import bluesky, bluesky_post, written_out

URI = "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3m5abcdefgh2x"


def read(*found: object, **asked: Any) -> Any:
    return parse(written_out(bluesky(*found)), **asked)


def test_a_post_becomes_a_record() -> None:
    page = read(bluesky_post())
    [record] = page.records

    assert (record.namespace, record.external_id, record.kind) == ("bluesky", URI, RecordKind.POST)
    assert record.url == "https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx/post/3m5abcdefgh2x"
    assert record.text == "Monteur van Snelveld al de derde dag 'onderweg'."
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
    assert (record.likes, record.shares, record.replies, record.views) == (4, 0, 1, None)
    assert (record.author_id, record.author_name) == ("did:plc:abcdefghijklmnopqrstuvwx", "Jan")
    assert (record.language, record.rating) == ("nl", None)
    assert page.next == "100"


def test_the_order_is_that_of_indexing() -> None:
    page = read(bluesky_post({"createdAt": "2026-11-18T09:00:00.000Z"}))

    assert page.newest == datetime(2026, 11, 18, 10, 44, 3, 512000, tzinfo=UTC)
    assert page.records[0].published_at == datetime(2026, 11, 18, 9, tzinfo=UTC)


def test_a_post_from_the_future_is_of_when_it_was_indexed() -> None:
    [record] = read(bluesky_post({"createdAt": "2031-01-01T00:00:00.000Z"})).records

    assert record.published_at == datetime(2026, 11, 18, 10, 44, 3, 512000, tzinfo=UTC)


def test_an_answer_is_a_comment() -> None:
    [record] = read(bluesky_post({"reply": {"parent": {"uri": "at://x"}}})).records

    assert record.kind is RecordKind.COMMENT


@pytest.mark.parametrize(
    ("post", "kept"),
    [
        (bluesky_post({"langs": ["de"]}), 0),
        (bluesky_post({"langs": ["en", "nl-NL"]}), 1),
        (bluesky_post({"langs": []}), 1),
        (bluesky_post({"langs": None}), 1),
        (bluesky_post(author={"did": "did:plc:x", "labels": [{"val": "!no-unauthenticated"}]}), 0),
    ],
)
def test_other_languages_and_who_does_not_want_it_are_left_out(post: dict[str, Any], kept: int) -> None:
    page = read(post, languages={"nl"})

    assert (len(page.records), page.passed) == (kept, 1 - kept)


def test_a_bad_post_costs_its_neighbours_nothing() -> None:
    page = read(None, bluesky_post(uri="at://x"), bluesky_post({"text": 7}), bluesky_post())

    assert (len(page.records), len(page.problems)) == (1, 3)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"posts": {}}', b"[1", b"\xff"])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


def test_a_wall_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        parse(WAF_PAGE)

    assert caught.value.cause is Cause.WAF


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://morel.pds.example/", "https://morel.pds.example"),
        ("http://127.0.0.1", None),
        ("https://a@b.example", None),
        ("https://[", None),
        (7, None),
    ],
)
def test_the_server_of_the_account_is_a_secure_one(address: object, expected: str | None) -> None:
    service = {"id": "#atproto_pds", "serviceEndpoint": address}

    assert server(written_out({"accessJwt": "x", "didDoc": {"service": [None, service]}})) == expected
    assert server(b"{}") is None


def test_past_the_end_there_is_nothing_more() -> None:
    assert read().next is None
    assert read(bluesky_post()).next == "100"


def test_a_picture_without_a_word_is_passed_by() -> None:
    page = parse(
        written_out(bluesky(bluesky_post({"text": "", "embed": {"$type": "app.bsky.embed.images"}})))
    )

    assert (page.records, page.problems, page.passed) == ((), (), 1)


def test_all_pages_are_read_and_the_next_crawl_reads_the_newest(crawling: Crawling) -> None:
    show(crawling, posts(Kind.BLUESKY, 230))
    first = crawling(Kind.BLUESKY)
    since = len(crawling.replica.requests)
    again = crawling(Kind.BLUESKY)

    assert (first.health, first.counts["new"]) == (Health.OK, 230)
    assert (again.health, again.counts["new"], len(crawling.asked(since))) == (Health.OK, 0, 2)


def test_a_post_that_comes_between_two_pages_is_stored_once(crawling: Crawling) -> None:
    show(crawling, posts(Kind.BLUESKY, 150, first=1))
    late = posts(Kind.BLUESKY, 1)

    def arrive(request: Any) -> None:
        if request.first("cursor") and late:
            crawling.replica.posts.add(late.pop())

    crawling.replica._watch = arrive

    assert crawling(Kind.BLUESKY).counts["new"] == 150
    assert crawling(Kind.BLUESKY).counts["new"] == 1


def test_reading_that_broke_off_is_begun_again(crawling: Crawling) -> None:
    show(crawling, posts(Kind.BLUESKY, 350))
    crawling.replica.faults.set(Kind.BLUESKY, Fault.NOT_FOUND, after=3)
    broken = crawling(Kind.BLUESKY)
    crawling.replica.faults.clear()
    whole = crawling(Kind.BLUESKY)

    assert (broken.counts["new"], whole.counts["new"], whole.health) == (200, 150, Health.OK)


def test_a_search_without_a_session_is_named(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.BLUESKY, Fault.CLOSED)
    outcome = crawling(Kind.BLUESKY)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "sign_in")
    assert "no search without a session" in str(outcome.reason)


def test_a_wrong_password_is_named(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_BLUESKY_PASSWORD", "verkeerd")
    outcome = crawling(Kind.BLUESKY)

    assert (outcome.health, outcome.stats["cause"], len(crawling.asked())) == (Health.BLOCKED, "key", 1)


def test_a_post_that_is_gone_is_looked_up_and_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.BLUESKY, 9))
    crawling(Kind.BLUESKY)
    crawling.replica.posts.remove(shown[4].key)
    soon = crawling(Kind.BLUESKY)
    crawling.clock.advance(timedelta(days=1))
    later, again = crawling(Kind.BLUESKY), crawling(Kind.BLUESKY)

    assert [one.counts["removed"] for one in (soon, later, again)] == [0, 1, 0]


def test_more_posts_are_gone_than_one_look_up_takes(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.BLUESKY, 70))
    crawling(Kind.BLUESKY)
    for post in shown[5:65]:
        crawling.replica.posts.remove(post.key)
    crawling.clock.advance(timedelta(days=1))
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.BLUESKY)

    assert outcome.counts["removed"] == 60
    assert len([target for target in crawling.asked(since) if "getPosts" in target]) == 3


def test_an_edit_that_takes_the_words_of_the_search_out_is_kept(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.BLUESKY, 9))
    crawling(Kind.BLUESKY)
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.edit(shown[4].key, text="Opgelost.")
    outcome = crawling(Kind.BLUESKY)

    assert (outcome.counts["edited"], outcome.counts["removed"]) == (1, 0)


def test_a_quiet_search_is_healthy(crawling: Crawling) -> None:
    show(crawling, posts(Kind.BLUESKY, 2))
    crawling(Kind.BLUESKY)
    crawling.clock.advance(timedelta(hours=10))

    assert crawling(Kind.BLUESKY).health is Health.OK


def test_hashtags_are_searched_one_by_one(crawling: Crawling) -> None:
    show(crawling, posts(Kind.BLUESKY, 2))
    outcome = crawling(Kind.BLUESKY, query="internet", hashtags=["#snelveld"])

    assert (outcome.counts["new"], outcome.counts["unchanged"]) == (2, 2)


@pytest.mark.parametrize(
    "answer",
    [
        Response("https://pds.example/xrpc", 400, body=b'{"error":"ExpiredToken"}'),
        TextResponse(
            "https://pds.example/xrpc", 400, {"Content-Type": "text/plain; charset=uu"}, b"InvalidToken"
        ),
    ],
)
def test_an_expired_session_is_known_in_whatever_form_it_is_told(answer: Response) -> None:
    assert spider.tells_of_expiry(answer)
    assert not spider.tells_of_expiry(answer.replace(status=500))
