"""Trusted Shops: signing in, reading back by last change, and what is not public (any more)."""

from datetime import UTC, datetime, timedelta

import pytest

from crawlers.parsers.page import FormatChanged
from crawlers.parsers.trusted_shops import is_public, parse
from crawlers.sources import hosts
from demo.replica import Kind, trusted_shops
from storage.configuration import SourceSettings
from storage.models import Health
from storage.records import LONGEST_TEXT, Status
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads_reviews import trusted_shops_page, written_out

SHOP = Kind.TRUSTED_SHOPS


def test_a_review_becomes_a_record() -> None:
    page = parse(trusted_shops_page({}))
    [record] = page.records

    assert record.namespace == "trusted_shops"
    assert record.external_id == "rev-9f8e7d6c-1234-4abc-9def-0123456789ab"
    assert record.title == "Verkeerd artikel"
    assert record.text == "Maat 42 besteld, 39 ontvangen. Klantenservice onbereikbaar."
    assert (record.rating, record.rating_min, record.rating_max) == (2, 1, 5)
    assert (record.author_name, record.language, record.status) == ("Piet Visser", "nl", Status.VISIBLE)
    assert record.published_at == datetime(2026, 11, 16, 18, 30, 11, tzinfo=UTC)
    assert record.experienced_at == datetime(2026, 11, 5, 10, tzinfo=UTC)
    assert record.reply is not None
    assert (record.reply.text, record.reply.at) == (
        "We sturen de juiste maat na.",
        datetime(2026, 11, 17, 9, tzinfo=UTC),
    )
    assert page.next == "rev-9f8e"
    assert page.newest == datetime(2026, 11, 17, 9, tzinfo=UTC)


def test_addresses_and_numbers_of_customers_are_dropped() -> None:
    customer = {"fullName": "Piet Visser", "email": "prive@example.org", "mobile": "0612345678"}
    page = parse(trusted_shops_page({"customer": customer}))

    assert not [private for private in ("prive@example.org", "0612345678") if private in str(page)]


def test_an_imported_review_is_of_when_it_was_submitted() -> None:
    [record] = parse(trusted_shops_page({"submittedAt": "2018-02-01T17:09:41.790Z"})).records

    assert record.published_at == datetime(2018, 2, 1, 17, 9, 41, 790000, tzinfo=UTC)


@pytest.mark.parametrize("state", ["SUBMITTED", "REJECTED", "MODERATION", "DISCARDED"])
def test_only_approved_reviews_are_public(state: str) -> None:
    [record] = parse(trusted_shops_page({"state": state})).records

    assert record.status is Status.REMOVED


@pytest.mark.parametrize(("state", "public"), [("APPROVED", True), ("REJECTED", False), (None, True)])
def test_a_review_that_is_looked_up_is_public_or_not(state: str | None, public: bool) -> None:
    assert is_public(written_out({"id": "rev-1", "state": state})) is public


def test_an_edit_is_marked() -> None:
    [record] = parse(trusted_shops_page({"editedAt": "2026-11-18T08:00:00.000Z"})).records

    assert (record.status, record.updated_at) == (Status.EDITED, datetime(2026, 11, 18, 8, tzinfo=UTC))


def test_a_statement_that_says_nothing_is_passed_over() -> None:
    empty = {"feedbackType": "STATEMENT", "rating": None, "title": None, "comment": " "}
    page = parse(trusted_shops_page(empty, {"feedbackType": "STATEMENT", "comment": None}))

    assert (len(page.records), page.passed, page.problems) == (1, 1, ())


@pytest.mark.parametrize(
    ("paging", "following"),
    [
        (None, None),
        ({"cursor": {"after": ""}, "links": {"next": ""}}, None),
        ({"cursor": {"after": "rev-1"}, "links": {}}, None),
        ({"links": {"next": "https://elders.example/reviews?after=rev-2&count=9"}}, "rev-2"),
        ({"cursor": {"after": "rev-3"}, "links": {"next": "http://["}}, "rev-3"),
    ],
)
def test_the_next_page_is_a_cursor_and_never_an_address(paging: object, following: str | None) -> None:
    assert parse(trusted_shops_page({}, paging=paging)).next == following


@pytest.mark.parametrize("said", ["\u200b", "x" * (LONGEST_TEXT + 1)])
def test_a_reply_that_cannot_be_stored_costs_no_review(said: str) -> None:
    [record] = parse(
        trusted_shops_page({"reply": {"comment": said, "createdAt": "2026-11-17T09:00:00.000Z"}})
    ).records

    assert record.reply is None


