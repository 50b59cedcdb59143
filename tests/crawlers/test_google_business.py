"""Google's Business Profile: words for stars, translations, signing in, and what comes late."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.parsers.google_business import original, parse
from crawlers.parsers.page import FormatChanged
from crawlers.secrets import missing
from crawlers.spiders.reading import UNKNOWN
from demo.replica import Fault, Kind, Post, google_business
from demo.replica.google_business import STARS
from demo.replica.keyed import KEY, SIGNED_IN
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board
from demo.replica.server import PLAYED
from storage.configuration import secret_variable
from storage.models import Health
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling, configured
from tests.crawlers.payloads_apps import LEFT_OUT, business, business_review, written_out

SAID = "Lange wachttijd en onvriendelijk aan de balie."


def read(*reviews: object, **changes: Any) -> Any:
    return parse(written_out(business(*reviews, **changes)))


def test_a_review_becomes_a_record() -> None:
    page = read(business_review())
    [record] = page.records

    assert (record.namespace, record.external_id) == ("google_business", "AbFvOq1ExampleReviewId")
    assert (record.text, record.title, record.kind.value) == (SAID, None, "review")
    assert (record.rating, record.rating_min, record.rating_max) == (2, 1, 5)
    assert (record.author_name, record.author_id, record.url) == ("Sanne B.", None, None)
    assert record.published_at == datetime(2026, 11, 18, 10, 20, 30, 123456, UTC)
    assert record.updated_at == datetime(2026, 11, 18, 10, 25, tzinfo=UTC)
    assert record.reply is not None
    assert record.reply.text == "Dank voor uw reactie, we nemen contact op."
    assert record.reply.at == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert (page.next, page.expected) == ("CAoQAA", 356)


@pytest.mark.parametrize(("word", "stars"), [("ONE", 1), ("TWO", 2), ("THREE", 3), ("FOUR", 4), ("FIVE", 5)])
def test_stars_are_words(word: str, stars: int) -> None:
    [record] = read(business_review(starRating=word, comment=LEFT_OUT)).records

    assert (record.rating, record.text) == (stars, "")


@pytest.mark.parametrize("word", ["STAR_RATING_UNSPECIFIED", LEFT_OUT])
def test_without_stars_the_words_count(word: object) -> None:
    [record] = read(business_review(starRating=word)).records

    assert (record.rating, record.text) == (None, SAID)


@pytest.mark.parametrize(
    "review",
    [
        business_review(starRating="ZES"),
        business_review(starRating=2),
        business_review(reviewId=LEFT_OUT),
        business_review(starRating=LEFT_OUT, comment=LEFT_OUT),
        "review",
    ],
)
def test_a_bad_review_costs_its_neighbours_nothing(review: object) -> None:
    page = read(review, business_review(reviewId="goed"))

    assert ([one.external_id for one in page.records], len(page.problems)) == (["goed"], 1)


def test_a_review_with_another_word_for_its_stars_is_known_by_its_id() -> None:
    [problem] = read(business_review(starRating="ZES")).problems

    assert problem.identity == "AbFvOq1ExampleReviewId"


@pytest.mark.parametrize("digits", ["", ".1", ".123", ".123456", ".123456789"])
def test_parts_of_a_second_may_have_any_number_of_digits(digits: str) -> None:
    [record] = read(business_review(createTime=f"2026-11-18T10:20:30{digits}Z")).records

    assert record.published_at is not None
    assert record.published_at.replace(microsecond=0) == datetime(2026, 11, 18, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "comment",
    [
        "(Translated by Google) Long wait.\n\n(Original)\nLange wachttijd.",
        "Lange wachttijd.\n\n(Translated by Google)\nLong wait.",
        "(Vertaald door Google) Long wait.\n\n(Origineel)\nLange wachttijd.",
        "Lange wachttijd.",
    ],
)
def test_only_what_was_written_is_kept_of_a_translated_text(comment: str) -> None:
    [record] = read(business_review(comment=comment)).records

    assert record.text == "Lange wachttijd."


def test_a_marker_without_words_around_it_leaves_the_text_as_it_is() -> None:
    assert original("(Translated by Google)") == "(Translated by Google)"
    assert original("(Original) recept, top!") == "(Original) recept, top!"


def test_an_anonymous_reviewer_has_no_name() -> None:
    [record] = read(
        business_review(reviewer={"displayName": "Een Google-gebruiker", "isAnonymous": True})
    ).records

    assert record.author_name is None


@pytest.mark.parametrize(("state", "answered"), [("PENDING", False), ("REJECTED", False), ("APPROVED", True)])
def test_a_reply_that_is_not_public_is_none(state: str, answered: bool) -> None:
    reply = {"comment": "Dank.", "updateTime": "2026-11-19T08:00:00Z", "state": state}

    assert (read(business_review(reviewReply=reply)).records[0].reply is not None) is answered


def test_how_far_a_page_goes_is_not_told_by_when_a_review_was_written() -> None:
    without = [business_review(reviewId=f"oud {n}", updateTime=LEFT_OUT) for n in range(2)]
    page = read(business_review(), *without)

    assert page.down_to == page.last == datetime(2026, 11, 18, 10, 25, tzinfo=UTC)
    assert [key for key, _ in page.shown] == ["AbFvOq1ExampleReviewId", "oud 0", "oud 1"]


def test_a_place_without_reviews_is_an_empty_answer() -> None:
    assert (parse(b"{}").entries, parse(b'{"averageRating": 0, "totalReviewCount": 0}').next) == (0, None)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"reviews": 7}', b'{"reviewList": []}', b'{"totalReviewCount": 356}']
)
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


@pytest.fixture
def signing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str | None], None]:
    def change(name: str, value: str | None) -> None:
        variable = secret_variable("google_business", name)
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)

    return change


def test_pages_are_read_by_their_last_change_until_what_was_read_before(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_BUSINESS, 120))
    first, again = crawling(Kind.GOOGLE_BUSINESS), crawling(Kind.GOOGLE_BUSINESS)
    asked = crawling.asked()

    assert (first.health, first.counts["new"], again.counts["new"]) == (Health.OK, 120, 0)
    place = "/v4/accounts/1029384756/locations/5647382910/reviews"
    assert asked[0] == f"{place}?pageSize=50&orderBy=updateTime%20desc"
    assert asked[1:] == [f"{asked[0]}&pageToken=CAoQ50", f"{asked[0]}&pageToken=CAoQ100", asked[0]]


def test_every_place_is_read_and_one_without_reviews_is_no_fault(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_BUSINESS, 3) + posts(Kind.GOOGLE_BUSINESS, 2, first=9, place="22"))
    places = ["locations/5647382910", "accounts/1029384756/locations/22", "33"]
    outcome = crawling(Kind.GOOGLE_BUSINESS, locations=places)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 5)


def test_of_many_places_each_gets_its_turn_to_come_first(crawling: Crawling) -> None:
    places = [str(number) for number in range(5_647_382_910, 5_647_382_918)]
    show(crawling, posts(Kind.GOOGLE_BUSINESS, 1))
    orders = []
    for known in (places[:7], places, places):
        since = len(crawling.replica.requests)
        crawling(Kind.GOOGLE_BUSINESS, locations=known)
        asked = [re.search(r"locations/(\d+)/reviews\?", one) for one in crawling.asked(since)]
        orders.append([match[1] for match in asked if match])
        crawling.clock.advance(timedelta(hours=1))

    assert orders[1][0] == places[7]  # never read
    assert sorted(orders[2]) == places
    assert len({tuple(one for one in order if one in places[:7]) for order in orders}) == 3


def test_a_late_reply_is_found_by_reading_a_month_again(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_BUSINESS, 300))
    crawling(Kind.GOOGLE_BUSINESS)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.posts.reply(shown[280].key, "Excuses voor de late reactie.")

    assert crawling(Kind.GOOGLE_BUSINESS).counts["replied"] == 1


def test_an_old_review_that_is_edited_comes_first(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_BUSINESS, 120))
    crawling(Kind.GOOGLE_BUSINESS)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.edit(shown[110].key, text="Nog steeds niets gehoord.")

    assert crawling(Kind.GOOGLE_BUSINESS).counts["edited"] == 1


def test_a_review_that_is_gone_is_looked_up_and_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_BUSINESS, 20))
    crawling(Kind.GOOGLE_BUSINESS)
    crawling.replica.posts.remove(shown[4].key)
    crawling.clock.advance(timedelta(hours=25))
    outcome, again = crawling(Kind.GOOGLE_BUSINESS), crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)
    assert [one for one in crawling.asked() if one.endswith(f"/reviews/{shown[4].key}")]


@pytest.mark.parametrize("place", [4, 40])
def test_a_review_that_is_gone_from_the_first_page_is_removed_by_the_next_crawl(
    crawling: Crawling, place: int
) -> None:
    shown = show(crawling, a_day_apart(120))
    crawling(Kind.GOOGLE_BUSINESS)
    crawling(Kind.GOOGLE_BUSINESS)
    crawling.replica.posts.remove(shown[place].key)
    crawling.clock.advance(timedelta(hours=1))
    outcome, again = crawling(Kind.GOOGLE_BUSINESS), crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)


def refused_by_itself(request: Request, board: Board, fault: Fault | None) -> Answer:
    if request.path.endswith(("/reviews", "/token")):
        return google_business.answer(request, board, fault)
    return google_business.refused(403, "PERMISSION_DENIED")


def test_a_missing_review_that_is_refused_by_itself_is_looked_up_twice(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_BUSINESS, 9))
    crawling(Kind.GOOGLE_BUSINESS)
    for post in shown[3:5]:
        crawling.replica.posts.remove(post.key)
    monkeypatch.setitem(PLAYED, Kind.GOOGLE_BUSINESS, refused_by_itself)
    outcomes = []
    for hours in (1, 1, 24, 24):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.GOOGLE_BUSINESS))

    assert [one.health for one in outcomes] == [Health.BLOCKED, Health.OK, Health.OK, Health.OK]
    assert outcomes[2].stats["notes"] == [UNKNOWN]
    assert len([one for one in crawling.asked() if not one.split("?")[0].endswith("/reviews")]) == 4
    assert {line["status"] for line in crawling.mentions()} == {"visible"}


def test_reviews_that_make_room_on_the_first_page_are_not_looked_up(crawling: Crawling) -> None:
    show(crawling, a_day_apart(120))
    crawling(Kind.GOOGLE_BUSINESS)
    crawling.clock.advance(timedelta(hours=1))
    show(
        crawling, [replace(post, author="Ook", key="") for post in posts(Kind.GOOGLE_BUSINESS, 30, first=-1)]
    )
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.counts["removed"], len(crawling.asked(since))) == (0, 1)


def a_day_apart(number: int) -> list[Post]:
    return [
        replace(post, published_at=START - timedelta(days=place))
        for place, post in enumerate(posts(Kind.GOOGLE_BUSINESS, number), 1)
    ]


def test_a_review_that_cannot_be_read_keeps_no_other_from_being_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.replica.google_business.STARS", (*STARS, "SIX"))
    shown = show(crawling, [replace(posts(Kind.GOOGLE_BUSINESS, 1)[0], rating=6)])
    shown += show(crawling, posts(Kind.GOOGLE_BUSINESS, 20, first=1))
    crawling(Kind.GOOGLE_BUSINESS)
    crawling.replica.posts.remove(shown[4].key)
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.counts["refused"], outcome.counts["removed"]) == (1, 1)


def test_a_review_that_only_moved_between_two_pages_is_not_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.GOOGLE_BUSINESS, 80))
    crawling(Kind.GOOGLE_BUSINESS)
    crawling.clock.advance(timedelta(hours=25))

    def edit(request: Any) -> None:
        if request.first("pageToken") and crawling.replica.posts[shown[70].key].edited_at is None:
            crawling.replica.posts.edit(shown[70].key, text="Toch nog gebeld, maar weer geen monteur.")

    crawling.replica._watch = edit
    outcome = crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 0)
    assert crawling(Kind.GOOGLE_BUSINESS).counts["edited"] == 1


def test_only_the_customers_words_of_a_translated_review_are_stored(crawling: Crawling) -> None:
    [shown] = show(crawling, posts(Kind.GOOGLE_BUSINESS, 1, tags=("vertaald",)))
    crawling(Kind.GOOGLE_BUSINESS)

    assert [line["text"] for line in crawling.mentions()] == [shown.text]


def test_a_refresh_token_is_exchanged_for_access(
    crawling: Crawling, signing: Callable[[str, str | None], None], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("client_id", "client_secret", "refresh_token"):
        signing(name, KEY)
    show(crawling, posts(Kind.GOOGLE_BUSINESS, 2))
    outcome = crawling(Kind.GOOGLE_BUSINESS)
    [sign_in, listing] = [one for one in crawling.replica.requests if one.path != "/robots.txt"]

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 2)
    assert (sign_in.method, sign_in.target) == ("POST", "/token")
    assert listing.headers["authorization"] == f"Bearer {SIGNED_IN}"
    assert not [secret for secret in (KEY, SIGNED_IN) if secret in caplog.text]


@pytest.mark.parametrize(("name", "value"), [("refresh_token", "ingetrokken"), ("client_secret", "verkeerd")])
def test_a_refused_token_is_named_with_its_variables(
    crawling: Crawling, signing: Callable[[str, str | None], None], name: str, value: str
) -> None:
    for each in ("client_id", "client_secret", "refresh_token"):
        signing(each, KEY)
    signing(name, value)
    outcome = crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert secret_variable("google_business", name) in str(outcome.reason)
    assert "ACCESS_TOKEN" not in str(outcome.reason)
    assert value not in str(outcome.reason)


def test_after_a_token_that_is_not_renewed_no_other_place_is_asked_for(
    crawling: Crawling, signing: Callable[[str, str | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("client_id", "client_secret", "refresh_token"):
        signing(name, KEY)

    def withdraw(request: Request) -> None:
        if request.path.endswith("/reviews"):
            monkeypatch.setattr("demo.replica.google_business.KEY", "ingetrokken")

    crawling.replica._watch = withdraw
    crawling.replica.faults.set(Kind.GOOGLE_BUSINESS, Fault.EXPIRED, times=1, after=1)
    outcome = crawling(Kind.GOOGLE_BUSINESS, locations=["5647382910", "5647382911", "5647382912"])

    assert outcome.stats["cause"] == "key"
    assert [one.split("/")[-1].split("?")[0] for one in crawling.asked()] == ["token", "reviews", "token"]


def test_an_access_token_that_has_run_out_is_named(
    crawling: Crawling, signing: Callable[[str, str | None], None]
) -> None:
    signing("access_token", "verlopen")
    outcome = crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert secret_variable("google_business", "access_token") in str(outcome.reason)


def test_a_project_without_access_is_blocked(crawling: Crawling) -> None:
    outcome = crawling(Kind.GOOGLE_BUSINESS, account="999")

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "forbidden")


def test_half_a_way_to_sign_in_is_a_fault_and_so_is_none(
    signing: Callable[[str, str | None], None],
) -> None:
    source = configured("http://127.0.0.1:1", Kind.GOOGLE_BUSINESS).source[0]
    whole = [fault.key for fault in missing(source)]
    signing("access_token", None)
    [first, *_] = none = list(missing(source))
    signing("client_id", KEY)
    half = [fault.key for fault in missing(source)]

    assert (whole, len(none)) == ([], 3)
    assert first.message.endswith(f"or sign in with {secret_variable('google_business', 'access_token')}")
    assert half == ["source google_business.client_secret", "source google_business.refresh_token"]


def test_reviews_without_times_are_another_form(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_BUSINESS, 8))
    crawling.replica.faults.set(Kind.GOOGLE_BUSINESS, Fault.NO_DATES)
    outcome = crawling(Kind.GOOGLE_BUSINESS)

    assert (outcome.health, outcome.stats["cause"]) == (Health.FORMAT_CHANGED, "no_dates")
