"""The Tweakers forum: feeds first, pages where they are asked for, and the consent wall as what it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from scrapy import Request
from scrapy.exceptions import CloseSpider
from twisted.python.failure import Failure

from crawlers.causes import Cause
from crawlers.job import Job
from crawlers.parameters.forums import TweakersParameters
from crawlers.parsers import tweakers_forum
from crawlers.parsers.markup import LONGEST_MARKUP
from crawlers.parsers.page import Blocked, FormatChanged, Page
from crawlers.spiders.tweakers_forum import TweakersForumSpider
from demo.replica import Fault, Kind
from demo.replica.tweakers import topic_id
from storage.mentions import StoreCounts
from storage.models import Health
from storage.records import Kind as Written
from storage.records import Status
from storage.sources import source_named
from tests.crawlers import payloads
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads import NOW
from tests.crawlers.payloads_forums import GOT, GOT_FEED, GOT_MESSAGE, GOT_NEXT, GOT_SEARCH, got

URL = f"{GOT}/forum/list_messages/2112233/0"
FEED = f"{GOT}/rss/list_messages/2112233"
WORDS = "<p>Al drie dagen geen internet bij Snelveld.</p>"


def topic(inner: str = GOT_MESSAGE, first: bool = True, url: str = URL) -> Page:
    return tweakers_forum.topic(got(inner), url, first)


def feed_of(*said: str) -> bytes:
    """The feed of a topic with these messages, the first of them number 81234567."""
    start, end = GOT_FEED.index("<item>"), GOT_FEED.index("</item>") + len("</item>")
    item = GOT_FEED[start:end]
    items = [
        item.replace("81234567", str(81234567 + place)).replace("Al drie dagen geen internet.", escape(words))
        for place, words in enumerate(said)
    ]
    return (GOT_FEED[:start] + "".join(items) + GOT_FEED[end:]).encode()


def test_a_message_becomes_a_record() -> None:
    [record] = topic().records

    assert (record.namespace, record.external_id, record.kind) == ("tweakers", "81234567", Written.POST)
    assert record.title == "Snelveld ligt eruit"
    assert record.text == "Al drie dagen geen internet bij Snelveld."
    assert record.url == "https://gathering.tweakers.net/forum/list_message/81234567#81234567"
    assert (record.author_name, record.author_id, record.likes) == ("GlasvezelFan", "445566", 3)
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
    assert topic(first=False).records[0].kind is Written.COMMENT


def test_a_message_whose_end_is_missing_does_not_say_what_the_next_one_says() -> None:
    unended = GOT_MESSAGE[: GOT_MESSAGE.index("</div>", GOT_MESSAGE.index("messagecontent"))]
    page = topic(GOT_NEXT + unended + GOT_MESSAGE.replace("81234567", "81234568"))

    assert [record.external_id for record in page.records] == ["81234567", "81234568"]
    assert {record.text for record in page.records} == {"Al drie dagen geen internet bij Snelveld."}
    assert page.next is not None


def test_the_line_that_says_of_an_edit_is_no_text() -> None:
    line = "<p>[ Voor 12% gewijzigd door GlasvezelFan op 18-11-2026 12:01 ]</p></div>\n</div>"
    [record] = topic(GOT_MESSAGE.replace("</div>\n</div>", line)).records

    assert record.text == "Al drie dagen geen internet bij Snelveld."
    assert (record.status, record.updated_at) == (Status.EDITED, datetime(2026, 11, 18, 11, 1, tzinfo=UTC))


def test_a_message_in_a_feed_is_the_same_message() -> None:
    [record] = tweakers_forum.messages(GOT_FEED.encode(), f"{GOT}/rss/list_messages/2112233", NOW).records

    assert (record.namespace, record.external_id) == ("tweakers", "81234567")
    assert (record.title, record.text) == ("Snelveld ligt eruit", "Al drie dagen geen internet.")
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)


def test_a_message_in_a_feed_without_words_is_passed_over() -> None:
    page = tweakers_forum.messages(feed_of("Al drie dagen geen internet.", "<img src='kat.gif'>"), FEED, NOW)

    assert ([record.external_id for record in page.records], page.passed) == (["81234567"], 1)
    with pytest.raises(FormatChanged, match="no words"):
        tweakers_forum.messages(feed_of(*[""] * 5), FEED, NOW)


def test_pages_name_the_next_and_a_search_its_topics() -> None:
    page = topic(GOT_MESSAGE + GOT_NEXT)

    assert page.next == "https://gathering.tweakers.net/forum/list_messages/2112233/1"
    assert tweakers_forum.search(got(GOT_SEARCH), f"{GOT}/forum/find").topics == ("2112233",)


def test_one_bad_message_costs_no_other() -> None:
    bad = GOT_MESSAGE.replace('data-message-id="81234567"', 'data-message-id="x"')
    empty = GOT_MESSAGE.replace("messagecontent", "inhoud")
    page = topic(bad + empty + GOT_MESSAGE)

    assert [record.external_id for record in page.records] == ["81234567"]
    assert [problem.what for problem in page.problems] == ["no number", "no content"]
    assert [problem.identity for problem in page.problems] == [None, "81234567"]


def test_a_message_that_is_refused_for_its_length_has_its_number() -> None:
    [problem] = topic(GOT_MESSAGE.replace(WORDS, f"<p>{'x' * LONGEST_MARKUP}</p>")).problems

    assert problem.identity == "81234567"


@pytest.mark.parametrize(
    "said",
    [
        "",
        '<p><img src="https://tweakers.net/i/brief.jpg" alt="brief"></p>',
        "<p>[ Voor 12% gewijzigd door GlasvezelFan op 18-11-2026 12:01 ]</p>",
    ],
)
def test_an_answer_without_words_does_not_say_what_its_topic_says(said: str) -> None:
    opening = GOT_MESSAGE.replace(WORDS, said)
    page = topic(opening + opening.replace("81234567", "81234568"))

    assert [(record.external_id, record.title) for record in page.records] == [
        ("81234567", "Snelveld ligt eruit")
    ]
    assert (page.passed, page.problems) == (1, ())


def test_a_page_of_answers_that_have_lost_their_words_is_no_calm() -> None:
    empty = [GOT_MESSAGE.replace(WORDS, "").replace("81234567", str(key)) for key in range(1, 7)]

    assert [problem.identity for problem in topic("".join(empty)).problems] == ["2", "3", "4", "5", "6"]
    assert topic("".join([*empty, GOT_MESSAGE])).problems == ()


@pytest.mark.parametrize(
    ("body", "error", "cause"),
    [
        (got("<p>Niets</p>"), FormatChanged, Cause.FORMAT),
        (got("<div>myprivacy.dpgmedia</div>", "DPG Media Privacy Gate"), Blocked, Cause.CONSENT),
        (payloads.WAF_PAGE, Blocked, Cause.WAF),
        (b"", FormatChanged, Cause.FORMAT),
    ],
)
def test_another_page_is_named(body: bytes, error: type[Exception], cause: Cause) -> None:
    for parse in (lambda: tweakers_forum.topic(body, URL, True), lambda: tweakers_forum.search(body, URL)):
        with pytest.raises(error) as caught:
            parse()
        assert caught.value.cause is cause  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "written", [2112233, "https://gathering.tweakers.net/forum/list_messages/2112233/4#5"]
)
def test_a_topic_may_be_its_number_or_address(written: object) -> None:
    assert TweakersParameters.model_validate({"topics": [written]}).topics == ("2112233",)
    with pytest.raises(ValueError, match="write topics, or a query"):
        TweakersParameters.model_validate({})


@pytest.mark.parametrize("pages", [False, True])
def test_the_consent_wall_is_a_state_of_its_own(crawling: Crawling, pages: bool) -> None:
    show(crawling, posts(Kind.TWEAKERS, 3))
    crawling.replica.faults.set(Kind.TWEAKERS, Fault.CONSENT)
    outcome = crawling(Kind.TWEAKERS, pages=pages)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "consent")


def test_a_wall_that_cannot_even_be_read_is_still_that_wall() -> None:
    parameters = TweakersParameters.model_validate({"topics": [1]})
    job = Job("got", "tweakers_forum", parameters, None, lambda: NOW, lambda batch: StoreCounts())
    trouble = Failure(OSError("no such host"))
    trouble.request = Request(  # type: ignore[attr-defined]
        "https://myprivacy.invalid/consent", meta={"redirect_urls": [URL]}, cb_kwargs={"where": "topic 1"}
    )
    with pytest.raises(CloseSpider):
        list(TweakersForumSpider(job=job).failed(trouble))

    assert [failure.cause for failure in job.findings.failures] == [Cause.CONSENT]


def test_feeds_and_pages_bring_the_same_messages(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TWEAKERS, 60))
    first, by_pages = crawling(Kind.TWEAKERS), crawling(Kind.TWEAKERS, pages=True)

    assert (first.counts["new"], by_pages.counts["new"], by_pages.counts["edited"]) == (60, 0, 0)
    topic = topic_id("storing")
    assert crawling.asked() == [
        f"/rss/list_messages/{topic}",
        *(f"/forum/list_messages/{topic}/{number}" for number in range(3)),
    ]


def test_pages_are_read_on_from_where_they_ended(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 30, first=5))
    crawling(Kind.TWEAKERS, pages=True)
    crawling.replica.posts.edit(shown[1].key, text="Opgelost! #snelveld")
    show(crawling, posts(Kind.TWEAKERS, 5))
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.TWEAKERS, pages=True)

    assert (outcome.counts["new"], outcome.counts["edited"]) == (5, 1)
    assert crawling.asked(since) == [f"/forum/list_messages/{topic_id('storing')}/1"]
    assert "gewijzigd" not in "".join(line["text"] for line in crawling.mentions())


def test_edits_and_removals_on_the_pages_before_the_last_are_seen_within_a_day(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 80))
    crawling(Kind.TWEAKERS, pages=True)
    crawling.replica.posts.edit(shown[70].key, text="Opgelost! #snelveld")
    crawling.replica.posts.remove(shown[60].key)
    soon = crawling(Kind.TWEAKERS, pages=True)
    crawling.clock.advance(timedelta(days=1))
    later, again = crawling(Kind.TWEAKERS, pages=True), crawling(Kind.TWEAKERS, pages=True)

    assert [one.counts["edited"] for one in (soon, later, again)] == [0, 1, 0]
    assert [one.counts["removed"] for one in (soon, later, again)] == [0, 1, 0]


def test_a_message_that_is_gone_from_the_top_of_its_topic_is_missed_too(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 8))
    crawling(Kind.TWEAKERS, pages=True)
    crawling.replica.posts.remove(shown[-1].key)
    outcome = crawling(Kind.TWEAKERS, pages=True)

    assert outcome.counts["removed"] == 1
    [gone] = [line["external_id"] for line in crawling.mentions() if line["status"] == "removed"]
    assert gone == shown[-1].key


def test_a_message_that_a_feed_lacks_twice_is_removed(crawling: Crawling) -> None:
    """The feed does not change in between, and is read whole to see that it does not."""
    shown = show(crawling, posts(Kind.TWEAKERS, 12))
    crawling(Kind.TWEAKERS)
    crawling.replica.posts.remove(shown[5].key)
    crawling.replica.posts.remove(shown[11].key)  # the last may have made place for newer ones
    removed = []
    for _ in range(4):
        removed.append(crawling(Kind.TWEAKERS).counts["removed"])
        crawling.clock.advance(timedelta(hours=13))
    [gone] = [line for line in crawling.mentions() if line["status"] == Status.REMOVED]

    assert (removed, gone["external_id"]) == ([0, 1, 0, 0], shown[5].key)


def test_a_message_that_a_feed_shows_again_was_not_missing_twice(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 12))
    crawling(Kind.TWEAKERS)
    removed = []
    for there in (False, True, False):
        post = crawling.replica.posts.remove(shown[5].key)
        if there:
            crawling.replica.posts._put(replace(post, removed_at=None))
        crawling.clock.advance(timedelta(hours=13))
        removed.append(crawling(Kind.TWEAKERS).counts["removed"])

    assert removed == [0, 0, 0]


def test_a_feed_that_breaks_off_or_lacks_much_tells_of_no_removal(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 12))
    crawling(Kind.TWEAKERS)
    for post in shown[3:7]:
        crawling.replica.posts.remove(post.key)
    removed = []
    for fault in (None, Fault.TRUNCATED, None, None):
        crawling.replica.faults.clear()
        if fault:
            crawling.replica.faults.set(Kind.TWEAKERS, fault)
        crawling.clock.advance(timedelta(hours=13))
        removed.append(crawling(Kind.TWEAKERS).counts["removed"])

    crawling.replica.posts.remove(shown[8].key)
    for _ in range(2):
        removed.append(crawling(Kind.TWEAKERS).counts["removed"])
        crawling.clock.advance(timedelta(hours=13))

    assert removed == [0, 0, 0, 0, 0, 1]


def test_messages_that_were_split_off_keep_no_removal_back(crawling: Crawling) -> None:
    _, *others, removed, _ = reversed(show(crawling, posts(Kind.TWEAKERS, 14)))
    crawling(Kind.TWEAKERS, pages=True)
    for post in others:
        crawling.replica.posts.move(post.key, "elders")
    crawling.replica.posts.remove(removed.key)
    outcomes = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        since = len(crawling.replica.requests)
        outcomes.append(
            (crawling(Kind.TWEAKERS, pages=True).counts["removed"], len(crawling.asked(since)) - 1)
        )

    assert [asked for _, asked in outcomes] == [10, 2, 0]
    assert sorted(removed for removed, _ in outcomes) == [0, 0, 1]  # which are looked up first is drawn


def test_a_message_that_cannot_be_read_is_not_looked_for_elsewhere(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 3))
    crawling(Kind.TWEAKERS, pages=True)
    crawling.replica.posts.edit(shown[0].key, text="x" * LONGEST_MARKUP)
    crawling.clock.advance(timedelta(hours=25))
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.TWEAKERS, pages=True)

    assert (outcome.counts["refused"], len(crawling.asked(since))) == (1, 1)


def test_a_topic_that_is_taken_away_takes_its_messages_along(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 12))
    crawling(Kind.TWEAKERS, pages=True)
    for post in shown[1:]:
        crawling.replica.posts.remove(post.key)
    crawling.replica.posts.move(shown[0].key, "elders")
    outcomes = []
    for hours in (1, 1, 12, 1, 1):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.TWEAKERS, pages=True))

    removed = [one.counts["removed"] for one in outcomes]
    assert (removed[:2], sum(removed[2:4]), removed[4]) == ([0, 0], 11, 0)  # ten are looked up at a time
    assert {one.stats["cause"] for one in outcomes} == {"not_found"}
    standing = [line["external_id"] for line in crawling.mentions() if line["status"] != "removed"]
    assert standing == [shown[0].key]


def test_a_last_page_that_vanished_is_no_dead_end(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TWEAKERS, 26, first=5))
    crawling(Kind.TWEAKERS, pages=True)
    crawling.replica.posts.remove(shown[3].key)
    crawling.replica.posts.remove(shown[4].key)
    show(crawling, posts(Kind.TWEAKERS, 1))
    outcome = crawling(Kind.TWEAKERS, pages=True)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 1)


def test_a_message_keeps_the_address_that_its_page_gives() -> None:
    [record] = topic(GOT_MESSAGE, url="http://127.0.0.1:8099/forum/list_messages/2112233/0").records

    assert record.url == f"{GOT}/forum/list_message/81234567#81234567"


def test_a_topic_without_a_feed_is_read_by_its_pages(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TWEAKERS, 3))
    crawling.replica.faults.set(Kind.TWEAKERS, Fault.NOT_FOUND, times=1)
    outcome = crawling(Kind.TWEAKERS)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 3)
    assert outcome.stats["notes"] == ["a topic has no feed; its pages were read instead"]


@pytest.mark.parametrize("pages", [False, True])
def test_a_query_opens_the_topics_that_it_finds(crawling: Crawling, pages: bool) -> None:
    show(crawling, posts(Kind.TWEAKERS, 3))
    show(crawling, posts(Kind.TWEAKERS, 2, first=50, place="elders"))
    outcome = crawling(Kind.TWEAKERS, topics=[], query="NUMMER 3", pages=pages)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 3)  # the topic's first message is the third


@pytest.mark.parametrize("pages", [False, True])
def test_where_reading_a_topic_had_come_to_is_forgotten_when_it_was_not_found_for_long(
    crawling: Crawling, pages: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.tweakers_forum.MOST_KNOWN", 1)
    monkeypatch.setattr("crawlers.spiders.tweakers_forum.MOST_TOPICS", 1)
    show(crawling, posts(Kind.TWEAKERS, 3, first=50))
    crawling(Kind.TWEAKERS, topics=[], query="nummer", pages=pages)
    show(crawling, posts(Kind.TWEAKERS, 2, place="elders"))
    crawling(Kind.TWEAKERS, topics=[], query="nummer", pages=pages)
    with crawling.database.read() as session:
        state = source_named(session, "tweakers_forum").state

    part = "pages of" if pages else "topic"
    assert state["search"] == {"topics": [str(topic_id("elders"))]}
    assert f"{part} {topic_id('storing')}" not in state
    assert state[f"{part} {topic_id('elders')}"]
