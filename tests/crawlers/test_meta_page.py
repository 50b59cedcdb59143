"""A Facebook page: comments, tagging posts, recommendations, and the errors of the Graph API."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.causes import Cause
from crawlers.parsers import meta_page
from crawlers.parsers.meta_page import asked_for, parse_comments, parse_ratings, parse_tagged, wait
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.spiders import meta_page as meta_page_spider
from demo.replica import Fault, Kind
from demo.replica.keyed import KEY, said
from demo.replica.loopback import Answer, Request
from demo.replica.meta import OWN_POST, PAGE, error
from storage.models import Health
from storage.records import Kind as RecordKind
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads import WAF_PAGE
from tests.crawlers.payloads_social import META_COMMENT, RECOMMENDATION, meta, written_out

MOMENT = datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
ANSWER = META_COMMENT | {
    "id": "100_201",
    "from": {"id": "1"},
    "message": "Sorry!",
    "parent": {"id": "100_200"},
}


def test_a_recommendation_becomes_a_record_with_its_scale() -> None:
    page = parse_ratings(written_out(meta(RECOMMENDATION, after="QVFIV")), "1")
    [record] = page.records

    assert (record.namespace, record.external_id, record.kind) == ("meta", "1122334455", RecordKind.REVIEW)
    assert (record.rating, record.rating_min, record.rating_max) == (0, 0, 1)
    assert record.text == "Monteur van Snelveld drie keer niet verschenen."
    assert (record.published_at, page.next) == (MOMENT, "QVFIV")


def test_stars_of_before_have_their_own_scale() -> None:
    stars = {"created_time": "2018-11-18T10:44:02+0000", "has_rating": True, "rating": 2}
    [record] = parse_ratings(written_out(meta(stars)), "1").records

    assert (record.rating, record.rating_min, record.rating_max, record.text) == (2, 1, 5, "")


def test_a_recommendation_without_a_story_has_the_same_id_each_time() -> None:
    bare = {key: value for key, value in RECOMMENDATION.items() if key != "open_graph_story"}
    other = bare | {"review_text": "Nooit meer."}
    first, second = parse_ratings(written_out(meta(bare, other)), "1").records
    [again] = parse_ratings(written_out(meta(bare)), "1").records

    assert first.external_id == again.external_id != second.external_id


def test_a_comment_becomes_a_record() -> None:
    [record] = parse_comments(written_out(meta(META_COMMENT))).records

    assert (record.external_id, record.kind) == ("100_200", RecordKind.COMMENT)
    assert record.url == "https://www.facebook.com/100_200"
    assert (record.author_id, record.author_name) == ("998877", "Karin")
    assert (record.published_at, record.likes, record.replies, record.rating) == (MOMENT, 3, 1, None)


def test_what_the_page_answers_is_the_reply_and_no_mention() -> None:
    page = parse_comments(written_out(meta(ANSWER, META_COMMENT)), "1")
    [record] = page.records

    assert (record.external_id, page.passed) == ("100_200", 1)
    assert record.reply is not None
    assert (record.reply.text, record.reply.at) == ("Sorry!", MOMENT)


def test_an_answer_waits_for_what_it_answers_on_a_later_page() -> None:
    newer = parse_comments(written_out(meta(ANSWER)), "1")
    [record] = parse_comments(written_out(meta(META_COMMENT)), "1", newer.answers).records

    assert (newer.records, newer.passed) == ((), 1)
    assert record.reply is not None
    assert record.reply.text == "Sorry!"


def test_an_answer_of_nothing_costs_the_comment_nothing() -> None:
    [record] = parse_comments(written_out(meta(ANSWER | {"message": "\x00"}, META_COMMENT)), "1").records

    assert (record.external_id, record.reply) == ("100_200", None)


def test_a_tagging_post_becomes_a_record() -> None:
    node = {"id": "5_6", "message": "Bedankt @Snelveld", "created_time": "2026-11-18T10:44:02+0000"}
    node |= {"permalink_url": "https://www.facebook.com/story/6"}
    page = parse_tagged(
        written_out(meta(node, {"id": "5_7", "created_time": "x"}, {"id": "5_8", "message": 7}))
    )
    [record] = page.records

    assert (record.kind, record.url, record.author_id) == (
        RecordKind.POST,
        "https://www.facebook.com/story/6",
        None,
    )
    assert (page.passed, len(page.problems)) == (1, 1)


@pytest.mark.parametrize("message", [None, "", "  ", "\u200b"])
def test_a_picture_alone_is_passed_by(message: str | None) -> None:
    page = parse_comments(written_out(meta(META_COMMENT | {"message": message})))

    assert (page.records, page.problems, page.passed) == ((), (), 1)


def test_the_first_of_two_answers_counts_as_it_does_for_how_long_it_took() -> None:
    later = ANSWER | {"id": "100_202", "message": "Opgelost", "created_time": "2026-11-20T10:44:02+0000"}
    [record] = parse_comments(written_out(meta(later, ANSWER, META_COMMENT)), "1").records

    assert record.reply is not None
    assert (record.reply.text, record.reply.at) == ("Sorry!", MOMENT)


def test_only_the_mark_of_the_next_page_is_taken() -> None:
    told = {"data": [], "paging": {"next": "https://kwaad.example/x?after=QVFIV"}}

    assert parse_tagged(written_out(told)).next == "QVFIV"
    assert parse_tagged(written_out(meta())).next is None
    assert (
        parse_tagged(
            written_out({"data": [], "paging": {"next": "http://[", "cursors": {"after": "A"}}})
        ).next
        == "A"
    )


def test_a_page_that_follows_by_time_is_asked_for_as_it_is_told_and_without_its_secrets() -> None:
    address = (
        "https://kwaad.example/x?access_token=geheim&limit=100&until=1&__paging_token=e%3Dc&appsecret_proof=y"
    )
    mark = parse_tagged(written_out({"data": [], "paging": {"next": address}})).next

    assert mark is not None
    assert asked_for(mark) == {"limit": "100", "until": "1", "__paging_token": "e=c"}
    assert asked_for("QVFIV=") == {"after": "QVFIV="}


@pytest.mark.parametrize("following", ["http://[", "https://graph.facebook.com/x", "/x?access_token=geheim"])
def test_a_next_page_that_cannot_be_found_is_told(following: str) -> None:
    page = parse_tagged(written_out({"data": [], "paging": {"next": following}}))

    assert (page.next, bool(page.damage)) == (None, True)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": {}}', b"\xff"])
def test_another_form_is_named(body: bytes) -> None:
    for how in (parse_comments, parse_tagged, meta_page.posts, lambda found: parse_ratings(found, "1")):
        with pytest.raises(FormatChanged):
            how(body)


def test_a_wall_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        parse_comments(WAF_PAGE)

    assert caught.value.cause is Cause.WAF


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('{"1": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]}', 19),
        ('{"1": [{"call_count": 12, "estimated_time_to_regain_access": 0}]}', None),
        ("", None),
        ("oeps", None),
        ('{"1": [{"estimated_time_to_regain_access": 1e9}]}', 24 * 60),
    ],
)
def test_the_use_so_far_says_how_long_to_wait(header: str, expected: int | None) -> None:
    assert wait(header) == (timedelta(minutes=expected) if expected else None)


def test_comments_tagging_posts_and_recommendations_are_all_read(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.META, 130))  # with a rating
    plain = [
        crawling.replica.posts.add(
            type(one)(Kind.META, one.text, one.published_at, author=f"x{place}", tags=tags)
        )
        for place, one in enumerate(shown[:4])
        for tags in [("snelveld",) if place < 2 else ()]
    ]
    crawling.replica.posts.reply(plain[3].key, "Sorry, we bellen je.")
    first, again = crawling(Kind.META), crawling(Kind.META)

    assert (first.health, first.counts["new"], first.counts["replied"]) == (Health.OK, 134, 1)
    assert (again.health, again.counts["new"], again.counts["edited"]) == (Health.OK, 0, 0)


def test_a_late_answer_of_the_page_is_found_however_far_down_the_comment_stands(crawling: Crawling) -> None:
    shown = [
        crawling.replica.posts.add(type(one)(Kind.META, one.text, one.published_at, author=one.author))
        for one in posts(Kind.META, 130)
    ]
    crawling(Kind.META)
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.reply(shown[120].key, "Sorry, we bellen je.")
    outcome, again = crawling(Kind.META), crawling(Kind.META)

    assert (outcome.counts["replied"], outcome.counts["new"], again.counts["replied"]) == (1, 0, 0)


def test_tagging_posts_are_read_by_time_to_the_last_one(
    crawling: Crawling, caplog: pytest.LogCaptureFixture
) -> None:
    show(crawling, posts(Kind.META, 230, tags=("snelveld",)))
    outcome = crawling(Kind.META)
    asked = [target for target in crawling.asked() if "/tagged?" in target]

    assert (outcome.health, outcome.counts["new"], len(asked)) == (Health.OK, 230, 3)
    assert {target.count("access_token=") for target in asked} == {1}
    assert KEY not in " ".join(one.getMessage() for one in caplog.records if one.name.startswith("crawlers"))


def test_a_comment_that_is_listed_no_more_is_removed(crawling: Crawling) -> None:
    shown = [
        crawling.replica.posts.add(type(one)(Kind.META, one.text, one.published_at, author=one.author))
        for one in posts(Kind.META, 5)
    ]
    crawling(Kind.META)
    crawling.replica.posts.remove(shown[2].key)
    crawling.clock.advance(timedelta(days=1))
    later, again = crawling(Kind.META), crawling(Kind.META)

    assert (later.health, later.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)


@pytest.mark.parametrize("edge", ["tagged", "ratings"])
def test_what_people_say_elsewhere_is_removed_when_it_is_missing_twice(crawling: Crawling, edge: str) -> None:
    """Whoever takes back a recommendation, or keeps it to friends, does not want it read."""
    shown = show(crawling, posts(Kind.META, 5, tags=("snelveld",) if edge == "tagged" else ()))
    crawling(Kind.META)
    crawling.replica.posts.remove(shown[2].key)
    removed = []
    for _ in range(4):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(Kind.META).counts["removed"])

    assert removed == [0, 1, 0, 0]


def test_what_is_listed_again_was_not_missing_twice(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.META, 5))
    crawling(Kind.META)
    removed = []
    for there in (False, True, False):
        post = crawling.replica.posts.remove(shown[2].key)
        if there:
            crawling.replica.posts._put(replace(post, removed_at=None))
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(Kind.META).counts["removed"])

    assert removed == [0, 0, 0]


OTHERS = [f"{PAGE}_{number}" for number in (3, 2, 0)]


@dataclass
class OwnPosts:
    """The page lists these posts, with a comment each; the five under `OWN_POST` go with it when it is `deleted`."""

    crawling: Crawling
    listed: list[str]
    deleted: bool = False
    refusal: Answer | None = None

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.play = self.crawling.replica._played
        monkeypatch.setattr(self.crawling.replica, "_played", self.played)
        for one in posts(Kind.META, 5):
            self.crawling.replica.posts.add(
                type(one)(Kind.META, one.text, one.published_at, author=one.author)
            )

    def played(self, kind: Kind, request: Request, fault: Fault | None) -> Any:
        if request.path.endswith("/posts"):
            return said({"data": [{"id": post} for post in self.listed]})
        if not request.path.endswith("/comments"):
            return self.play(kind, request, fault)
        if OWN_POST not in request.path:
            return said(meta(META_COMMENT | {"id": f"{request.path.split('/')[2]}_9"}))
        if self.refusal:
            return self.refusal
        return error(100, "Unsupported get request.", 33) if self.deleted else self.play(kind, request, fault)


@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_what_stands_under_a_post_is_removed_with_it_and_not_when_newer_ones_take_its_place(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, deleted: bool, place: int
) -> None:
    own = OwnPosts(crawling, [*OTHERS[:place], OWN_POST, *OTHERS[place:]])
    own.patch(monkeypatch)
    crawling(Kind.META)
    own.listed, own.deleted = OTHERS, deleted
    outcome, since = crawling(Kind.META), len(crawling.replica.requests)
    crawling(Kind.META)

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 5 if deleted else 0)
    assert not [target for target in crawling.asked(since) if OWN_POST in target]


def test_what_a_reading_stored_that_broke_off_is_removed_with_its_post_too(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meta_page_spider, "LIMIT", 3)
    own = OwnPosts(crawling, [OWN_POST])
    own.patch(monkeypatch)
    crawling.settings = {"RETRY_TIMES": 0}
    whole = own.play

    def broken(kind: Kind, request: Request, fault: Fault | None) -> Any:
        return Answer(500) if "after=" in request.target else whole(kind, request, fault)

    own.play = broken
    first = crawling(Kind.META)
    own.listed, own.deleted = OTHERS, True
    outcome = crawling(Kind.META)

    assert (first.health, first.counts["new"]) == (Health.BROKEN, 3)
    assert outcome.counts["removed"] == 3


@pytest.mark.parametrize(("status", "code"), [(500, 2), (400, 2), (400, 1)])
def test_a_post_that_could_not_be_asked_for_is_asked_for_by_the_next_crawl(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    own = OwnPosts(crawling, [OTHERS[0], OWN_POST])
    own.patch(monkeypatch)
    crawling(Kind.META)
    own.listed, own.deleted, own.refusal = OTHERS, True, replace(error(code, "temporary"), status=status)
    failed = crawling(Kind.META)
    own.refusal = None
    outcome = crawling(Kind.META)

    assert (failed.health, failed.counts["removed"]) == (Health.BROKEN, 0)
    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 5)


def test_what_stands_on_a_page_that_cannot_be_found_is_not_taken_for_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in posts(Kind.META, 5):
        crawling.replica.posts.add(type(one)(Kind.META, one.text, one.published_at, author=one.author))
    crawling(Kind.META)
    crawling.clock.advance(timedelta(days=1))
    play = crawling.replica._played

    def cut(kind: Kind, request: Request, fault: Fault | None) -> Any:
        answer = play(kind, request, fault)
        if not request.path.endswith("/comments"):
            return answer
        return said({"data": json.loads(answer.body)["data"][:2], "paging": {"next": "http://["}})

    monkeypatch.setattr(crawling.replica, "_played", cut)
    outcome = crawling(Kind.META)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "damaged")
    assert outcome.counts["removed"] == 0


def test_a_token_that_has_run_out_is_named_and_seen_nowhere(
    crawling: Crawling, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_META_PAGE_TOKEN", "verlopen-teken")
    outcome = crawling(Kind.META)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    told = [one.getMessage() for one in caplog.records if one.name.startswith("crawlers")]
    assert told
    assert "verlopen-teken" not in f"{told} {outcome}"


@pytest.mark.parametrize(
    ("code", "cause", "health"),
    [
        (4, "rate_limited", Health.BLOCKED),
        (32, "rate_limited", Health.BLOCKED),
        (80_001, "rate_limited", Health.BLOCKED),
        (10, "forbidden", Health.BLOCKED),
        (200, "forbidden", Health.BLOCKED),
        (190, "key", Health.BLOCKED),
        (1, "status", Health.BROKEN),
    ],
)
def test_an_error_is_told_by_its_number(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, code: int, cause: str, health: Health
) -> None:
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: error(code, "-"))
    outcome = crawling(Kind.META)

    assert (outcome.health, outcome.stats["cause"]) == (health, cause)
    assert f"error {code}" in str(outcome.reason)


@pytest.mark.parametrize("code", [12, 100])
def test_recommendations_that_are_not_given_any_more_are_no_fault(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    show(crawling, posts(Kind.META, 3, tags=("snelveld",)))
    play = crawling.replica._played

    def without(kind: Kind, request: Request, fault: Fault | None) -> Any:
        return error(code, "deprecated") if request.path.endswith("/ratings") else play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", without)
    outcome = crawling(Kind.META)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 3)
    assert outcome.stats["notes"] == ["ratings: the interface does not give these any more"]


def test_posts_that_are_only_in_the_feed_of_the_page_are_found_there(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = posts(Kind.META, 3)
    for one in shown:
        crawling.replica.posts.add(type(one)(Kind.META, one.text, one.published_at, author=one.author))
    play = crawling.replica._played

    def otherwise(kind: Kind, request: Request, fault: Fault | None) -> Any:
        if request.path.endswith("/posts"):
            return error(100, "Tried accessing nonexisting field (posts)")
        return play(kind, replace(request, path=request.path.replace("/feed", "/posts")), fault)

    monkeypatch.setattr(crawling.replica, "_played", otherwise)
    outcome = crawling(Kind.META)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 3)


def test_the_use_so_far_says_how_long_the_page_is_left_alone(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = {
        "X-Business-Use-Case-Usage": '{"1": [{"call_count": 100, "estimated_time_to_regain_access": 19}]}'
    }
    refused = error(32, "-")
    monkeypatch.setattr(
        crawling.replica, "_played", lambda *_: replace(refused, headers={**refused.headers, **used})
    )

    assert crawling(Kind.META).retry_after == timedelta(minutes=19)