def test_without_a_last_change_an_imported_review_stands_by_when_it_was_created() -> None:
    imported = {"submittedAt": "2018-02-01T17:09:41.790Z", "createdAt": "2026-11-16T18:30:11.000Z"}
    page = parse(trusted_shops_page(imported | {"updatedAt": None}))

    assert page.last == datetime(2026, 11, 16, 18, 30, 11, tzinfo=UTC)


def test_a_bad_review_costs_no_good_one() -> None:
    page = parse(trusted_shops_page({"rating": 9}, {"id": None}, {}))

    assert (len(page.records), len(page.problems)) == (1, 2)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": {}}', b"<html>"])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


def test_both_of_its_servers_are_known_before_it_is_read() -> None:
    settings = SourceSettings.model_validate({"name": "t", "kind": "trusted_shops"})

    assert hosts(settings) == ("api.etrusted.com", "login.etrusted.com")


def test_a_first_crawl_follows_the_cursor_to_the_end(crawling: Crawling) -> None:
    show(crawling, posts(SHOP, 450))

    assert crawling(SHOP).counts["new"] == 450


def test_only_the_named_channels_are_read(crawling: Crawling) -> None:
    show(crawling, posts(SHOP, 2) + posts(SHOP, 3, first=5, place="chl-be"))

    assert crawling(SHOP).counts["new"] == 2
    assert crawling(SHOP, channels=[]).counts["new"] == 3


def test_late_edits_and_replies_move_up_and_are_found(crawling: Crawling) -> None:
    shown = show(crawling, posts(SHOP, 300))
    crawling(SHOP)
    crawling.clock.advance(timedelta(hours=2))
    crawling.replica.posts.edit(shown[280].key, text="Opgelost, na vijf keer bellen. #snelveld")
    crawling.replica.posts.reply(shown[290].key, "Wat vervelend, we bellen je.")
    outcome, again = crawling(SHOP), crawling(SHOP)

    assert [outcome.counts[name] for name in ("new", "edited", "replied")] == [0, 1, 1]
    assert [again.counts[name] for name in ("new", "edited", "replied")] == [0, 0, 0]


def test_a_review_that_is_rejected_later_is_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(SHOP, 5))
    crawling(SHOP)
    object.__setattr__(crawling.replica.posts[shown[3].key], "visibility", "private")
    crawling.clock.advance(timedelta(days=1, minutes=1))
    outcome = crawling(SHOP)

    assert (outcome.counts["removed"], outcome.health) == (1, Health.OK)


def test_a_review_that_is_gone_is_looked_up_and_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(SHOP, 5))
    crawling(SHOP)
    crawling.replica.posts.remove(shown[2].key)
    crawling.clock.advance(timedelta(days=1, minutes=1))
    since = len(crawling.replica.requests)
    outcome, again = crawling(SHOP), crawling(SHOP)

    assert (outcome.counts["removed"], outcome.health, again.counts["removed"]) == (1, Health.OK, 0)
    assert len([target for target in crawling.asked(since) if target.startswith("/reviews/rev-")]) == 1


def test_a_review_without_an_id_keeps_no_other_from_being_looked_up_and_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(SHOP, 5))
    crawling(SHOP)
    review = trusted_shops._review
    nameless = shown[1].key
    monkeypatch.setattr(
        trusted_shops,
        "_review",
        lambda post, fault: review(post, fault) | ({"id": None} if post.key == nameless else {}),
    )
    crawling.replica.posts.remove(shown[2].key)
    crawling.clock.advance(timedelta(days=1, minutes=1))
    outcome = crawling(SHOP)
    removed = [line["external_id"] for line in crawling.mentions() if line["status"] == "removed"]

    assert (outcome.counts["refused"], removed) == (1, [f"rev-{shown[2].key}"])


def test_one_of_very_many_reviews_that_is_gone_is_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(SHOP, 1_050))
    crawling(SHOP)
    crawling.replica.posts.remove(shown[1_020].key)
    crawling.clock.advance(timedelta(days=1, minutes=1))

    assert crawling(SHOP).counts["removed"] == 1


@pytest.mark.parametrize("secret", ["CLIENT_ID", "CLIENT_SECRET"])
def test_a_client_that_is_refused_is_named(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv(f"KLACHTENRADAR_SOURCE_TRUSTED_SHOPS_{secret}", "verlopen-sleutel")
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert "KLACHTENRADAR_SOURCE_TRUSTED_SHOPS_CLIENT_ID" in (outcome.reason or "")
    assert "verlopen-sleutel" not in str(outcome)
    assert crawling.asked() == ["/oauth/token"]
