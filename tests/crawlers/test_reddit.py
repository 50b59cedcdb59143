"""Reddit's listings and feeds, and how its API is read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.causes import Cause
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.parsers.reddit import parse, parse_feed
from crawlers.secrets import missing
from demo.replica import Fault, Kind
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board
from demo.replica.reddit import CLIENT, TOKEN, _json, _listing
from demo.replica.server import PLAYED
from storage.models import Health
from storage.records import Status
from storage.sources import source_named
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling, configured
from tests.crawlers.payloads import WAF_PAGE
from tests.crawlers.payloads_social import (
    REDDIT_COMMENT,
    REDDIT_FEED,
    REDDIT_MORE,
    reddit_listing,
    reddit_thing,
    written_out,
)

TEXT = "Opgezegd in september, toch weer een factuur."
VARIABLE = "KLACHTENRADAR_SOURCE_REDDIT_CLIENT"


def listing(*children: object, **changes: Any) -> bytes:
    return written_out(reddit_listing(*children, **changes))


def test_a_post_becomes_a_record() -> None:
    [record] = parse(listing(reddit_thing())).records

    assert (record.namespace, record.external_id, record.kind.value) == ("reddit", "t3_1p0abcd", "post")
    assert record.title == "Snelveld rekent kosten na opzegging, iemand ervaring?"
    assert (record.text, record.author_name, record.likes, record.replies) == (TEXT, "boze_klant", 42, 17)
    assert record.url == (
        "https://www.reddit.com/r/thenetherlands/comments/1p0abcd/snelveld_rekent_kosten_na_opzegging/"
    )
    assert record.published_at == datetime.fromtimestamp(1794998642, UTC)
    assert (record.updated_at, record.rating, record.status) == (None, None, Status.VISIBLE)


def test_a_comment_becomes_a_record_with_its_entities_read_once() -> None:
    [record] = parse(listing(REDDIT_COMMENT)).records

    assert (record.external_id, record.kind.value, record.title) == ("t1_l0xyz12", "comment", None)
    assert record.text == "Bij mij ook, twee keer <geïncasseerd>."
    assert (record.likes, record.updated_at) == (0, datetime.fromtimestamp(1795000000, UTC))
    assert record.status is Status.EDITED


def test_a_link_has_no_words_of_its_own_and_a_name_may_be_left_out() -> None:
    [record] = parse(
        listing(reddit_thing(is_self=False, selftext=None, selftext_html=None, name=None))
    ).records

    assert (record.external_id, record.text) == ("t3_1p0abcd", "")


def test_what_a_comment_quotes_is_not_its_own_words() -> None:
    raw = reddit_thing(REDDIT_COMMENT, body="&gt; Altijd top!\n\nNou, bij mij niet.", body_html=None)
    quoted = "<div><blockquote><p>Altijd top!</p></blockquote><p>Nou, bij mij niet.</p></div>"
    marked_up = reddit_thing(REDDIT_COMMENT, body="> Altijd top!\n\nNou, bij mij niet.", body_html=quoted)

    assert [parse(listing(one)).records[0].text for one in (raw, marked_up)] == ["Nou, bij mij niet."] * 2


def test_a_spoiler_is_the_writers_own() -> None:
    raw = reddit_thing(REDDIT_COMMENT, body=">!Ze betaalden niets terug.!<", body_html=None)

    assert parse(listing(raw)).records[0].text == ">!Ze betaalden niets terug.!<"


def test_the_feed_and_the_api_say_the_same_of_one_post() -> None:
    [told] = parse(listing(reddit_thing())).records
    [fed, link] = parse_feed(REDDIT_FEED.encode()).records

    assert (fed.namespace, fed.external_id) == (told.namespace, told.external_id)
    assert fed.content_hash == told.content_hash
    assert (fed.author_id, fed.author_name) == (told.author_id, told.author_name)
    assert fed.published_at == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
    assert (fed.likes, fed.replies, fed.status) == (None, None, Status.VISIBLE)
    assert (link.title, link.text, link.status) == ("Snelveld beboet", "", Status.EDITED)


def test_answers_are_read_at_every_depth_and_what_is_left_out_is_no_fault() -> None:
    deep = reddit_thing(REDDIT_COMMENT, name="t1_diep", replies="")
    answer = reddit_thing(REDDIT_COMMENT, name="t1_antw", replies=reddit_listing(deep, REDDIT_MORE))
    page = parse(
        written_out(
            [
                reddit_listing(reddit_thing()),
                reddit_listing(reddit_thing(REDDIT_COMMENT, replies=reddit_listing(answer)), REDDIT_MORE),
            ]
        )
    )

    assert [one.external_id for one in page.records] == ["t3_1p0abcd", "t1_l0xyz12", "t1_antw", "t1_diep"]
    assert page.problems == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"selftext": "[deleted]", "selftext_html": None, "author": "[deleted]"},
        {"selftext": "[removed]", "author": "[deleted]"},
        {"removed_by_category": "moderator"},
        {"removed_by_category": "moderator", "selftext": None, "selftext_html": None},
    ],
)
def test_what_was_deleted_is_removed_and_says_nothing(changes: dict[str, Any]) -> None:
    [record] = parse(listing(reddit_thing(**changes))).records

    assert (record.status, record.text, record.title) == (Status.REMOVED, "-", None)


def test_a_post_whose_author_left_is_still_there() -> None:
    [record] = parse(listing(reddit_thing(author="[deleted]"))).records

    assert (record.status, record.author_id, record.text) == (Status.VISIBLE, None, TEXT)


def test_a_deleted_entry_of_a_feed_is_removed() -> None:
    feed = REDDIT_FEED.replace(
        "Opgezegd in &lt;strong&gt;september&lt;/strong&gt;, toch weer een factuur.", "[removed]"
    )

    assert parse_feed(feed.encode()).records[0].status is Status.REMOVED


def test_a_feed_that_breaks_off_keeps_what_is_whole() -> None:
    page = parse_feed(REDDIT_FEED.encode()[: REDDIT_FEED.index("Snelveld beboet")])

    assert [one.external_id for one in page.records] == ["t3_1p0abcd"]
    assert page.damage == "the feed breaks off before its end"


@pytest.mark.parametrize("half", ["&#xD800;", "&#57343;", "&#55296", "\x00", "&#0;", "&onbekend;"])
def test_characters_that_do_not_exist_cost_no_entry(half: str) -> None:
    page = parse_feed(REDDIT_FEED.replace("Opgezegd in", f"{half} Opgezegd in").encode())

    assert len(page.records) == 2


def test_a_bad_thing_costs_its_neighbours_nothing() -> None:
    page = parse(
        listing(None, reddit_thing(selftext=7), reddit_thing(name="t5_x"), reddit_thing(), after="t3_z")
    )

    assert (len(page.records), len(page.problems), page.next) == (1, 3, "t3_z")


def test_a_thing_of_another_kind_is_still_known_by_its_name() -> None:
    thing = reddit_thing() | {"kind": "t3_new"}

    assert [one.identity for one in parse(listing(thing)).problems] == ["t3_1p0abcd"]


@pytest.mark.parametrize(
    ("read", "body", "cause"),
    [
        (parse, b'{"message": "Forbidden", "error": 403, "reason": "private"}', Cause.FORBIDDEN),
        (parse, WAF_PAGE, Cause.WAF),
        (parse_feed, WAF_PAGE, Cause.WAF),
    ],
)
def test_a_refusal_is_named(read: Any, body: bytes, cause: Cause) -> None:
    with pytest.raises(Blocked) as caught:
        read(body)

    assert caught.value.cause is cause


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"3", b"[1", b"<rss></rss>", b"\xff"])
def test_another_form_is_named(body: bytes) -> None:
    for read in (parse, parse_feed):
        with pytest.raises(FormatChanged):
            read(body)


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{VARIABLE}_ID", CLIENT[0])
    monkeypatch.setenv(f"{VARIABLE}_SECRET", CLIENT[1])


@pytest.mark.usefixtures("keyed")
def test_with_a_key_posts_and_comments_are_read_and_again_nothing_is_new(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 130))
    crawling.replica.posts.reply(shown[3].key, "Wat vervelend, we kijken mee.")
    first, again = crawling(Kind.REDDIT), crawling(Kind.REDDIT)

    assert (first.health, first.counts["new"]) == (Health.OK, 131)
    assert (again.health, again.counts["new"], again.counts["edited"]) == (Health.OK, 0, 0)
    assert not [target for target in crawling.asked() if TOKEN in target or CLIENT[1] in target]


@pytest.mark.usefixtures("keyed")
def test_with_a_key_only_the_newest_are_read_again_until_the_next_day(crawling: Crawling) -> None:
    show(crawling, posts(Kind.REDDIT, 250))
    crawling(Kind.REDDIT)
    since = len(crawling.replica.requests)
    crawling(Kind.REDDIT)
    soon = len(crawling.asked(since))
    crawling.clock.advance(timedelta(days=1))
    since = len(crawling.replica.requests)
    crawling(Kind.REDDIT)

    assert (soon, len(crawling.asked(since))) == (3, 4)  # a token and the newest of both; then all of a week


@pytest.mark.usefixtures("keyed")
def test_an_old_post_on_top_does_not_end_the_reading(crawling: Crawling) -> None:
    show(crawling, posts(Kind.REDDIT, 5, first=300) + posts(Kind.REDDIT, 1, first=900, pinned=True))
    crawling(Kind.REDDIT)
    show(crawling, posts(Kind.REDDIT, 250))

    assert crawling(Kind.REDDIT).counts["new"] == 250


@pytest.mark.usefixtures("keyed")
def test_a_post_that_is_gone_is_looked_up_and_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 25))
    crawling(Kind.REDDIT)
    crawling.replica.posts.remove(shown[5].key)
    crawling.clock.advance(timedelta(days=1))
    outcome, again = crawling(Kind.REDDIT), crawling(Kind.REDDIT)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)


@pytest.mark.usefixtures("keyed")
def test_the_only_post_of_a_search_is_looked_up_once_a_day_when_it_shows_nothing(crawling: Crawling) -> None:
    [post] = show(crawling, posts(Kind.REDDIT, 1))
    crawling(Kind.REDDIT, subreddits=[], query="internet")
    crawling.replica.faults.set(Kind.REDDIT, Fault.EMPTY)
    crawling.clock.advance(timedelta(hours=25))
    standing = crawling(Kind.REDDIT, subreddits=[], query="internet")
    crawling.replica.faults.clear()
    crawling.replica.posts.remove(post.key)
    outcomes = []
    for hours in (1, 24, 1):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.REDDIT, subreddits=[], query="internet"))

    assert (standing.stats["cause"], standing.counts["removed"]) == ("empty_before", 0)
    assert [one.stats.get("cause") for one in outcomes] == ["empty_before", "empty_before", None]
    assert [one.counts["removed"] for one in outcomes] == [0, 1, 0]


@pytest.mark.usefixtures("keyed")
def test_comments_on_what_a_search_finds_are_read_when_there_are_more(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 3))
    crawling(Kind.REDDIT, subreddits=[], query='"snelveld"')
    crawling.replica.posts.reply(shown[0].key, "We kijken mee.")
    second = crawling(Kind.REDDIT, subreddits=[], query='"snelveld"')
    third = crawling(Kind.REDDIT, subreddits=[], query='"snelveld"')

    assert (second.health, second.counts["new"], third.counts["new"]) == (Health.OK, 1, 0)
    assert len([target for target in crawling.asked() if target.startswith("/comments/")]) == 1


@pytest.mark.usefixtures("keyed")
def test_an_edit_that_takes_the_words_of_the_search_out_is_kept(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 9))
    crawling(Kind.REDDIT, subreddits=[], query="storing")
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.edit(shown[4].key, title="Klaar", text="Snelveld doet het weer.")
    outcome = crawling(Kind.REDDIT, subreddits=[], query="storing")

    assert (outcome.health, outcome.counts["edited"], outcome.counts["removed"]) == (Health.OK, 1, 0)


def searched(crawling: Crawling, hours: int = 0) -> dict[str, int]:
    crawling.clock.advance(timedelta(hours=hours))
    return crawling(Kind.REDDIT, subreddits=[], query='"snelveld"').counts


@pytest.mark.usefixtures("keyed")
def test_comments_on_what_a_search_finds_are_read_again_each_day_of_a_week(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 3))
    crawling.replica.posts.reply(shown[0].key, "We kijken mee.")
    searched(crawling)
    crawling.replica.posts.reply(shown[0].key, "We kijken nu mee.")
    edited = [searched(crawling, hours)["edited"] for hours in (1, 24)]
    crawling.replica.posts.reply(shown[0].key, "[deleted]")
    removed = [searched(crawling, hours)["removed"] for hours in (1, 24)]
    since = len(crawling.replica.requests)
    searched(crawling, hours=24 * 8)

    assert (edited, removed) == ([0, 1], [0, 1])
    assert not [target for target in crawling.asked(since) if target.startswith("/comments/")]


@pytest.mark.usefixtures("keyed")
def test_a_comment_that_stands_under_its_post_no_more_is_looked_up(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 3))
    kept = [crawling.replica.posts.reply(post.key, "We kijken mee.") for post in shown]
    searched(crawling)
    crawling.replica.posts._put(replace(kept[0], reply=None))  # as Reddit does where nobody answered it
    crawling.replica.posts._put(replace(kept[1], reply=None, replies=1))
    outcomes = [searched(crawling, hours)["removed"] for hours in (1, 24, 24)]

    assert outcomes == [1, 1, 0]
    assert [line["status"] for line in crawling.mentions()].count("removed") == 2


@pytest.mark.usefixtures("keyed")
def test_a_comment_that_is_only_folded_away_stays(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    [post] = show(crawling, posts(Kind.REDDIT, 1))
    crawling.replica.posts.reply(post.key, "We kijken mee.")
    searched(crawling)
    monkeypatch.setattr("demo.replica.reddit._thread", lambda *_: _json([_listing([], None)] * 2))

    assert [searched(crawling, 25)["removed"] for _ in range(2)] == [0, 0]
    assert len([target for target in crawling.asked() if target.startswith("/api/info")]) == 2


@pytest.mark.usefixtures("keyed")
def test_a_refused_key_is_named_with_its_variables(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{VARIABLE}_SECRET", "verkeerd")
    outcome = crawling(Kind.REDDIT)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert f"{VARIABLE}_SECRET" in str(outcome.reason)


@pytest.mark.usefixtures("keyed")
def test_a_page_for_people_in_the_place_of_a_token_is_no_matter_of_the_key(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Answer.of("text/html", "<p>You've been blocked by network security.</p>", 403)
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: refused)
    outcome = crawling(Kind.REDDIT)

    assert (outcome.health, outcome.stats["cause"], len(crawling.asked())) == (
        Health.BLOCKED,
        "forbidden",
        1,
    )


def test_half_a_key_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{VARIABLE}_ID", CLIENT[0])
    [fault] = missing(configured("http://127.0.0.1:1", Kind.REDDIT).source[0])

    assert fault.key == "source reddit.client_secret"


def test_a_search_within_a_subreddit_reads_its_feed(crawling: Crawling) -> None:
    show(crawling, posts(Kind.REDDIT, 2) + posts(Kind.REDDIT, 2, first=5, place="geldzaken"))
    outcome = crawling(Kind.REDDIT, subreddits=["r/geldzaken"], query="snelveld")

    assert outcome.counts["new"] == 2
    assert crawling.asked() == ["/r/geldzaken/search.rss?q=snelveld&sort=new&restrict_sr=1"]


def test_a_post_that_is_gone_from_the_feed_is_looked_up(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 8))
    crawling(Kind.REDDIT)
    crawling.replica.posts.remove(shown[2].key)

    assert crawling(Kind.REDDIT).counts["removed"] == 1


def test_whatever_is_gone_from_a_whole_feed_is_looked_up_by_and_by(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 30))
    crawling(Kind.REDDIT)
    for post in (*shown[:14], shown[-1]):
        crawling.replica.posts.remove(post.key)

    outcomes = [crawling(Kind.REDDIT) for _ in range(3)]
    assert [one.counts["removed"] for one in outcomes] == [10, 5, 0]
    assert [one.counts["requests"] for one in outcomes] == [
        12,
        7,
        2,
    ]  # robots.txt, the feed, and what is missing


def test_no_more_than_ten_posts_are_looked_up_whatever_the_number_of_feeds_and_the_feeds_come_first(
    crawling: Crawling,
) -> None:
    places = ["thenetherlands", "geldzaken", "klussers"]
    shown = [one for place in places for one in show(crawling, posts(Kind.REDDIT, 8, place=place))]
    crawling(Kind.REDDIT, subreddits=places)
    for post in shown:
        if post.title != "Storing nummer 8":
            crawling.replica.posts.remove(post.key)
    since = len(crawling.replica.requests)
    outcomes = [crawling(Kind.REDDIT, subreddits=places) for _ in range(3)]

    assert [target.startswith("/r/") for target in crawling.asked(since)[:13]] == [True] * 3 + [False] * 10
    assert [one.counts["removed"] for one in outcomes] == [10, 10, 1]


def test_the_only_post_of_a_feed_is_looked_up_when_it_is_gone(crawling: Crawling) -> None:
    [post] = show(crawling, posts(Kind.REDDIT, 1))
    crawling(Kind.REDDIT)
    crawling.replica.posts.remove(post.key)
    outcome = crawling(Kind.REDDIT)

    assert (outcome.stats["cause"], outcome.counts["removed"]) == ("empty_before", 1)


def test_a_feed_that_is_empty_by_mistake_removes_nothing(crawling: Crawling) -> None:
    show(crawling, posts(Kind.REDDIT, 3))
    crawling(Kind.REDDIT)
    crawling.replica.faults.set(Kind.REDDIT, Fault.EMPTY, times=1)
    outcomes = [crawling(Kind.REDDIT) for _ in range(2)]

    assert [one.stats.get("cause") for one in outcomes] == ["empty_before", None]
    assert {line["status"] for line in crawling.mentions()} == {"visible"}


def test_what_is_removed_after_a_feed_that_was_empty_by_mistake_is_missed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 3))
    crawling(Kind.REDDIT)
    crawling.replica.faults.set(Kind.REDDIT, Fault.EMPTY, times=1)
    for _ in range(2):
        crawling(Kind.REDDIT)
    crawling.replica.posts.remove(shown[1].key)

    assert crawling(Kind.REDDIT).counts["removed"] == 1


def remembered(crawling: Crawling) -> dict[str, Any]:
    """Where reading each part of the source has come to."""
    with crawling.database.read() as session:
        return dict(source_named(session, Kind.REDDIT.value).state)


def test_no_more_than_two_feeds_are_remembered_of_one_that_breaks_off_each_time(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.reddit.LIMIT", 5)
    crawling.replica.faults.set(Kind.REDDIT, Fault.MALFORMED)
    for first in range(40, 0, -4):
        show(crawling, posts(Kind.REDDIT, 4, first=first))
        crawling(Kind.REDDIT)
    newest = [f"t3_{post.key}" for post in crawling.replica.posts.seen(Kind.REDDIT)]
    shown = remembered(crawling)["r/thenetherlands"]["shown"]

    assert (len(shown), shown[0]) == (10, newest[0])


def test_no_more_missing_posts_wait_than_a_feed_holds(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.reddit.LIMIT", 5)
    play = PLAYED[Kind.REDDIT]

    def played(request: Request, board: Board, fault: Fault | None) -> Answer:
        answer = play(request, board, fault)
        return replace(answer, status=418) if "/comments/" in request.path else answer

    monkeypatch.setitem(PLAYED, Kind.REDDIT, played)
    for first in (30, 20, 10):
        shown = show(crawling, posts(Kind.REDDIT, 4, first=first))
        crawling(Kind.REDDIT)
        for post in shown:
            crawling.replica.posts.remove(post.key)
        crawling(Kind.REDDIT)
    missing = list(remembered(crawling)["r/thenetherlands"]["missing"])

    assert len(missing) == 5
    assert {f"t3_{post.key}" for post in shown} < set(missing)


@pytest.mark.parametrize("changes", [{}, {"query": "snelveld"}, {"query": "snelveld", "subreddits": []}])
def test_the_feeds_and_the_api_remember_each_for_itself(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    show(crawling, posts(Kind.REDDIT, 2))
    crawling(Kind.REDDIT, **changes)
    by_feed = remembered(crawling)
    monkeypatch.setenv(f"{VARIABLE}_ID", CLIENT[0])
    monkeypatch.setenv(f"{VARIABLE}_SECRET", CLIENT[1])
    crawling(Kind.REDDIT, **changes)

    assert by_feed.items() < remembered(crawling).items()


@pytest.mark.parametrize("query", [None, "snelveld"])
def test_what_slips_out_of_a_full_feed_is_not_looked_up(crawling: Crawling, query: str | None) -> None:
    show(crawling, posts(Kind.REDDIT, 100, first=10))
    crawling(Kind.REDDIT, query=query)
    show(crawling, posts(Kind.REDDIT, 10))
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.REDDIT, query=query)

    assert (outcome.counts["new"], len(crawling.asked(since))) == (10, 1)


def test_after_too_many_requests_the_missing_are_looked_up_with_the_next_crawl(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 8))
    crawling(Kind.REDDIT)
    for post in shown[2:5]:
        crawling.replica.posts.remove(post.key)
    crawling.replica.faults.set(Kind.REDDIT, Fault.RATE_LIMITED, after=2, times=1, retry_after=300)
    refused = crawling(Kind.REDDIT)
    show(crawling, posts(Kind.REDDIT, 1, first=20))
    again = crawling(Kind.REDDIT)

    assert (refused.stats["cause"], refused.counts["removed"]) == ("rate_limited", 1)
    assert (again.health, again.counts["removed"]) == (Health.OK, 2)


@pytest.mark.parametrize("fault", [Fault.FIREWALL, Fault.EMPTY])
def test_a_missing_post_without_an_answer_is_looked_up_again_a_day_later(
    crawling: Crawling, fault: Fault
) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 8))
    crawling(Kind.REDDIT)
    crawling.replica.posts.remove(shown[2].key)
    crawling.replica.faults.set(Kind.REDDIT, fault, after=1, times=1)
    removed = []
    for hours in (0, 1, 24, 24):
        crawling.clock.advance(timedelta(hours=hours))
        removed.append(crawling(Kind.REDDIT).counts["removed"])

    assert removed == [0, 0, 1, 0]


@pytest.mark.parametrize(
    "said", ["<h1>whoa there, pardner!</h1>", "You've been blocked by network security."]
)
def test_a_missing_post_is_asked_for_again_when_reddit_refuses_whoever_asks(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 8))
    crawling(Kind.REDDIT)
    crawling.replica.posts.remove(shown[2].key)
    play = PLAYED[Kind.REDDIT]

    def refused(request: Request, board: Board, fault: Fault | None) -> Answer:
        refusal = Answer.of("text/html", said, 403)
        return refusal if "/comments/" in request.path else play(request, board, fault)

    with monkeypatch.context() as patched:
        patched.setitem(PLAYED, Kind.REDDIT, refused)
        first = crawling(Kind.REDDIT)
    crawling.clock.advance(timedelta(hours=25))

    assert (first.stats["cause"], crawling(Kind.REDDIT).counts["removed"]) == ("forbidden", 1)


def test_a_missing_post_that_we_may_not_see_is_asked_for_once(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 8))
    crawling(Kind.REDDIT)
    crawling.replica.posts.remove(shown[2].key)
    play = PLAYED[Kind.REDDIT]

    def played(request: Request, board: Board, fault: Fault | None) -> Answer:
        answer = play(request, board, fault)
        return replace(answer, status=403) if "/comments/" in request.path else answer

    monkeypatch.setitem(PLAYED, Kind.REDDIT, played)
    causes = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        causes.append(crawling(Kind.REDDIT).stats.get("cause"))

    assert causes == ["forbidden", None, None]


def test_a_feed_that_broke_off_lets_no_post_be_forgotten(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 8))
    crawling(Kind.REDDIT)
    crawling.replica.faults.set(Kind.REDDIT, Fault.MALFORMED, times=1)
    show(crawling, posts(Kind.REDDIT, 1, first=20))
    since = len(crawling.replica.requests)
    damaged = crawling(Kind.REDDIT)
    looked_up = len(crawling.asked(since)) - 1
    crawling.replica.posts.remove(shown[-1].key)

    assert (damaged.stats["cause"], looked_up) == ("damaged", 0)
    assert crawling(Kind.REDDIT).counts["removed"] == 1


def test_looking_up_a_post_brings_none_of_the_comments_on_it(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 3))
    answered = crawling.replica.posts.reply(shown[1].key, "Snelveld kijkt met u mee.")
    crawling(Kind.REDDIT, query="storing")
    crawling.replica.posts._put(replace(answered, title="Opgelost", text="Snelveld doet het weer."))
    outcome = crawling(Kind.REDDIT, query="storing")

    assert (outcome.health, outcome.counts["edited"], outcome.counts["new"]) == (Health.OK, 1, 0)


def test_an_unchanged_feed_is_healthy(crawling: Crawling) -> None:
    show(crawling, posts(Kind.REDDIT, 3))
    crawling(Kind.REDDIT)
    outcome = crawling(Kind.REDDIT)

    assert (outcome.health, outcome.stats["not_modified"]) == (Health.OK, 1)


def test_too_many_requests_ends_the_crawl_for_as_long_as_reddit_asks(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.REDDIT, Fault.RATE_LIMITED, retry_after=300)
    outcome = crawling(Kind.REDDIT)

    assert (outcome.stats["cause"], outcome.retry_after) == ("rate_limited", timedelta(minutes=5))


def test_a_post_that_is_read_by_the_feed_and_then_by_the_api_is_stored_once(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.REDDIT, 6))
    crawling(Kind.REDDIT)
    monkeypatch.setenv(f"{VARIABLE}_ID", CLIENT[0])
    monkeypatch.setenv(f"{VARIABLE}_SECRET", CLIENT[1])
    outcome = crawling(Kind.REDDIT)

    assert (outcome.counts["new"], outcome.counts["edited"], outcome.counts["unchanged"]) == (0, 0, 6)


def test_an_outsider_who_is_refused_is_told_so(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Answer.of("text/html", "<h1>whoa there, pardner!</h1>", 403)
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: refused)
    outcome = crawling(Kind.REDDIT)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "forbidden")


def test_reddits_own_header_says_how_long_to_wait(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Answer.of("text/html", "-", 429, X_Ratelimit_Reset="321")
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: refused)

    assert crawling(Kind.REDDIT).retry_after == timedelta(seconds=321)


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(
    ("refusal", "health"),
    [
        (
            Answer.of("application/json", '{"reason":"private","message":"Forbidden","error":403}', 403),
            Health.SUSPICIOUS,
        ),
        (Answer.of("application/json", "[]"), Health.FORMAT_CHANGED),
    ],
)
def test_posts_whose_comments_cannot_be_read_keep_no_others_from_being_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, refusal: Answer, health: Health
) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 14))
    for post in shown:
        crawling.replica.posts.reply(post.key, "We kijken mee.")
    closed = {post.key for post in shown[:11]}
    play = crawling.replica._played

    def refused(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        _, _, key = request.path.partition("/comments/")
        return refusal if f"t3_{key}" in closed or key in closed else play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", refused)
    outcomes = [crawling(Kind.REDDIT, subreddits=[], query='"snelveld"') for _ in range(2)]

    assert outcomes[0].health is health
    assert sum(one.counts["new"] for one in outcomes) == 14 + 3


def test_the_last_post_of_a_full_feed_is_looked_up_when_another_comes_up_from_below(
    crawling: Crawling,
) -> None:
    shown = show(crawling, posts(Kind.REDDIT, 130))
    crawling(Kind.REDDIT)
    crawling.replica.posts.remove(shown[99].key)

    assert crawling(Kind.REDDIT).counts["removed"] == 1
