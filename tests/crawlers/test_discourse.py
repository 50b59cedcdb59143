"""A Discourse forum: every post once, the company's words as replies, walls and gaps as what they are."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.causes import Cause
from crawlers.parameters.forums import DiscourseParameters
from crawlers.parsers import discourse
from crawlers.parsers.markup import LONGEST_MARKUP
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.spiders.discourse import DiscourseSpider
from demo.replica import Fault, Kind, Post
from demo.replica import discourse as replica
from demo.replica.discourse import Line, topic_id
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board
from demo.replica.posts import Reply as Replied
from storage.models import Health
from storage.records import Kind as Written
from storage.records import Reply, Status
from storage.sources import source_named
from tests.crawlers import payloads, payloads_forums
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling, Dead
from tests.crawlers.payloads_forums import FORUM, forum, forum_post, forum_topic

PLACE = "storing-bij-snelveld"
CLOSED = Answer.of(
    "application/json",
    '{"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}',
    403,
)
FORBIDDEN = Answer.of("text/html", "<h1>Forbidden</h1>", 403)
FAULT = Answer.of("text/html", "<h1>Oops</h1>", 500)
NO_SEARCH = Answer.of("text/plain", "User-agent: *\nDisallow: /search\n")
BUSY = Answer.of("text/plain", "Slow down", 429, Retry_After="3600")


def tell(crawling: Crawling, monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, Answer]) -> None:
    """Let the forum give these answers to addresses that hold such a part, and its own to the others."""
    own = crawling.replica.answer

    def told(request: Request) -> Answer:
        honest = own(request)
        return next((answer for part, answer in answers.items() if part in request.target), honest)

    monkeypatch.setattr(crawling.replica, "answer", told)


def numbered(lowest: int, number: int, **changes: Any) -> list[Post]:
    """Complaints of which the ids begin with `lowest`, an hour apart like the others."""
    made = posts(Kind.DISCOURSE, number, **changes)
    return [replace(post, key=str(lowest + number - 1 - place)) for place, post in enumerate(made)]


def removed(crawling: Crawling) -> list[str]:
    return [line["external_id"] for line in crawling.mentions() if line["status"] == "removed"]


def test_a_post_becomes_a_record() -> None:
    [record] = discourse.latest(forum(forum_post()), FORUM).records

    assert (record.namespace, record.external_id, record.kind) == (
        "discourse:forum.example",
        "90210",
        Written.COMMENT,
    )
    assert (record.title, record.text) == (
        "Helpdesk reageert niet",
        "Al een week wachten op antwoord van de helpdesk & niets.",
    )
    assert record.url == "https://forum.example/t/helpdesk-reageert-niet/4321/3"
    assert (record.author_id, record.author_name, record.replies, record.views) == ("77", "ruud_k", 1, 31)
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, 123000, tzinfo=UTC)
    assert (record.updated_at, record.status, record.likes) == (None, Status.VISIBLE, None)


def test_a_second_version_is_an_edit_with_its_time() -> None:
    post = forum_post(version=2, updated_at="2026-11-19T08:00:00.000Z", post_number=1)
    [record] = discourse.latest(forum(post), FORUM).records

    assert (record.status, record.kind) == (Status.EDITED, Written.POST)
    assert record.updated_at == datetime(2026, 11, 19, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("changes", [{"post_type": 3}, {"post_type": 4}, {"staff": True}])
def test_what_nobody_wrote_as_a_customer_is_left_out(changes: dict[str, object]) -> None:
    page = discourse.latest(forum(forum_post(**changes), forum_post(id=2)), FORUM)

    assert ([record.external_id for record in page.records], page.passed) == (["2"], 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": True},
        {"user_deleted": True},
        {"deleted_at": "2026-11-19T08:00:00Z"},
        {"hidden": True, "cooked": None},
        {"user_deleted": True, "cooked": ""},
    ],
)
def test_what_the_public_may_not_read_any_more_is_removed(changes: dict[str, object]) -> None:
    [record] = discourse.latest(forum(forum_post(**changes)), FORUM).records

    assert (record.status, record.text) == (Status.REMOVED, "-")


@pytest.mark.parametrize("company", [{"staff": True}, {"primary_group_name": "snelveld"}])
def test_the_company_speaks_in_replies(company: dict[str, object]) -> None:
    answer = forum_post(
        id=90300, post_number=5, reply_to_post_number=3, cooked="<p>We bellen je.</p>", **company
    )
    later = answer | {
        "id": 90301,
        "post_number": 6,
        "cooked": "Nog iets",
        "created_at": "2026-11-19T10:44:02.123Z",
    }
    page = discourse.latest(forum(later, answer, forum_post()), FORUM, ("snelveld",))

    [record] = page.records
    assert record.reply == Reply(
        text="We bellen je.", at=datetime(2026, 11, 18, 10, 44, 2, 123000, tzinfo=UTC)
    )
    assert page.answers == {}


def test_a_reply_to_a_post_elsewhere_waits_for_it() -> None:
    answer = forum_post(id=90300, post_number=5, staff=True)
    page = discourse.latest(forum(answer), FORUM)

    assert list(page.answers) == [(4321, 1)]
    assert page.answering == ((4321, 90300),)
    first = discourse.topic(forum_topic(forum_post(post_number=1)), FORUM, answers=page.answers)
    assert first.records[0].reply is not None


@pytest.mark.parametrize("post_type", [3, 4])
def test_what_the_forum_does_in_the_name_of_staff_is_no_reply(post_type: int) -> None:
    closed = "<p>This topic was automatically closed 90 days after the last reply.</p>"
    action = forum_post(id=90300, post_number=5, staff=True, post_type=post_type, cooked=closed)
    page = discourse.topic(forum_topic(forum_post(post_number=1), action), FORUM)

    assert (page.records[0].reply, page.answers, page.answering) == (None, {}, ())


def test_a_bad_post_costs_no_other() -> None:
    page = discourse.latest(forum(forum_post(id=None), forum_post(cooked=7), "x", forum_post(id=5)), FORUM)

    assert [record.external_id for record in page.records] == ["5"]
    assert [problem.what for problem in page.problems] == ["no id", "no text under cooked", "no id"]
    assert [problem.identity for problem in page.problems] == [None, "90210", None]


def test_a_post_that_is_refused_for_its_length_is_not_taken_for_gone() -> None:
    [problem] = discourse.latest(forum(forum_post(cooked=f"<p>{'x' * LONGEST_MARKUP}</p>")), FORUM).problems

    assert problem.identity == "90210"


@pytest.mark.parametrize(
    "cooked",
    [
        '<aside class="quote"><blockquote><p>Zelfde hier</p></blockquote></aside>',
        '<p><img src="/uploads/rekening.png" alt="rekening"></p>',
        '<div class="lightbox-wrapper"><a class="lightbox"><span class="filename">rekening</span></a></div>',
        "",
    ],
)
def test_an_answer_without_words_does_not_say_what_its_topic_says(cooked: str) -> None:
    opening = forum_post(id=5, post_number=1, cooked=cooked)
    page = discourse.latest(forum(forum_post(cooked=cooked), opening), FORUM)

    assert [(record.external_id, record.title) for record in page.records] == [
        ("5", "Helpdesk reageert niet")
    ]
    assert (page.passed, page.problems, len(page.shown)) == (1, (), 2)


def test_a_page_of_answers_that_have_lost_their_words_is_no_calm() -> None:
    empty = [forum_post(id=key, cooked="<p></p>") for key in range(1, 6)]
    lost, read = discourse.latest(forum(*empty), FORUM), discourse.latest(forum(*empty, forum_post()), FORUM)

    assert (lost.passed, {problem.what for problem in lost.problems}) == (0, {"no words"})
    assert [problem.identity for problem in lost.problems] == ["1", "2", "3", "4", "5"]
    assert (read.passed, read.problems, len(read.records)) == (5, (), 1)


def test_posts_of_a_topic_have_its_title() -> None:
    post = forum_post()
    del post["topic_title"]
    page = discourse.topic(forum_topic(post), FORUM)

    assert (page.records[0].title, page.title, page.stream) == (
        "Helpdesk zwijgt",
        "Helpdesk zwijgt",
        (90210,),
    )


def test_a_search_shows_where_posts_stand_and_no_texts() -> None:
    page = discourse.search(json.dumps(payloads_forums.FORUM_SEARCH).encode())

    assert (page.records, page.places, page.next) == ((), ((4321, 90210),), "more")
    assert page.titles == {4321: "Helpdesk reageert niet"}


@pytest.mark.parametrize(
    ("body", "error", "cause"),
    [
        (b'{"errors": ["x"], "error_type": "not_logged_in"}', Blocked, Cause.SIGN_IN),
        (b'{"errors": ["x"], "error_type": "invalid_access"}', FormatChanged, Cause.FORMAT),
        (payloads.WAF_PAGE, Blocked, Cause.WAF),
        (b"{}", FormatChanged, Cause.FORMAT),
        (b"[]", FormatChanged, Cause.FORMAT),
    ],
)
def test_another_answer_is_named(body: bytes, error: type[Exception], cause: Cause) -> None:
    for parse in (lambda: discourse.latest(body, FORUM), lambda: discourse.search(body)):
        with pytest.raises(error) as caught:
            parse()
        assert caught.value.cause is cause  # type: ignore[attr-defined]


@pytest.mark.parametrize("written", [4321, "4321", "https://forum.example/t/helpdesk-reageert-niet/4321/7"])
def test_a_topic_may_be_its_number_or_address(written: object) -> None:
    assert DiscourseParameters.model_validate({"topics": [written]}).topics == ("4321",)


def test_a_query_and_topics_are_two_sources() -> None:
    with pytest.raises(ValueError, match="write two sources"):
        DiscourseParameters.model_validate({"query": "snelveld", "topics": [1]})


def test_a_first_crawl_goes_back_and_the_next_only_as_far_as_it_was(crawling: Crawling) -> None:
    show(crawling, posts(Kind.DISCOURSE, 130, first=10))
    first = crawling(Kind.DISCOURSE)
    show(crawling, posts(Kind.DISCOURSE, 3))
    since = len(crawling.replica.requests)
    second = crawling(Kind.DISCOURSE)

    assert (first.counts["new"], second.counts["new"], len(crawling.asked(since))) == (130, 3, 1)


def test_an_edit_and_a_removal_within_a_week_are_found_the_next_day(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 120))
    crawling(Kind.DISCOURSE)
    crawling.replica.posts.edit(shown[100].key, text="Opgelost! #snelveld")
    crawling.replica.posts.remove(shown[90].key)
    crawling.clock.advance(timedelta(hours=25))
    outcome, again = crawling(Kind.DISCOURSE), crawling(Kind.DISCOURSE)

    assert (outcome.health, outcome.counts["edited"], outcome.counts["removed"]) == (Health.OK, 1, 1)
    assert (again.counts["edited"], again.counts["removed"]) == (0, 0)


def test_a_post_that_cannot_be_read_keeps_no_removal_back(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 20))
    crawling(Kind.DISCOURSE)
    crawling.replica.posts.edit(shown[3].key, text="x" * (LONGEST_MARKUP + 1))
    crawling.replica.posts.remove(shown[9].key)
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(Kind.DISCOURSE)

    assert (outcome.counts["refused"], outcome.counts["removed"]) == (1, 1)


@pytest.mark.parametrize("place", [2, 70])
def test_a_reply_of_the_company_is_kept_with_its_post_wherever_that_stands(
    crawling: Crawling, place: int
) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 80))
    crawling(Kind.DISCOURSE)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.reply(shown[place].key, "We bellen je vandaag.")
    crawling.clock.advance(timedelta(minutes=5))
    outcome = crawling(Kind.DISCOURSE)
    since = len(crawling.replica.requests)
    crawling(Kind.DISCOURSE)

    [line] = [line for line in crawling.mentions() if line["reply"]]
    assert line["reply"] == {"text": "We bellen je vandaag.", "at": "2026-11-21T13:00:00Z"}
    assert (line["text"], outcome.counts["replied"], outcome.counts["new"]) == (shown[place].text, 1, 0)
    assert len(crawling.asked(since)) == 1  # what was answered is not opened again
    assert len(crawling.mentions()) == 80


def test_a_topic_is_read_whole_and_its_removed_posts_are_gone(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 65) + posts(Kind.DISCOURSE, 5, first=100, place="elders"))
    crawling.replica.posts.reply(shown[30].key, "Sorry!")
    crawling.replica.posts.reply(shown[64].key, "Excuses!")
    first = crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])
    crawling.replica.posts.remove(shown[3].key)
    show(crawling, [Post(Kind.DISCOURSE, "Nog steeds niets #snelveld", START, place=PLACE)])
    since = len(crawling.replica.requests)
    second = crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])

    assert (first.health, first.counts["new"]) == (Health.OK, 65)
    assert len(crawling.asked(since)) == 3  # its list, what is new, and what the list has no more
    assert sorted(line["reply"]["text"] for line in crawling.mentions() if line["reply"]) == [
        "Excuses!",
        "Sorry!",
    ]
    assert (second.counts["new"], second.counts["removed"]) == (1, 1)


def test_a_post_far_down_a_topic_is_known_by_the_title_of_its_topic(crawling: Crawling) -> None:
    weeks = [replace(post, text=f"Al {place} weken niets") for place, post in enumerate(numbered(500, 26))]
    show(crawling, [*weeks[:-1], replace(weeks[-1], title="Storing bij Snelveld")])
    outcome = crawling(Kind.DISCOURSE, brand=None, topics=[topic_id(PLACE)])

    assert (outcome.counts["new"], outcome.counts["unmatched"]) == (26, 0)
    assert {line["title"] for line in crawling.mentions()} == {"Storing bij Snelveld"}


def test_a_topic_that_is_opened_for_a_reply_edits_none_of_its_posts(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 80))
    crawling(Kind.DISCOURSE)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.reply(shown[55].key, "We bellen je vandaag.")
    crawling.clock.advance(timedelta(minutes=5))
    outcome = crawling(Kind.DISCOURSE)
    crawling.clock.advance(timedelta(hours=25))
    again = crawling(Kind.DISCOURSE)

    assert [(one.counts["replied"], one.counts["edited"]) for one in (outcome, again)] == [(1, 0), (0, 0)]
    assert {line["title"] for line in crawling.mentions()} == {"Storing nummer 80"}


def test_a_forum_that_refuses_us_keeps_a_reply_for_the_next_crawl(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, numbered(500, 80))
    crawling(Kind.DISCOURSE)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.reply(shown[70].key, "We bellen je vandaag.")
    crawling.clock.advance(timedelta(minutes=5))
    with monkeypatch.context() as refusing:
        tell(crawling, refusing, {"/t/": FORBIDDEN})
        refused = crawling(Kind.DISCOURSE)
    outcome = crawling(Kind.DISCOURSE)

    assert (refused.stats["cause"], outcome.health, outcome.counts["replied"]) == ("forbidden", Health.OK, 1)


def test_a_topic_that_cannot_be_opened_for_its_reply_keeps_no_other_waiting(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.discourse.MOST_ANSWERED", 1)
    for lowest, place in ((500, "a"), (600, "b"), (700, "c")):
        show(crawling, numbered(lowest, 60, place=place))
    crawling(Kind.DISCOURSE)
    crawling.clock.advance(timedelta(hours=1))
    for key in ("500", "600"):
        crawling.replica.posts.reply(key, "We bellen je vandaag.")
    crawling.clock.advance(timedelta(minutes=5))
    with monkeypatch.context() as broken:
        tell(crawling, broken, {f"/t/{topic_id('a')}.json": FAULT, f"/t/{topic_id('b')}.json": FAULT})
        failed = crawling(Kind.DISCOURSE)
    [first, last] = waiting(crawling)
    with monkeypatch.context() as broken:
        tell(crawling, broken, {f"/t/{last}.json": FAULT})
        other = crawling(Kind.DISCOURSE)
        assert waiting(crawling) == [last]
        crawling.clock.advance(timedelta(days=8))
        crawling(Kind.DISCOURSE)
        calm = crawling(Kind.DISCOURSE)

    assert (failed.counts["replied"], other.counts["replied"]) == (0, 1)
    assert first != last
    assert (calm.health, waiting(crawling)) == (Health.OK, [])


def waiting(crawling: Crawling) -> list[int]:
    with crawling.database.read() as session:
        state = source_named(session, "discourse").state["answers"]
    assert {str(topic) for topic in state["waiting"]}.issuperset(state["failed"])
    return list(state["waiting"])


def test_a_later_reply_does_not_take_the_place_of_the_first(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = show(crawling, numbered(500, 60))[-1]
    topics, again = replica._topics, list[Line]()

    def answered_twice(board: Board) -> dict[str, list[Line]]:
        found = topics(board)
        found[PLACE] += again
        return found

    monkeypatch.setattr(replica, "_topics", answered_twice)
    crawling.replica.posts.reply(opening.key, "We bellen je.")
    crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])
    second = Replied("Is het verholpen?", START + timedelta(hours=2))
    again.append(Line(replace(opening, key="700", reply=second), 62, answers=1))
    crawling.clock.advance(timedelta(hours=3))
    crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])
    since = len(crawling.replica.requests)
    crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])

    assert [line["reply"]["text"] for line in crawling.mentions() if line["reply"]] == ["We bellen je."]
    assert len(crawling.asked(since)) == 1


def test_a_topic_that_is_opened_for_a_reply_brings_nothing_that_the_query_does_not(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling.replica, "_robots", lambda: NO_SEARCH)
    shown = show(crawling, numbered(500, 60))
    [edited] = show(crawling, numbered(450, 1, place="bellen"))
    [other] = show(
        crawling, [Post(Kind.DISCOURSE, "Mooi weer bij Snelveld", START, key="400", place="bellen")]
    )
    crawling(Kind.DISCOURSE, query="internet")
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.reply(other.key, "Fijn!")
    crawling.replica.posts.edit(edited.key, text="Snelveld is opgelost")
    crawling.clock.advance(timedelta(minutes=5))
    outcome = crawling(Kind.DISCOURSE, query="internet")

    assert (outcome.counts["new"], outcome.counts["edited"]) == (0, 1)
    assert len(crawling.mentions()) == len(shown) + 1


def test_of_a_very_long_topic_only_what_is_new_is_read_again(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.discourse_topics.MOST_OF_A_TOPIC", 30)
    show(crawling, numbered(500, 90))
    first = crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])
    since = len(crawling.replica.requests)
    again = crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])

    assert (first.counts["new"], again.counts["new"], len(crawling.asked(since))) == (20 + 30, 0, 1)


def test_a_topic_without_the_list_of_its_posts_tells_nothing_of_them(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, numbered(500, 45))
    topic = topic_id(PLACE)
    crawling(Kind.DISCOURSE, topics=[topic])
    own = replica._topic

    def without(*asked: Any) -> dict[str, Any]:
        whole = own(*asked)
        return whole | {"post_stream": {"posts": whole["post_stream"]["posts"]}}

    monkeypatch.setattr(replica, "_topic", without)
    outcome = crawling(Kind.DISCOURSE, topics=[topic])
    monkeypatch.setattr(replica, "_topic", own)
    crawling.replica.posts.remove("540")
    crawling.clock.advance(timedelta(hours=1))
    crawling(Kind.DISCOURSE, topics=[topic])

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "damaged")
    assert removed(crawling) == ["540"]


def test_a_post_that_was_moved_to_another_topic_is_not_gone(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 12))
    crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])
    crawling.replica.posts.move(shown[3].key, "elders")
    since = len(crawling.replica.requests)
    outcome, calm = (crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)]) for _ in range(2))

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 0)
    assert crawling.asked(since).count(f"/posts/{shown[3].key}.json") == 1  # it is let go
    assert calm.counts["requests"] == 2


def test_posts_that_cannot_be_had_cost_none_of_the_others_of_their_topic(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, numbered(500, 70))
    with monkeypatch.context() as broken:
        tell(crawling, broken, {"=569&": FAULT})
        outcome = crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])
    since = len(crawling.replica.requests)
    again = crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])

    assert (outcome.stats["cause"], outcome.counts["new"]) == ("server_error", 50)
    assert (again.health, again.counts["new"], len(crawling.asked(since))) == (Health.OK, 20, 2)


def test_a_post_of_a_topic_that_was_not_read_to_its_end_is_missed_too(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 65))
    crawling.lives = 1
    with pytest.raises(Dead):
        crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)])
    crawling.lives = None
    stored = {line["text"] for line in crawling.mentions()}
    crawling.replica.posts.remove(next(post.key for post in shown if post.text in stored))

    assert crawling(Kind.DISCOURSE, topics=[topic_id(PLACE)]).counts["removed"] == 1


def test_a_topic_that_is_taken_away_takes_its_posts_along(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 12))
    topic = topic_id(PLACE)
    crawling(Kind.DISCOURSE, topics=[topic])
    for post in shown[1:]:
        crawling.replica.posts.remove(post.key)
    crawling.replica.posts.move(shown[0].key, "elders")
    outcomes = []
    for hours in (1, 1, 12, 1, 1):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.DISCOURSE, topics=[topic]))

    assert [one.counts["removed"] for one in outcomes] == [0, 0, 10, 1, 0]
    assert {one.stats["cause"] for one in outcomes} == {"not_found"}
    standing = [line["external_id"] for line in crawling.mentions() if line["status"] != "removed"]
    assert standing == [shown[0].key]


def test_a_topic_that_is_closed_to_the_public_takes_its_posts_along(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [post for place in "abcd" for post in show(crawling, posts(Kind.DISCOURSE, 2, place=place))]
    topics = [topic_id(place) for place in "abcd"]
    crawling(Kind.DISCOURSE, topics=topics)
    tell(crawling, monkeypatch, {"/t/": CLOSED, "/posts/": CLOSED})
    outcomes = []
    for hours in (1, 12, 1):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.DISCOURSE, topics=topics))

    assert [one.counts["removed"] for one in outcomes] == [0, len(shown), 0]
    assert {one.stats["cause"] for one in outcomes} == {"not_found"}


def test_a_search_opens_what_it_finds(crawling: Crawling) -> None:
    show(crawling, [*posts(Kind.DISCOURSE, 60), Post(Kind.DISCOURSE, "Mooi weer", START, place="weer")])
    first, again = crawling(Kind.DISCOURSE, query="#snelveld"), crawling(Kind.DISCOURSE, query="#snelveld")

    assert (first.health, first.counts["new"], first.counts["unmatched"]) == (Health.OK, 60, 0)
    assert again.counts["new"] == 0
    assert {line["text"] for line in crawling.mentions()} != {""}
    assert "after%3A2026-11-20" in crawling.asked()[-3]


@pytest.mark.parametrize("hours", [1, 25])
def test_what_a_search_finds_no_more_is_looked_up_and_removed_when_it_is_gone(
    crawling: Crawling, hours: int
) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 8))
    crawling(Kind.DISCOURSE, query="internet")
    crawling.replica.posts.remove(shown[2].key)
    crawling.replica.posts.edit(shown[4].key, text="Laat maar, snelveld is opgelost.")
    crawling.clock.advance(timedelta(hours=hours))
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.DISCOURSE, query="internet")
    looked_up = [target for target in crawling.asked(since) if target.startswith("/posts/")]

    assert (outcome.health, outcome.counts["removed"], len(looked_up)) == (Health.OK, 1, 2)
    assert [line["status"] for line in crawling.mentions()].count("removed") == 1


def test_a_search_that_finds_nothing_any_more_is_no_calm(crawling: Crawling) -> None:
    show(crawling, posts(Kind.DISCOURSE, 3))
    crawling(Kind.DISCOURSE, query="internet")
    crawling.replica.faults.set(Kind.DISCOURSE, Fault.EMPTY)

    assert crawling(Kind.DISCOURSE, query="internet").stats["cause"] == "empty_before"


def test_a_search_whose_finds_are_all_taken_away_is_calm_again(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 14))
    crawling(Kind.DISCOURSE, query="internet")
    for post in shown:
        crawling.replica.posts.remove(post.key)
    outcomes = []
    for hours in (25, 1, 24, 24):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.DISCOURSE, query="internet"))

    assert [one.counts["removed"] for one in outcomes] == [10, 0, 4, 0]
    assert [one.stats.get("cause") for one in outcomes] == ["empty_before"] * 3 + [None]
    assert outcomes[-1].health is Health.OK


def test_of_many_that_a_search_lost_each_is_looked_up_in_the_end(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 24))
    crawling(Kind.DISCOURSE, query="internet")
    for post in shown[:20]:
        crawling.replica.posts.edit(post.key, text="Laat maar, snelveld is opgelost.")
    for post in shown[20:]:
        crawling.replica.posts.remove(post.key)
    removed = 0
    for _ in range(12):
        crawling.clock.advance(timedelta(hours=25))
        removed += crawling(Kind.DISCOURSE, query="internet").counts["removed"]

    assert removed == 4


@pytest.mark.parametrize(("answer", "cause"), [(CLOSED, None), (FAULT, "server_error")])
def test_a_topic_that_cannot_be_opened_costs_a_search_no_other(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, answer: Answer, cause: str | None
) -> None:
    for weeks in range(5):
        show(crawling, posts(Kind.DISCOURSE, 1, first=168 * weeks, place=f"topic-{weeks}"))
    with monkeypatch.context() as broken:
        tell(crawling, broken, {f"/t/{topic_id('topic-3')}/": answer})
        outcome = crawling(Kind.DISCOURSE, query="internet")
    # The next search does not go back that far by itself.
    again, calm = (crawling(Kind.DISCOURSE, query="internet") for _ in range(2))

    assert (outcome.stats.get("cause"), outcome.counts["new"]) == (cause, 4)
    assert (again.health, again.counts["new"]) == (Health.OK, 1 if cause else 0)
    assert calm.counts["requests"] == 3


def test_a_forum_that_fails_is_not_asked_for_one_topic_after_another(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(9):
        show(crawling, posts(Kind.DISCOURSE, 1, first=place, place=f"topic-{place}"))
    crawling.settings = {"RETRY_TIMES": 0}
    with monkeypatch.context() as broken:
        tell(crawling, broken, {"/t/": FAULT})
        crawling(Kind.DISCOURSE, query="internet")

    assert len([target for target in crawling.asked() if target.startswith("/t/")]) == 3
    assert crawling(Kind.DISCOURSE, query="internet").counts["new"] == 9


def test_a_search_that_finds_more_than_a_crawl_has_time_for_is_gone_on_with(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "FOUND", 10)
    for place in range(25):
        show(crawling, posts(Kind.DISCOURSE, 1, first=100 * place, place=f"topic-{place}"))
    crawling.replica._watch = lambda request: crawling.clock.advance(timedelta(minutes=1))
    outcomes = [crawling(Kind.DISCOURSE, query="internet", timeout=600) for _ in range(5)]

    assert [one.counts["new"] for one in outcomes] == [6, 6, 6, 6, 1]
    assert {one.health for one in outcomes} == {Health.OK}
    assert ["notes" in one.stats for one in outcomes] == [True] * 4 + [False]


def test_what_a_page_of_results_found_is_read_before_the_next_one_is_asked_for(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.DISCOURSE, 95))
    with monkeypatch.context() as busy:
        tell(crawling, busy, {"page=2": BUSY})
        outcome = crawling(Kind.DISCOURSE, query="internet")
    whole = crawling(Kind.DISCOURSE, query="internet")

    assert (outcome.stats["cause"], outcome.counts["new"]) == ("rate_limited", 50)
    assert (whole.health, whole.counts["new"]) == (Health.OK, 45)


def test_a_post_that_moved_to_a_closed_category_is_gone(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 5))
    crawling(Kind.DISCOURSE)
    crawling.replica.posts.remove(shown[2].key)
    tell(crawling, monkeypatch, {f"/posts/{shown[2].key}.json": CLOSED})
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(Kind.DISCOURSE)

    assert (outcome.health, removed(crawling)) == (Health.OK, [shown[2].key])


def test_a_forum_that_refuses_us_is_not_one_whose_posts_are_gone(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 5))
    crawling(Kind.DISCOURSE)
    crawling.replica.posts.remove(shown[2].key)
    tell(crawling, monkeypatch, {"/posts/": FORBIDDEN})
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(Kind.DISCOURSE)

    assert (outcome.stats["cause"], removed(crawling)) == ("forbidden", [])


def test_newest_posts_that_are_all_gone_are_looked_up_within_a_day(crawling: Crawling) -> None:
    [post] = show(crawling, posts(Kind.DISCOURSE, 1))
    crawling(Kind.DISCOURSE)
    crawling.replica.posts.remove(post.key)
    outcomes = []
    for hours in (1, 24, 1):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.DISCOURSE))

    assert [one.stats.get("cause") for one in outcomes] == ["empty_before", "empty_before", None]
    assert [one.counts["removed"] for one in outcomes] == [0, 1, 0]


@pytest.mark.parametrize("most_pages", [40, 2])
def test_an_old_date_at_the_end_of_a_page_does_not_end_the_reading(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, most_pages: int
) -> None:
    monkeypatch.setattr(replica, "LATEST", 5)
    show(crawling, numbered(500, 10, first=24))
    crawling(Kind.DISCOURSE)
    monkeypatch.setattr(DiscourseSpider, "most_pages", most_pages)
    new = numbered(600, 12)
    for place in (
        4,
        8,
    ):  # the last of the first two pages, of which the second begins with the end of the first
        new[place] = replace(new[place], published_at=datetime(2019, 1, 1, 10, 0, tzinfo=UTC))
    show(crawling, new)
    first, second = crawling(Kind.DISCOURSE), crawling(Kind.DISCOURSE)

    assert (first.health, second.health, len(crawling.mentions())) == (Health.OK, Health.OK, 22)


def of_older_version(monkeypatch: pytest.MonkeyPatch, private: int = 0) -> None:
    """Let the forum show what is public of fifty ids, as older versions do. The last `private` ids are not."""
    own = replica._latest

    def windowed(request: Request, *asked: Any) -> list[dict[str, Any]]:
        shown = own(request, *asked)
        before = int(request.first("before") or shown[0]["id"] + private)
        return [one for one in shown if one["id"] > before - 50]

    monkeypatch.setattr(replica, "_latest", windowed)


@pytest.mark.parametrize(("hole", "found"), [(400, 39), (1_500, 20)])
def test_ids_of_which_none_is_public_do_not_end_the_reading(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, hole: int, found: int
) -> None:
    of_older_version(monkeypatch)
    show(crawling, numbered(1, 19, first=30) + numbered(20 + hole, 20))
    first = crawling(Kind.DISCOURSE)
    since = len(crawling.replica.requests)
    again = crawling(Kind.DISCOURSE)

    assert (first.health, first.counts["new"]) == (Health.OK, found)
    assert (again.counts["new"], len(crawling.asked(since))) == (0, 1)


def test_newest_ids_of_which_none_is_public_hide_no_post(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_older_version(monkeypatch, private=3_000)
    show(crawling, numbered(500, 30, first=30, place="oud") + numbered(600, 10, first=10))
    first = crawling(Kind.DISCOURSE)
    show(crawling, numbered(700, 5))
    crawling.replica.posts.remove("603")
    crawling.clock.advance(timedelta(hours=25))
    since = len(crawling.replica.requests)
    second = crawling(Kind.DISCOURSE)

    assert (first.health, first.counts["new"]) == (Health.OK, 40)
    assert (second.health, second.counts["new"], removed(crawling)) == (Health.OK, 5, ["603"])
    assert crawling.asked(since)[:4] == [
        "/posts.json",
        "/latest.json",
        f"/t/{topic_id(PLACE)}.json",
        "/posts.json?before=704",
    ]


def test_a_list_of_topics_has_pinned_ones_on_top() -> None:
    page = discourse.topics(json.dumps(payloads_forums.FORUM_LIST).encode())

    assert (page.newest, page.passed, page.records) == (4321, 4, ())
    assert discourse.topics(b'{"topic_list": {"topics": []}}').newest is None


def test_the_end_of_a_forum_that_shows_more_than_a_window_is_its_end(crawling: Crawling) -> None:
    show(crawling, [replace(post, key=str(int(post.key) * 3)) for post in numbered(4_000, 60)])
    crawling(Kind.DISCOURSE)

    assert len(crawling.asked()) == 3


def test_an_edit_that_takes_the_words_of_the_query_away_is_told(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(
        crawling, [*posts(Kind.DISCOURSE, 4), Post(Kind.DISCOURSE, "Mooi weer", START, place="weer")]
    )
    monkeypatch.setattr(crawling.replica, "_robots", lambda: NO_SEARCH)
    crawling(Kind.DISCOURSE, query="internet")
    crawling.replica.posts.edit(shown[1].key, text="Opgelost, dank!")
    crawling.replica.posts.edit(shown[4].key, text="Mooi weer, zeg")
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(Kind.DISCOURSE, query="internet")

    assert (outcome.counts["edited"], outcome.counts["new"], outcome.counts["removed"]) == (1, 0, 0)
    assert "Opgelost, dank!" in {line["text"] for line in crawling.mentions()}


def test_one_bad_post_among_those_that_a_query_leaves_out_is_no_other_form(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.DISCOURSE, 4))
    monkeypatch.setattr(crawling.replica, "_robots", lambda: NO_SEARCH)
    crawling.replica.posts.edit(shown[1].key, text="x" * (LONGEST_MARKUP + 1))
    outcome = crawling(Kind.DISCOURSE, query="zonnepanelen")

    assert (outcome.health, outcome.counts["refused"]) == (Health.OK, 1)


def test_a_search_that_robots_may_not_use_is_left_alone(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, [*posts(Kind.DISCOURSE, 4), Post(Kind.DISCOURSE, "Mooi weer", START, place="weer")])
    monkeypatch.setattr(crawling.replica, "_robots", lambda: NO_SEARCH)
    outcome = crawling(Kind.DISCOURSE, query="INTERNET")

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 4)
    assert outcome.stats["notes"] == [
        "robots.txt closes the search; the newest posts were looked through instead"
    ]
    assert not [target for target in crawling.asked() if target.startswith("/search")]
