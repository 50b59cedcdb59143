"""Google Play's list of reviews: positions, tokens and refusals."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from crawlers.causes import Cause
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.spiders.google_play import PlaySpider, asked_for
from demo.replica import Fault, Kind, Post, google_play
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board
from demo.replica.server import PLAYED
from storage.models import Health
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling
from tests.crawlers.payloads import WAF_PAGE
from tests.crawlers.payloads_apps import PACKAGE, parse_play, play, play_envelope, play_page, play_review

ID = "a1b2c3d4-0000-4000-8000-abcdefabcdef"


def test_a_review_becomes_a_record() -> None:
    page = parse_play(play(play_page(play_review())))
    [record] = page.records

    assert (record.namespace, record.external_id) == (f"google_play:{PACKAGE}", ID)
    assert (record.text, record.title, record.language) == ("Crasht bij het openen.", None, "nl")
    assert (record.rating, record.rating_min, record.rating_max, record.likes) == (1, 1, 5, 7)
    assert (record.author_name, record.author_id, record.kind.value) == ("Henk", None, "review")
    assert record.published_at == datetime.fromtimestamp(1794998642, UTC)
    assert record.reply is not None
    assert record.reply.text == "Beste Henk, update 8.14.3 lost dit op."
    assert record.reply.at == datetime.fromtimestamp(1795085042, UTC)
    assert record.url == f"https://play.google.com/store/apps/details?id={PACKAGE}&reviewId={ID}"
    assert (page.next, page.damage, page.notes) == ("CqwBVOORBEELDTOKEN", None, ())


def test_other_answers_in_the_envelope_are_passed_by() -> None:
    inner = json.dumps(play_page(play_review()))
    body = play_envelope(["di", 81], ["wrb.fr", "other", "[[]]"], ["wrb.fr", "oCPfdb", inner])

    assert len(parse_play(body).records) == 1


@pytest.mark.parametrize(
    "page", [[[play_review()]], [[play_review()], None], play_page(play_review(), following=None)]
)
def test_without_a_token_this_was_the_last_page(page: object) -> None:
    found = parse_play(play(page))

    assert (len(found.records), found.next) == (1, None)


@pytest.mark.parametrize("page", [None, [], [None, None], [[]], play_page()])
def test_no_list_and_an_empty_list_are_no_reviews(page: object) -> None:
    assert parse_play(play(page)).entries == 0


def test_stars_without_words_are_a_review() -> None:
    [record] = parse_play(play(play_page(play_review({4: None, 7: None})))).records

    assert (record.text, record.rating, record.reply) == ("", 1, None)


def test_positions_at_the_end_may_be_missing() -> None:
    [record] = parse_play(play(play_page(play_review()[:6]))).records

    assert (record.likes, record.reply, record.text) == (None, None, "Crasht bij het openen.")


@pytest.mark.parametrize(("place", "value"), [(0, None), (0, ["x"]), (2, None), (2, "vijf"), (2, 6)])
def test_a_review_without_id_or_stars_costs_its_neighbours_nothing(place: int, value: object) -> None:
    page = parse_play(play(play_page(play_review({place: value}), play_review(), 7)))

    assert ([one.external_id for one in page.records], len(page.problems)) == ([ID], 2)


def test_a_review_without_a_time_is_kept() -> None:
    [record] = parse_play(play(play_page(play_review({5: None})))).records

    assert record.published_at is None


def test_half_a_character_in_an_id_is_survived() -> None:
    [record] = parse_play(play(play_page(play_review({0: "\ud800x"})))).records

    assert record.url == f"https://play.google.com/store/apps/details?id={PACKAGE}&reviewId=%3Fx"


def test_a_reply_that_cannot_be_stored_does_not_cost_the_review() -> None:
    [record] = parse_play(play(play_page(play_review({7: ["Snelveld", "\u200b", [0, 0]]})))).records

    assert record.reply is None


@pytest.mark.parametrize(
    ("place", "value"), [(4, ["x"]), (5, "1794998642"), (6, ["Voorbeeld BV"]), (7, "Beste Henk"), (1, "Henk")]
)
def test_something_else_at_a_known_position_is_told(place: int, value: object) -> None:
    page = parse_play(play(play_page(play_review({place: value}))))
    among_others = [play_review({0: str(number)}) for number in range(3)]

    assert (len(page.records), page.damage is not None) == (1, True)
    assert parse_play(play(play_page(play_review({place: value}), *among_others))).damage is None


REFUSED = [13, None, [["type.googleapis.com/wireless.android.finsky.boq.web.common.PlayGatewayError", [[1]]]]]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (play_envelope(["wrb.fr", "oCPfdb", None, None, None, REFUSED, "generic"]), Cause.RATE_LIMITED),
        (play_envelope(["er", None, "PlayGatewayError"]), Cause.RATE_LIMITED),
        (b"PlayGatewayError", Cause.RATE_LIMITED),
        (WAF_PAGE, Cause.WAF),
    ],
)
def test_a_refusal_is_named(body: bytes, cause: Cause) -> None:
    with pytest.raises(Blocked) as caught:
        parse_play(body)

    assert caught.value.cause is cause


def test_a_review_that_speaks_of_the_error_is_no_refusal() -> None:
    said = "Krijg steeds PlayGatewayError"

    assert parse_play(play(play_page(play_review({4: said})))).records[0].text == said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b")]}'\n\n",
        b"[]",
        b"{}",
        b")]}'\n[1",
        play({"a": 1}),
        play([{"a": 1}]),
        play_envelope(["wrb.fr", "x"]),
    ],
)
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse_play(body)


def test_what_is_asked_is_the_newest_first() -> None:
    everything = "null,[null,null,null,null,null,null,null,null,null]"
    first = f'[null,[2,2,[199],{everything}],["nl.snelveld.app",7]]'
    further = f'[null,[2,2,[199,null,"Cqw\\"B"],{everything}],["nl.snelveld.app",7]]'

    assert json.loads(asked_for(PACKAGE, None)) == [[["oCPfdb", first, None, "generic"]]]
    assert json.loads(asked_for(PACKAGE, 'Cqw"B')) == [[["oCPfdb", further, None, "generic"]]]


def test_pages_follow_by_their_token_until_what_was_read_before(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 450))
    first = crawling(Kind.GOOGLE_PLAY)
    asked = [one for one in crawling.replica.requests if one.method == "POST"]
    again = crawling(Kind.GOOGLE_PLAY)

    assert (first.health, first.counts["new"], again.counts["new"]) == (Health.OK, 450, 0)
    assert [one.target for one in asked] == ["/_/PlayStoreUi/data/batchexecute?hl=nl&gl=nl"] * 3
    assert "199,null" in parse_qs(asked[1].body.decode())["f.req"][0]
    assert len([one for one in crawling.replica.requests if one.method == "POST"]) == 4


def test_a_late_reply_is_found_by_the_daily_re_reading(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_PLAY, 100))
    crawling(Kind.GOOGLE_PLAY)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.posts.reply(shown[90].key, "Dit is opgelost.")

    assert crawling(Kind.GOOGLE_PLAY).counts["replied"] == 1


def test_a_review_that_is_missing_twice_is_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_PLAY, 30))
    crawling(Kind.GOOGLE_PLAY)
    crawling.replica.posts.remove(shown[9].key)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=24, minutes=1))
        removed.append(crawling(Kind.GOOGLE_PLAY).counts["removed"])

    assert removed == [0, 1, 0]
    assert [line["status"] for line in crawling.mentions()].count("removed") == 1


def test_a_review_that_is_missing_twice_within_hours_is_not_removed_yet(crawling: Crawling) -> None:
    [newest, *_] = show(crawling, posts(Kind.GOOGLE_PLAY, 5))
    crawling(Kind.GOOGLE_PLAY)
    crawling.replica.posts.remove(newest.key)
    removed = []
    for hours in (1, 1, 11):
        crawling.clock.advance(timedelta(hours=hours))
        removed.append(crawling(Kind.GOOGLE_PLAY).counts["removed"])

    assert removed == [0, 0, 1]


def test_a_review_that_moved_between_two_calls_is_missing_once_and_not_removed(crawling: Crawling) -> None:
    others = [replace(post, author=f"Ook {post.author}", key="") for post in posts(Kind.GOOGLE_PLAY, 140)]
    shown = show(crawling, posts(Kind.GOOGLE_PLAY, 140) + others)
    crawling(Kind.GOOGLE_PLAY)
    moved = shown[130].key

    def edit(request: Any) -> None:
        if b"CqwB" in request.body and crawling.replica.posts[moved].edited_at is None:
            crawling.replica.posts.edit(moved, text="Het werkt weer.")

    crawling.replica._watch = edit
    outcomes = []
    for hours in (25, 1, 24):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.GOOGLE_PLAY).counts)

    assert [(one["removed"], one["edited"]) for one in outcomes] == [(0, 0), (0, 1), (0, 0)]


def test_reviews_that_cannot_be_read_are_not_taken_for_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_PLAY, 8))
    crawling(Kind.GOOGLE_PLAY)
    crawling.replica.posts.edit(shown[3].key, rating=9)
    outcomes = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        outcomes.append(crawling(Kind.GOOGLE_PLAY).counts)

    assert [(one["removed"], one["refused"]) for one in outcomes] == [(0, 1)] * 3


@pytest.mark.parametrize(
    ("fault", "health", "cause"),
    [
        (Fault.GATEWAY, Health.BLOCKED, "rate_limited"),
        (Fault.EMPTY, Health.EMPTY, "empty"),
        (Fault.NO_DATES, Health.FORMAT_CHANGED, "no_dates"),
        (Fault.SHORTENED, Health.FORMAT_CHANGED, "no_dates"),
        (Fault.MALFORMED, Health.FORMAT_CHANGED, "format"),
    ],
)
def test_what_goes_wrong_is_a_named_state(
    crawling: Crawling, fault: Fault, health: Health, cause: str
) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 8))
    crawling.replica.faults.set(Kind.GOOGLE_PLAY, fault)
    outcome = crawling(Kind.GOOGLE_PLAY)

    assert (outcome.health, outcome.stats["cause"]) == (health, cause)


def test_after_a_refusal_all_reviews_are_still_read(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 210))
    crawling.replica.faults.set(Kind.GOOGLE_PLAY, Fault.EMPTY, times=1)
    crawling(Kind.GOOGLE_PLAY)

    assert crawling(Kind.GOOGLE_PLAY).counts["new"] == 210


def test_only_reviews_in_the_language_that_was_asked_are_read(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 2) + posts(Kind.GOOGLE_PLAY, 3, first=5, language="en"))
    changes: dict[str, Any] = {"language": "en"}

    assert crawling(Kind.GOOGLE_PLAY, **changes).counts["new"] == 3
    assert {line["language"] for line in crawling.mentions()} == {"en"}


def test_a_position_that_is_missing_among_others_is_told() -> None:
    review = play_review({})
    del review[6]

    assert parse_play(play(play_page(review))).damage is not None


def test_a_review_that_nobody_liked_may_have_no_number() -> None:
    page = parse_play(play(play_page(play_review({6: None}))))

    assert (page.damage, page.records[0].likes) == (None, None)


def cut_off(crawling: Crawling, asked: int = 1) -> None:
    """From the request after so many on, the list shows nothing, as when it has ended."""
    crawling.replica.faults.set(Kind.GOOGLE_PLAY, Fault.EMPTY, after=asked)


def test_a_token_that_shows_nothing_is_not_taken_for_the_end(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 450))
    cut_off(crawling)
    first = crawling(Kind.GOOGLE_PLAY)
    crawling.replica.faults.clear()
    again = crawling(Kind.GOOGLE_PLAY)

    assert (first.health, first.stats["cause"], first.counts["new"]) == (Health.EMPTY, "empty_before", 199)
    assert (again.health, again.counts["new"]) == (Health.OK, 251)


def test_reviews_below_a_token_that_shows_nothing_are_not_removed(crawling: Crawling) -> None:
    show(crawling, a_quarter_apart(450))
    crawling(Kind.GOOGLE_PLAY)
    healths = []
    for _ in range(4):
        crawling.clock.advance(timedelta(hours=25))
        cut_off(crawling)
        healths.append(crawling(Kind.GOOGLE_PLAY).health)

    assert healths == [Health.EMPTY] * 4
    assert {line["status"] for line in crawling.mentions()} == {"visible"}


def test_new_reviews_below_a_token_that_shows_nothing_are_read_by_the_next_crawl(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 3, first=2000))
    crawling(Kind.GOOGLE_PLAY)
    show(crawling, posts(Kind.GOOGLE_PLAY, 250))
    cut_off(crawling)
    first = crawling(Kind.GOOGLE_PLAY)
    crawling.replica.faults.clear()

    assert (first.health, crawling(Kind.GOOGLE_PLAY).counts["new"]) == (Health.EMPTY, 51)


def test_what_an_earlier_crawl_left_is_not_given_up_for_a_token_that_shows_nothing(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlaySpider, "most_pages", 2)
    show(crawling, posts(Kind.GOOGLE_PLAY, 3, first=2000))
    crawling(Kind.GOOGLE_PLAY)
    show(crawling, posts(Kind.GOOGLE_PLAY, 450))
    crawling(Kind.GOOGLE_PLAY)
    cut_off(crawling)
    broken = crawling(Kind.GOOGLE_PLAY)
    crawling.replica.faults.clear()

    assert (broken.health, crawling(Kind.GOOGLE_PLAY).counts["new"]) == (Health.EMPTY, 52)


def test_a_list_that_ends_with_the_same_review_a_day_later_has_ended(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 199))
    show(crawling, posts(Kind.GOOGLE_PLAY, 1, first=8000))
    healths = []
    for hours in (0, 12, 13):
        crawling.clock.advance(timedelta(hours=hours))
        cut_off(crawling)
        healths.append(crawling(Kind.GOOGLE_PLAY).health)

    assert healths == [Health.EMPTY, Health.EMPTY, Health.OK]


def test_a_list_that_ends_with_another_review_each_time_is_not_taken_for_ended(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 450))
    healths = []
    for day in range(4):
        show(crawling, posts(Kind.GOOGLE_PLAY, 1, first=-25 * day - 1))
        cut_off(crawling)
        healths.append(crawling(Kind.GOOGLE_PLAY).health)
        crawling.clock.advance(timedelta(hours=25))

    assert healths == [Health.EMPTY] * 4


def test_an_end_that_shows_nothing_is_no_fault_where_everything_known_was_seen(crawling: Crawling) -> None:
    show(crawling, a_quarter_apart(199))
    crawling(Kind.GOOGLE_PLAY)
    show(crawling, posts(Kind.GOOGLE_PLAY, 1, first=8000))
    crawling.clock.advance(timedelta(hours=25))
    cut_off(crawling)
    outcome = crawling(Kind.GOOGLE_PLAY)

    assert (outcome.health, len(crawling.asked())) == (Health.OK, 3)


def a_quarter_apart(number: int) -> list[Post]:
    return [
        replace(post, published_at=START - timedelta(minutes=15 * place))
        for place, post in enumerate(posts(Kind.GOOGLE_PLAY, number), 1)
    ]


def test_a_review_that_shows_no_time_any_more_is_there(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_PLAY, 8))
    crawling(Kind.GOOGLE_PLAY)
    review = google_play._review
    monkeypatch.setattr(
        google_play,
        "_review",
        lambda post, fault: review(post, Fault.NO_DATES if post.key == shown[3].key else fault),
    )
    outcomes = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        outcomes.append(crawling(Kind.GOOGLE_PLAY))

    assert [(one.health, one.counts["removed"]) for one in outcomes] == [(Health.OK, 0)] * 3


def test_all_that_are_missing_twice_are_removed_at_once(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_PLAY, 40))
    crawling(Kind.GOOGLE_PLAY)
    for post in shown[5:30]:
        crawling.replica.posts.remove(post.key)
    removed = []
    for _ in range(2):
        crawling.clock.advance(timedelta(hours=24, minutes=1))
        removed.append(crawling(Kind.GOOGLE_PLAY).counts["removed"])

    assert removed == [0, 25]


def shown_as_older(monkeypatch: pytest.MonkeyPatch, review: Post) -> None:
    """It has a time that is a year before the one that its place says."""
    written = google_play._review
    older = replace(review, published_at=review.published_at - timedelta(days=365))
    monkeypatch.setattr(
        google_play, "_review", lambda post, fault: written(older if post.key == review.key else post, fault)
    )


def test_a_review_out_of_order_at_the_end_of_a_page_keeps_none_below_it_from_being_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 3, first=2000))
    crawling(Kind.GOOGLE_PLAY)
    shown = show(crawling, a_quarter_apart(450))
    shown_as_older(monkeypatch, shown[198])

    assert crawling(Kind.GOOGLE_PLAY).counts["new"] == 450


def test_reviews_below_one_that_is_out_of_order_are_not_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, a_quarter_apart(450))
    crawling(Kind.GOOGLE_PLAY)
    shown_as_older(monkeypatch, shown[198])
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(Kind.GOOGLE_PLAY).counts["removed"])

    assert removed == [0, 0, 0]


def test_an_empty_list_with_a_token_is_not_followed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 450))
    answer = PLAYED[Kind.GOOGLE_PLAY]

    def nothing(request: Request, board: Board, fault: Fault | None) -> Answer:
        empty = Answer.of("application/json", play([[], None, [None, "CqwBVOORBEELD199"], None]).decode())
        return empty if b"CqwB" in request.body else answer(request, board, fault)

    with monkeypatch.context() as refused:
        refused.setitem(PLAYED, Kind.GOOGLE_PLAY, nothing)
        first = crawling(Kind.GOOGLE_PLAY)
    asked = len(crawling.asked())

    assert (first.health, first.counts["new"], asked) == (Health.EMPTY, 199, 2)
    assert crawling(Kind.GOOGLE_PLAY).counts["new"] == 251
