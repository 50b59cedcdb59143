"""Comments on YouTube, and what stands in their way."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.causes import Cause
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.parsers.youtube import Threads, parse, parse_replies, refusal, videos
from demo.replica import Fault, Kind
from demo.replica.keyed import KEY, said
from demo.replica.loopback import Answer, Request
from demo.replica.youtube import CHANNEL, error
from storage.models import Health
from storage.records import Kind as RecordKind
from storage.records import Status
from tests.crawlers.complaints import altered, posts, show, slow
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads import WAF_PAGE
from tests.crawlers.payloads_social import (
    written_out,
    youtube_comment,
    youtube_error,
    youtube_thread,
    youtube_threads,
)


def read(*threads: object, **changes: Any) -> Threads:
    return parse(written_out(youtube_threads(*threads, **changes)))


def test_a_comment_becomes_a_record() -> None:
    page = read(youtube_thread(total=1), token="QURTSl9x")
    [record] = page.records

    assert (record.namespace, record.external_id) == ("youtube", "UgzVoorbeeldCommentId")
    assert record.url == "https://www.youtube.com/watch?v=abc123DEF45&lc=UgzVoorbeeldCommentId"
    assert record.text == "Reclame van Snelveld is leuk, klantenservice niet."
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
    assert (record.status, record.updated_at) == (Status.EDITED, datetime(2026, 11, 18, 10, 50, tzinfo=UTC))
    assert (record.likes, record.replies, record.views, record.rating) == (6, 1, None, None)
    assert (record.author_id, record.author_name) == ("UCkarin", "@karin")
    assert (record.kind, page.next) == (RecordKind.COMMENT, "QURTSl9x")
    assert page.unread == (("UgzVoorbeeldCommentId", 1),)


def test_replies_that_are_shown_are_read_and_a_whole_thread_needs_no_more() -> None:
    page = read(youtube_thread(None, youtube_comment("UgzVoorbeeldCommentId.1")))

    assert [one.external_id for one in page.records] == ["UgzVoorbeeldCommentId", "UgzVoorbeeldCommentId.1"]
    assert (page.unread, len(page.shown)) == ((), 1)


def test_markup_is_read_as_words_where_there_is_no_original() -> None:
    comment = youtube_comment(textOriginal=None, textDisplay="Slecht &amp; duur<br>Nooit meer")

    assert read(youtube_thread(comment)).records[0].text == "Slecht & duur\nNooit meer"


def test_a_video_of_no_possible_name_gives_no_address() -> None:
    assert read(youtube_thread(youtube_comment(videoId="\ud800&x=1"))).records[0].url is None


def test_a_bad_comment_costs_its_neighbours_nothing() -> None:
    page = read(None, youtube_thread(youtube_comment(textOriginal=7, textDisplay=None)), youtube_thread())

    assert (len(page.records), len(page.problems)) == (1, 2)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": {}}', b"\xff"])
def test_another_form_is_named(body: bytes) -> None:
    for how in (parse, parse_replies, videos):
        with pytest.raises(FormatChanged):
            how(body)


def test_a_wall_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        parse(WAF_PAGE)

    assert caught.value.cause is Cause.WAF


def test_a_reply_that_names_no_video_stands_under_that_of_its_thread() -> None:
    comment = youtube_comment()
    del comment["snippet"]["videoId"]
    body = written_out({"items": [comment]})

    assert "v=abc123DEF45&lc=" in str(parse_replies(body, "abc123DEF45").records[0].url)
    assert parse_replies(body).records[0].url is None


def test_only_videos_of_a_search_are_taken() -> None:
    found = [
        {"id": {"videoId": "abc123DEF45"}},
        {"id": {"channelId": "UCx"}},
        {"id": {"videoId": "a/b"}},
        None,
    ]

    assert videos(written_out({"items": found})) == ("abc123DEF45",)


def test_a_refusal_has_a_word() -> None:
    assert refusal(written_out(youtube_error("quotaExceeded"))) == "quotaExceeded"
    assert (refusal(b"<html>"), refusal(b"{}"), refusal(b'{"error": {"errors": []}}')) == (None, None, None)


def test_all_pages_are_read_and_the_next_crawl_reads_the_newest(crawling: Crawling) -> None:
    show(crawling, posts(Kind.YOUTUBE, 230))
    first = crawling(Kind.YOUTUBE)
    since = len(crawling.replica.requests)
    again = crawling(Kind.YOUTUBE)

    assert (first.health, first.counts["new"]) == (Health.OK, 230)
    assert (again.health, again.counts["new"], len(crawling.asked(since))) == (Health.OK, 0, 1)


def test_late_replies_are_read_once(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 5))
    crawling(Kind.YOUTUBE)
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.reply(shown[3].key, "Stuur ons even een bericht.")
    later, again = crawling(Kind.YOUTUBE), crawling(Kind.YOUTUBE)

    assert (later.counts["new"], again.counts["new"]) == (1, 0)
    assert len([target for target in crawling.asked() if "/comments?" in target]) == 1


def test_a_reply_that_its_thread_does_not_show_is_read_again_once_a_day_for_edits(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 5))
    crawling.replica.posts.reply(shown[3].key, "Stuur ons even een bericht.")
    crawling(Kind.YOUTUBE)
    crawling.replica.posts.reply(shown[3].key, "Stuur ons even een bericht met uw klantnummer.")
    soon = crawling(Kind.YOUTUBE)
    crawling.clock.advance(timedelta(days=1))
    later = crawling(Kind.YOUTUBE)

    assert (soon.counts["edited"], later.counts["edited"]) == (0, 1)


def test_new_replies_are_read_before_those_that_may_be_edited(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.youtube.MOST_THREADS", 2)
    shown = show(crawling, posts(Kind.YOUTUBE, 5))
    for post in shown[:2]:
        crawling.replica.posts.reply(post.key, "Stuur ons even een bericht.")
    crawling(Kind.YOUTUBE)
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.reply(shown[4].key, "Stuur ons even een bericht.")

    assert crawling(Kind.YOUTUBE).counts["new"] == 1


def test_replies_that_are_more_than_one_crawl_reads_are_read_by_the_next(crawling: Crawling) -> None:
    for shown in show(crawling, posts(Kind.YOUTUBE, 150)):
        if int(shown.title.split()[-1]) > 105:
            crawling.replica.posts.reply(shown.key, "Stuur ons even een bericht.")
    counts = [crawling(Kind.YOUTUBE).counts["new"] for _ in range(4)]

    assert counts == [150 + 20, 20, 5, 0]


def test_the_lists_of_all_videos_are_read_before_replies_and_time_is_left_for_an_end(
    crawling: Crawling,
) -> None:
    videos = [f"video{number:06d}" for number in range(8)]
    for video in videos:
        for shown in show(crawling, posts(Kind.YOUTUBE, 4, place=video)):
            crawling.replica.posts.reply(shown.key, "Stuur ons even een bericht.")
    slow(crawling, timedelta(seconds=30))
    outcomes = [crawling(Kind.YOUTUBE, videos=videos, timeout=600) for _ in range(4)]

    assert [one.health for one in outcomes] == [Health.OK] * 4
    assert outcomes[0].counts["new"] >= 8 * 4 + 1
    assert sum(one.counts["new"] for one in outcomes) == 8 * 4 * 2


def test_a_thread_whose_replies_cannot_be_read_keeps_no_other_from_being_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 3))
    for one in shown:
        crawling.replica.posts.reply(one.key, "Stuur ons even een bericht.")
    play = crawling.replica._played

    def broken(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        fails = request.first("parentId") == shown[0].key
        return Answer.of("text/html", "<p>") if fails else play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", broken)

    assert crawling(Kind.YOUTUBE).counts["new"] == 3 + 2


def test_replies_on_a_channel_stand_under_the_video_of_their_thread(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 105) + posts(Kind.YOUTUBE, 25, first=105, place="ander_VIDEO"))
    for post in shown[105:]:
        crawling.replica.posts.reply(post.key, "Stuur ons even een bericht.")
    counts = [crawling(Kind.YOUTUBE, videos=[], channels=[CHANNEL]).counts["new"] for _ in range(2)]
    replies = [line["url"] for line in crawling.mentions() if line["external_id"].endswith(".antwoord")]

    assert counts == [130 + 20, 5]
    assert not [
        url for url in replies if not str(url).startswith("https://www.youtube.com/watch?v=ander_VIDEO&")
    ]


def test_a_thread_that_vanished_while_its_replies_waited_is_let_go(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shown in show(crawling, posts(Kind.YOUTUBE, 3)):
        crawling.replica.posts.reply(shown.key, "Stuur ons even een bericht.")
    play = crawling.replica._played

    def gone(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        missing = request.path.endswith("/comments")
        return error(404, "parentCommentNotFound", "-") if missing else play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", gone)
    since = len(crawling.replica.requests)
    outcomes = [crawling(Kind.YOUTUBE) for _ in range(2)]

    assert [one.health for one in outcomes] == [Health.OK, Health.OK]
    assert len([target for target in crawling.asked(since) if "/comments?" in target]) == 3


def test_a_thread_whose_video_became_private_is_let_go_too(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 3))
    crawling.replica.posts.reply(shown[0].key, "Stuur ons even een bericht.")
    play = crawling.replica._played

    def private(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        ours = not request.path.endswith("/comments")
        return play(kind, request, fault) if ours else error(403, "forbidden", "-")

    monkeypatch.setattr(crawling.replica, "_played", private)
    outcomes = [crawling(Kind.YOUTUBE) for _ in range(2)]

    assert [one.health for one in outcomes] == [Health.OK, Health.OK]
    assert len([target for target in crawling.asked() if "/comments?" in target]) == 1


def test_replies_whose_next_page_is_the_same_one_are_not_read_without_end(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    [shown] = show(crawling, posts(Kind.YOUTUBE, 1))
    crawling.replica.posts.reply(shown.key, "Stuur ons even een bericht.")
    play = crawling.replica._played

    def played(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        answer = play(kind, request, fault)
        again = json.loads(answer.body) | {"nextPageToken": "dezelfde"}
        return said(again) if request.path.endswith("/comments") else answer

    monkeypatch.setattr(crawling.replica, "_played", played)
    outcome = crawling(Kind.YOUTUBE)

    assert (outcome.stats["cause"], outcome.counts["new"], len(crawling.asked())) == ("damaged", 2, 3)


def test_a_comment_that_is_gone_is_looked_up_and_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 9))
    crawling(Kind.YOUTUBE)
    crawling.replica.posts.remove(shown[4].key)
    crawling.clock.advance(timedelta(days=1))

    assert crawling(Kind.YOUTUBE).counts["removed"] == 1


def replied(crawling: Crawling, number: int) -> list[str]:
    """Threads with a reply each, all read."""
    shown = show(crawling, posts(Kind.YOUTUBE, 6))
    for post in shown[:number]:
        crawling.replica.posts.reply(post.key, "Stuur ons even een bericht.")
    crawling(Kind.YOUTUBE)
    crawling.clock.advance(timedelta(days=1))
    return [post.key for post in shown]


def removed(crawling: Crawling) -> set[str]:
    return {line["external_id"] for line in crawling.mentions() if line["status"] == "removed"}


def test_a_thread_that_is_gone_takes_its_replies_along(crawling: Crawling) -> None:
    keys = replied(crawling, 3)
    crawling.replica.posts.remove(keys[1])
    crawling(Kind.YOUTUBE)

    assert removed(crawling) == {keys[1], f"{keys[1]}.antwoord"}


@pytest.mark.parametrize("named", [True, False])
def test_replies_that_are_gone_are_looked_up_and_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    keys = replied(crawling, 4)
    gone = {f"{key}.antwoord" for key in keys[:2]}
    play = crawling.replica._played

    def without(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        asked = set(request.first("id").split(","))
        if "/comments" in request.path and asked & gone and not named:
            return error(404, "commentNotFound", "-")
        answer = play(kind, request, fault)
        found = json.loads(answer.body)
        # The third stands elsewhere: its thread does not list it, and it is there when it is asked for.
        hidden = gone if "id" in request.query else {*gone, f"{keys[2]}.antwoord"}
        found["items"] = [one for one in found["items"] if one["id"] not in hidden]
        return said(found)

    monkeypatch.setattr(crawling.replica, "_played", without)
    outcome = crawling(Kind.YOUTUBE)
    since = len(crawling.replica.requests)
    again = crawling(Kind.YOUTUBE)

    assert (outcome.health, removed(crawling)) == (Health.OK, gone)
    assert (again.counts["removed"], len(crawling.asked(since))) == (0, 1)


def test_replies_that_a_thread_shows_itself_are_missed_too(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    [key] = (post.key for post in show(crawling, posts(Kind.YOUTUBE, 1)))
    shown = [youtube_comment(f"{key}.1"), youtube_comment(f"{key}.2")]

    def with_replies(answer: dict[str, Any], request: Request) -> None:
        if "commentThread" in answer["kind"]:
            answer["items"][0]["replies"] = {"comments": shown}
            answer["items"][0]["snippet"]["totalReplyCount"] = len(shown)

    altered(monkeypatch, Kind.YOUTUBE, with_replies)
    crawling(Kind.YOUTUBE)
    shown.pop()
    soon = crawling(Kind.YOUTUBE)
    crawling.clock.advance(timedelta(days=1))
    later = crawling(Kind.YOUTUBE)

    assert (soon.counts["removed"], later.counts["removed"]) == (0, 1)
    assert removed(crawling) == {f"{key}.2"}


def test_of_threads_that_are_looked_up_in_vain_each_is_asked_for_by_itself(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 9))
    crawling(Kind.YOUTUBE)
    for place in (3, 4):
        crawling.replica.posts.remove(shown[place].key)
    crawling.replica.posts.move(shown[5].key, "ander_VIDEO")
    crawling.clock.advance(timedelta(days=1))
    play = crawling.replica._played

    def strict(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        there = {post.key for post in crawling.replica.posts.seen(Kind.YOUTUBE)}
        if "id" in request.query and not there.issuperset(request.first("id").split(",")):
            return error(404, "commentThreadNotFound", "-")
        return play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", strict)
    outcome = crawling(Kind.YOUTUBE)

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 2)


def test_a_thread_that_is_not_for_us_keeps_no_other_from_being_looked_up(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 9))
    crawling(Kind.YOUTUBE)
    for place in (3, 4):
        crawling.replica.posts.remove(shown[place].key)
    crawling.clock.advance(timedelta(days=1))
    play = crawling.replica._played

    def strict(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        if shown[3].key in request.first("id"):
            return error(403, "commentsDisabled", "-")
        return play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", strict)
    outcome = crawling(Kind.YOUTUBE)

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 1)


def test_an_edit_that_takes_the_words_of_the_search_out_is_kept(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.YOUTUBE, 9))
    crawling(Kind.YOUTUBE, query="internet")
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.edit(shown[4].key, text="Opgelost.")
    outcome = crawling(Kind.YOUTUBE, query="internet")

    assert (outcome.counts["edited"], outcome.counts["removed"]) == (1, 0)


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [({}, 403, "commentsDisabled"), ({"videos": [], "query": "snelveld"}, 404, "videoNotFound")],
)
def test_what_stood_under_a_video_that_stays_closed_is_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], code: int, reason: str
) -> None:
    show(crawling, posts(Kind.YOUTUBE, 3))
    crawling(Kind.YOUTUBE, **changes)
    refuse(crawling, monkeypatch, error(code, reason, "-"))
    outcomes = []
    for hours in (1, 3, 10, 1):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.YOUTUBE, **changes))

    assert [one.counts["removed"] for one in outcomes] == [0, 0, 3, 0]
    assert {one.health for one in outcomes} == {Health.OK}


def test_a_video_that_was_open_in_between_did_not_stay_closed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.YOUTUBE, 3))
    crawling(Kind.YOUTUBE)
    removed = 0
    for closed in (True, False, True):
        crawling.clock.advance(timedelta(hours=7))
        with monkeypatch.context() as patched:
            if closed:
                refuse(crawling, patched, error(403, "commentsDisabled", "-"))
            removed += crawling(Kind.YOUTUBE).counts["removed"]

    assert removed == 0


def refuse(crawling: Crawling, monkeypatch: pytest.MonkeyPatch, refusal: Answer) -> None:
    """Let the replica answer so wherever threads are listed."""
    play = crawling.replica._played

    def refused(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        return refusal if request.path.endswith("/commentThreads") else play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", refused)


def test_comments_that_are_switched_off_are_no_fault(crawling: Crawling) -> None:
    show(crawling, posts(Kind.YOUTUBE, 2))
    outcome = crawling(Kind.YOUTUBE, videos=["uitgezet123", "abc123DEF45"])

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 2)
    assert outcome.stats["notes"] == ["video uitgezet123: commentsDisabled"]


def test_a_video_that_is_not_for_us_costs_that_one_alone(crawling: Crawling) -> None:
    show(crawling, posts(Kind.YOUTUBE, 2))
    outcome = crawling(Kind.YOUTUBE, videos=["besloten123", "abc123DEF45"])

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "forbidden")
    assert (outcome.counts["new"], outcome.rest) == (2, None)
    assert "video besloten123" in str(outcome.reason)


def test_when_everything_is_refused_the_rest_is_not_asked_for(crawling: Crawling) -> None:
    outcome = crawling(Kind.YOUTUBE, videos=[f"besloten12{place}" for place in range(6)])

    assert (outcome.health, outcome.rest, len(crawling.asked())) == (Health.BLOCKED, timedelta(hours=1), 3)


def test_a_spent_quota_is_left_alone_until_midnight_in_california(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.YOUTUBE, Fault.CLOSED)
    outcome = crawling(Kind.YOUTUBE, videos=["abc123DEF45", "abc123DEF46"])

    assert (outcome.stats["cause"], outcome.retry_after) == ("rate_limited", timedelta(hours=20))
    assert len(crawling.asked()) == 1


def test_a_wrong_key_is_named_and_seen_nowhere(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_YOUTUBE_KEY", "verkeerde-sleutel")
    outcome = crawling(Kind.YOUTUBE)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    told = [one.getMessage() for one in caplog.records if one.name.startswith("crawlers")]
    assert told
    assert "verkeerde-sleutel" not in f"{told} {outcome}"


def test_a_key_that_is_refused_without_a_reason_is_named(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "code": 400,
        "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT",
    }
    refusal = Answer.of("application/json", json.dumps({"error": told}), 400)
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: refusal)
    outcome = crawling(Kind.YOUTUBE)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")


def test_a_channel_is_read_whole_or_by_words(crawling: Crawling) -> None:
    show(crawling, posts(Kind.YOUTUBE, 3) + posts(Kind.YOUTUBE, 2, first=5, place="ander_VIDEO"))

    assert crawling(Kind.YOUTUBE, videos=[], channels=[CHANNEL], query="storing").counts["new"] == 0
    assert crawling(Kind.YOUTUBE, videos=[], channels=[CHANNEL]).counts["new"] == 5


def test_what_a_search_finds_is_read_by_every_crawl_and_searched_for_seldom(crawling: Crawling) -> None:
    show(crawling, posts(Kind.YOUTUBE, 3, first=2) + posts(Kind.YOUTUBE, 2, first=9, place="ander_VIDEO"))
    first = crawling(Kind.YOUTUBE, videos=[], query="snelveld")
    show(crawling, posts(Kind.YOUTUBE, 1))
    second = crawling(Kind.YOUTUBE, videos=[], query="snelveld")
    crawling.clock.advance(timedelta(hours=7))
    crawling(Kind.YOUTUBE, videos=[], query="snelveld")

    assert (first.counts["new"], second.counts["new"]) == (5, 1)
    assert len([target for target in crawling.asked() if "/search?" in target]) == 2
    assert all(f"key={KEY}" in target for target in crawling.asked())


@pytest.mark.parametrize("refusal", [Answer.of("application/json", "{}", 400), Answer.of("text/html", "<p>")])
def test_what_was_found_before_is_read_when_the_search_fails(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, refusal: Answer
) -> None:
    show(crawling, posts(Kind.YOUTUBE, 3, first=2))
    crawling(Kind.YOUTUBE, videos=[], query="snelveld")
    show(crawling, posts(Kind.YOUTUBE, 1))
    crawling.clock.advance(timedelta(hours=7))
    play = crawling.replica._played

    def refused(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        return refusal if request.path.endswith("/search") else play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", refused)
    outcome = crawling(Kind.YOUTUBE, videos=[], query="snelveld")

    assert (outcome.health in (Health.BROKEN, Health.FORMAT_CHANGED), outcome.counts["new"]) == (True, 1)


def test_one_comment_that_cannot_be_read_keeps_no_other_from_being_missed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(found: dict[str, Any], request: Request) -> None:
        if "videoId" in request.query:
            found["items"].insert(0, {"kind": "youtube#commentThread", "snippet": {"videoId": "abc123DEF45"}})

    altered(monkeypatch, Kind.YOUTUBE, damaged)
    shown = show(crawling, posts(Kind.YOUTUBE, 9))
    crawling(Kind.YOUTUBE)
    crawling.replica.posts.remove(shown[4].key)
    crawling.clock.advance(timedelta(days=1))

    assert crawling(Kind.YOUTUBE).counts["removed"] == 1


def test_a_thread_without_its_first_comment_is_known_by_its_own_id() -> None:
    thread = youtube_thread() | {"id": "UgzZonderEerste"}
    del thread["snippet"]["topLevelComment"]  # type: ignore[attr-defined]

    assert [one.identity for one in read(thread).problems] == ["UgzZonderEerste"]


def test_a_video_that_stays_closed_is_noticed_by_a_source_that_is_read_once_a_week(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.YOUTUBE, 3))
    crawling(Kind.YOUTUBE)
    refuse(crawling, monkeypatch, error(403, "commentsDisabled", "-"))
    removed = 0
    for _ in range(2):
        crawling.clock.advance(timedelta(days=7))
        removed += crawling(Kind.YOUTUBE).counts["removed"]

    assert removed == 3
