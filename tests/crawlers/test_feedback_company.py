"""Feedback Company: a secret in an address, a scale that the summary tells, times without a zone."""

from datetime import UTC, datetime, timedelta

import pytest

from crawlers.causes import Cause
from crawlers.parsers.feedback_company import Shop, parse, summary
from crawlers.parsers.page import Blocked, FormatChanged, Page
from demo.replica import Fault, Kind, Post
from demo.replica.keyed import said
from storage.models import Health
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling
from tests.crawlers.payloads_reviews import FEEDBACK_SUMMARY, feedback_page, written_out

SHOP = Kind.FEEDBACK_COMPANY
PAGE = "https://www.feedbackcompany.com/nl-nl/reviews/voorbeeld/"


def read(body: bytes, start: int = 0) -> Page:
    return parse(body, Shop(5, PAGE), start)


def test_a_review_becomes_a_record() -> None:
    page = read(feedback_page({}))
    [record] = page.records

    assert (record.namespace, record.external_id, record.url) == ("feedback_company", "8812345", PAGE)
    assert (record.title, record.author_name) == (None, "J. Jansen")
    assert record.text == "Pakket beschadigd ontvangen, geen reactie op mijn mails."
    assert (record.rating, record.rating_min, record.rating_max) == (1.5, 0, 5)
    assert record.published_at == datetime(2026, 11, 17, 19, 15, 4, tzinfo=UTC)
    assert (page.expected, page.next) == (431, "1")


@pytest.mark.parametrize(
    ("local", "hour"),
    [("2026-10-25 01:59:59", 23), ("2026-10-25 02:30:00", 0), ("2026-10-25 03:00:00", 2)],
)
def test_a_time_without_a_zone_is_dutch_and_the_first_of_the_hour_that_occurs_twice(
    local: str, hour: int
) -> None:
    [record] = read(feedback_page({"date_created": local})).records

    assert record.published_at is not None
    assert record.published_at.hour == hour


def test_answers_that_are_figures_are_no_words() -> None:
    questions = [{"value": "4"}, {"value": 3}, {"value": "Te laat."}, None, {"value": "Geen excuses."}]
    [record] = read(feedback_page({"questions": questions})).records

    assert record.text == "Te laat.\nGeen excuses."


def test_the_summary_says_how_far_the_scale_goes_and_where_the_reviews_are() -> None:
    assert summary(written_out(FEEDBACK_SUMMARY)) == Shop(5, PAGE)


@pytest.mark.parametrize("best", [None, 0, -1, 101, "veel", 1e300])
def test_a_scale_that_cannot_be_one_is_named(best: object) -> None:
    with pytest.raises(FormatChanged):
        summary(written_out({"data": [{"review_summary": {"max_score": best}}]}))


def test_the_last_page_is_known_by_the_total() -> None:
    assert read(feedback_page({}), 430).next is None
    assert read(feedback_page(), 0).next is None


def test_a_bad_review_costs_no_good_one() -> None:
    page = read(feedback_page({"total_score": 7}, {"id": None}, {}))

    assert (len(page.records), len(page.problems)) == (1, 2)


@pytest.mark.parametrize("refusal", [{"success": False}, {"error": True}])
def test_no_success_is_a_key_that_does_not_fit(refusal: dict[str, bool]) -> None:
    with pytest.raises(Blocked) as caught:
        read(feedback_page({}, **refusal))

    assert caught.value.cause is Cause.KEY


@pytest.mark.parametrize("said", ["message", "description"])
def test_an_error_of_the_platform_is_no_firewall(said: str) -> None:
    body = written_out({"success": False, "error": True, said: "Access token expired"})
    for reads in (read, summary):
        with pytest.raises(Blocked) as caught:
            reads(body)

        assert caught.value.cause is Cause.KEY


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reviews": {}}', b"<html>"])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        read(body)


def test_reading_stops_at_what_is_known(crawling: Crawling) -> None:
    show(crawling, posts(SHOP, 350))
    first = crawling(SHOP)
    since = len(crawling.replica.requests)
    crawling.clock.advance(timedelta(hours=1))
    show(crawling, [Post(SHOP, "Weer niet geleverd door snelveld", crawling.clock(), author="Els", rating=1)])
    again = crawling(SHOP)

    assert (first.counts["new"], again.counts["new"]) == (350, 1)
    assert [target.partition("?")[0] for target in crawling.asked(since)] == [
        "/api/v2/oauth2/token",
        "/api/v2/review",
        "/api/v2/review",
    ]


def test_a_scale_to_ten_is_read_from_the_summary(crawling: Crawling) -> None:
    show(crawling, [Post(SHOP, "Snelveld belde netjes terug", START, rating=8, rating_max=10)])
    crawling(SHOP)
    [line] = crawling.mentions()

    assert (line["rating"], line["rating_max"]) == (8, 10)


def test_without_a_summary_the_scale_is_taken_to_go_to_five(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(SHOP, 2))
    monkeypatch.setattr("demo.replica.feedback_company._summary", lambda known: said({"data": []}))
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 2)
    assert "taken to go to 5" in outcome.stats["notes"][0]


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_a_summary_that_is_refused_keeps_no_review_from_being_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    crawling.settings = {"RETRY_TIMES": 0}
    show(crawling, [Post(SHOP, "Snelveld belde netjes terug", START, rating=8, rating_max=10)])
    crawling(SHOP)
    crawling.clock.advance(timedelta(hours=25))
    show(
        crawling, [Post(SHOP, "Weer niet geleverd", crawling.clock(), author="Els", rating=7, rating_max=10)]
    )
    monkeypatch.setattr("demo.replica.feedback_company._summary", lambda known: said({}, status))
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 1)
    assert "taken to go to 10" in outcome.stats["notes"][0]


def test_a_summary_without_an_answer_keeps_no_review_from_being_read(crawling: Crawling) -> None:
    crawling.settings = {"RETRY_TIMES": 0}
    show(crawling, posts(SHOP, 2))
    crawling(SHOP)
    crawling.clock.advance(timedelta(hours=25))
    show(crawling, [Post(SHOP, "Weer niet geleverd", crawling.clock(), author="Els", rating=2, rating_max=5)])
    crawling.replica.faults.set(SHOP, Fault.RESET, after=1, times=1)
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 1)


def test_no_rating_is_stored_on_a_scale_that_nobody_told(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawling.settings = {"RETRY_TIMES": 0}
    show(crawling, [Post(SHOP, "Matig", START, rating=4, rating_max=10)])
    with monkeypatch.context() as patch:
        patch.setattr("demo.replica.feedback_company._summary", lambda known: said({}, 500))
        failed = crawling(SHOP)
    crawling.replica.faults.set(SHOP, Fault.RESET, after=1, times=1)
    unanswered = crawling(SHOP)

    assert [failed.health, unanswered.health, len(crawling.mentions())] == [Health.BROKEN, Health.BROKEN, 0]
    assert crawling(SHOP).health is Health.OK
    assert [line["rating_max"] for line in crawling.mentions()] == [10]


def test_a_summary_for_which_the_site_asks_to_wait_is_heeded(crawling: Crawling) -> None:
    show(crawling, posts(SHOP, 2))
    crawling.replica.faults.set(SHOP, Fault.RATE_LIMITED, after=1, times=1, retry_after=600)
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "rate_limited")
    assert len(crawling.asked()) == 2


@pytest.mark.parametrize("secret", ["CLIENT_ID", "CLIENT_SECRET"])
def test_a_client_that_is_refused_is_named_and_its_secret_never_shown(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv(f"KLACHTENRADAR_SOURCE_FEEDBACK_COMPANY_{secret}", "verlopen-sleutel")
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert "verlopen-sleutel" not in str(outcome)
    assert len(crawling.asked()) == 1


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize("words", ["message", "description"])
def test_a_refusal_to_sign_in_is_of_the_client_and_of_no_firewall(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, status: int, words: str
) -> None:
    refusal = said({"error": True, words: "Invalid client"}, status)
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: refusal)
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
