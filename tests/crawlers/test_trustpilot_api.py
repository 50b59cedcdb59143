"""Trustpilot's interface: the same reviews as its pages show, read by time, with changes found in the window."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.parsers.page import FormatChanged
from crawlers.parsers.trustpilot_api import parse, unit
from crawlers.sources import faults_of
from demo.replica import Fault, Kind, Post
from demo.replica.loopback import Request
from demo.replica.trustpilot_api import unit_id
from storage.configuration import SourceSettings
from storage.models import Health
from storage.records import LONGEST_TEXT, Status
from tests.crawlers.complaints import altered, posts, show
from tests.crawlers.conftest import START, Crawling, configured
from tests.crawlers.payloads_reviews import trustpilot_page

API = Kind.TRUSTPILOT_API


def test_a_review_becomes_a_record() -> None:
    [record] = parse(trustpilot_page({})).records

    assert (record.namespace, record.external_id) == ("trustpilot", "673f0a1b2c3d4e5f60718293")
    assert record.url == "https://nl.trustpilot.com/reviews/673f0a1b2c3d4e5f60718293"
    assert record.title == "Bank na 14 weken nog niet geleverd"
    assert record.text == "Drie keer gebeld, telkens een andere leverdatum."
    assert (record.rating, record.rating_min, record.rating_max) == (1, 1, 5)
    assert (record.author_id, record.author_name) == ("601122334455667788990011", "Marieke de V.")
    assert record.published_at == datetime(2026, 11, 18, 9, 41, 22, tzinfo=UTC)
    assert record.experienced_at == datetime(2026, 11, 10, tzinfo=UTC)
    assert (record.language, record.likes, record.status) == ("nl", 2, Status.VISIBLE)
    assert record.reply is not None
    assert record.reply.text == "Beste Marieke, wat vervelend."
    assert record.reply.at == datetime(2026, 11, 19, 8, 2, 10, tzinfo=UTC)


def test_an_edit_is_marked() -> None:
    [record] = parse(trustpilot_page({"updatedAt": "2026-11-19T10:00:00Z"})).records

    assert (record.status, record.updated_at) == (Status.EDITED, datetime(2026, 11, 19, 10, tzinfo=UTC))


def test_a_time_without_a_zone_is_utc() -> None:
    [record] = parse(trustpilot_page({"createdAt": "2026-10-25T02:30:00"})).records

    assert record.published_at == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("said", ["\u200b", "x" * (LONGEST_TEXT + 1)])
def test_a_reply_that_cannot_be_stored_costs_no_review(said: str) -> None:
    [record] = parse(
        trustpilot_page({"companyReply": {"text": said, "createdAt": "2026-11-19T08:02:10Z"}})
    ).records

    assert record.reply is None


def test_a_bad_review_costs_no_good_one() -> None:
    page = parse(trustpilot_page({"stars": 6}, {"id": None}, {}))

    assert (len(page.records), len(page.problems)) == (1, 2)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reviews": {}}', b'{"id": "../x"}'])
def test_another_form_is_named(body: bytes) -> None:
    for reads in (parse, unit):
        with pytest.raises(FormatChanged):
            reads(body)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({}, "write either domain or business_unit"),
        ({"domain": "snelveld.nl", "business_unit": "5f1e"}, "write either domain or business_unit"),
        ({"business_unit": "../5f"}, "24 letters and digits"),
    ],
)
def test_a_company_is_named_in_one_way(given: dict[str, str], advice: str) -> None:
    settings = SourceSettings.model_validate({"name": "t", "kind": "trustpilot_api"} | given)
    [fault] = faults_of(settings)

    assert advice in fault.message


def test_a_company_is_looked_up_by_its_domain_or_named_by_its_unit(crawling: Crawling) -> None:
    show(crawling, posts(API, 2))
    crawling(API)
    since = len(crawling.replica.requests)
    crawling(API, domain=None, business_unit=unit_id("snelveld.nl"))

    assert crawling.asked()[0] == "/v1/business-units/find?name=snelveld.nl"
    assert not [target for target in crawling.asked(since) if "/find" in target]


def test_a_first_crawl_reads_everything_and_the_next_only_what_is_new(crawling: Crawling) -> None:
    show(crawling, posts(API, 230))
    first = crawling(API)
    crawling.clock.advance(timedelta(hours=2))
    show(crawling, [Post(API, "Nog een klacht over snelveld", crawling.clock(), title="Weer", rating=1)])
    again = crawling(API)

    # The last one again, and the newest hundred for what became of them.
    assert (first.counts["new"], again.counts["new"], again.counts["unchanged"]) == (230, 1, 101)


def test_a_reply_to_one_of_the_newest_reviews_is_found_at_once(crawling: Crawling) -> None:
    shown = show(crawling, posts(API, 120))
    crawling(API)
    crawling.clock.advance(timedelta(hours=3))
    crawling.replica.posts.reply(shown[80].key, "Wat vervelend, we bellen je.")
    crawling.replica.posts.edit(shown[81].key, text="Opgelost, na vijf keer bellen. #snelveld")
    outcome = crawling(API)

    assert (outcome.counts["replied"], outcome.counts["edited"]) == (1, 1)


def test_the_version_may_stand_in_the_base_address(crawling: Crawling) -> None:
    show(crawling, posts(API, 2))
    outcome = crawling.read(configured(f"{crawling.replica.url}/v1/", API))

    assert outcome.counts["new"] == 2


def test_a_review_that_arrives_between_two_pages_costs_none(crawling: Crawling) -> None:
    show(crawling, posts(API, 150))
    late = posts(API, 1)[0]
    arrived: list[str] = []

    def arrive(request: object) -> None:
        if len(crawling.asked()) == 3 and not arrived:
            arrived.append(late.key)
            show(crawling, [Post(API, "Tussendoor bij snelveld", START - timedelta(hours=140), rating=1)])

    crawling.replica._watch = arrive
    first, again = crawling(API), crawling(API)
    crawling.clock.advance(timedelta(days=1, minutes=1))
    reread = crawling(API)

    assert arrived
    assert first.counts["new"] + again.counts["new"] + reread.counts["new"] == 151


def test_many_reviews_of_one_moment_are_all_read(crawling: Crawling) -> None:
    moment = START - timedelta(days=3)
    show(crawling, [Post(API, f"Import {n}", moment, author=f"Klant {n}", rating=2) for n in range(230)])
    show(crawling, posts(API, 3))

    assert crawling(API).counts["new"] == 233


def test_reviews_of_one_moment_on_both_sides_of_a_page_are_both_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = START - timedelta(days=3)
    earlier = [Post(API, f"Eerder {n}", moment - timedelta(hours=n), author=f"K {n}") for n in range(1, 100)]
    show(crawling, [*earlier, *(Post(API, f"Samen {n}", moment, author=f"K {n}") for n in range(3))])
    # Whether a moment itself belongs to what is asked for, no interface says.
    monkeypatch.setattr(
        "demo.replica.trustpilot_api._within", lambda post, since, _: not since or post.published_at > since
    )

    assert crawling(API).counts["new"] == 102


def test_late_edits_replies_and_removals_are_found_once_a_day(crawling: Crawling) -> None:
    shown = show(crawling, posts(API, 120))
    crawling(API)
    crawling.clock.advance(timedelta(hours=3))
    crawling(API)  # from now on, all of the window is remembered
    crawling.replica.posts.edit(shown[100].key, text="Opgelost, na vijf keer bellen. #snelveld")
    crawling.replica.posts.reply(shown[101].key, "Wat vervelend, we bellen je.")
    crawling.replica.posts.remove(shown[102].key)
    soon = crawling(API)
    crawling.clock.advance(timedelta(days=1))
    later, again = crawling(API), crawling(API)
    crawling.clock.advance(timedelta(days=1))
    twice = crawling(API)

    changed = [
        [one.counts[name] for name in ("edited", "replied", "removed")] for one in (soon, later, again, twice)
    ]
    assert changed == [[0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert later.health is Health.OK


def removed_in_days(crawling: Crawling, days: int = 4) -> list[int]:
    found = []
    for _ in range(days):
        crawling.clock.advance(timedelta(hours=25))
        found.append(crawling(API).counts["removed"])
    return found


def test_a_page_that_shows_nothing_in_the_middle_of_the_window_ends_nothing(crawling: Crawling) -> None:
    shown = show(crawling, posts(API, 350))
    crawling(API)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.faults.set(API, Fault.EMPTY, after=2, times=1)
    outcome = crawling(API)
    crawling.replica.posts.reply(shown[120].key, "Wat vervelend, we bellen je.")

    assert (outcome.health, outcome.stats["cause"]) == (Health.EMPTY, "empty_before")
    assert crawling(API).counts["replied"] == 1  # all of the window is read again


def test_a_page_without_times_in_the_middle_of_the_window_ends_nothing(crawling: Crawling) -> None:
    shown = show(crawling, posts(API, 350))
    crawling(API)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.faults.set(API, Fault.NO_DATES, after=2, times=1)
    crawling(API)
    crawling.replica.posts.reply(shown[120].key, "Wat vervelend, we bellen je.")

    assert crawling(API).counts["replied"] == 1


@pytest.mark.parametrize("lost", ["createdAt", "id"])
def test_a_review_that_is_shown_without_its_time_or_id_is_not_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    shown = show(crawling, posts(API, 120))
    crawling(API)

    def lose(said: dict[str, Any], request: Request) -> None:
        for review in said.get("reviews", ()):
            if review["id"] == shown[60].key:
                review[lost] = None

    altered(monkeypatch, API, lose)

    assert removed_in_days(crawling) == [0, 0, 0, 0]


def test_all_that_is_removed_at_once_is_told_at_once(crawling: Crawling) -> None:
    shown = show(crawling, posts(API, 120))
    crawling(API)
    for post in shown[50:75]:
        crawling.replica.posts.remove(post.key)

    assert removed_in_days(crawling, 3) == [0, 25, 0]


def test_all_that_is_left_of_the_window_is_removed_where_older_ones_stand(crawling: Crawling) -> None:
    show(crawling, [Post(API, "Lang geleden bij snelveld", START - timedelta(days=100), rating=2)])
    shown = show(crawling, posts(API, 2))
    crawling(API)
    for post in shown:
        crawling.replica.posts.remove(post.key)

    assert removed_in_days(crawling, 3) == [0, 2, 0]


def test_a_window_that_shows_nothing_by_mistake_has_nothing_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(API, 5))
    crawling(API)

    def hide(said: dict[str, Any], request: Request) -> None:
        if request.first("startDateTime"):
            said["reviews"] = []

    altered(monkeypatch, API, hide)

    assert removed_in_days(crawling) == [0, 0, 0, 0]


def test_one_of_thousands_of_reviews_in_the_window_is_missed(crawling: Crawling) -> None:
    half_an_hour_apart = [
        replace(post, published_at=START - timedelta(minutes=30 * place))
        for place, post in enumerate(posts(API, 2_200), 1)
    ]
    shown = show(crawling, half_an_hour_apart)
    crawling(API)
    crawling.replica.posts.remove(shown[2_100].key)

    assert removed_in_days(crawling, 2) == [0, 1]


def test_what_a_crawl_stored_that_broke_off_is_missed_too(crawling: Crawling) -> None:
    shown = show(crawling, posts(API, 350))
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.faults.set(API, Fault.SERVER_ERROR, after=2)
    broken = crawling(API)
    crawling.replica.faults.clear()
    crawling.replica.posts.remove(shown[300].key)  # the oldest stand last
    whole = crawling(API)

    assert (broken.counts["new"], whole.counts["new"]) == (100, 250)
    assert removed_in_days(crawling, 2) == [0, 1]


def test_a_review_that_is_just_older_than_the_window_is_not_taken_for_removed(crawling: Crawling) -> None:
    show(crawling, posts(API, 3))
    crawling(API)
    crawling.clock.advance(timedelta(days=59, hours=-1))  # the newest is an hour old
    crawling(API)
    crawling.clock.advance(timedelta(days=1, minutes=5))

    assert crawling(API).counts["removed"] == 0


def test_a_window_too_long_for_one_crawl_is_read_in_turn_and_hides_nothing_new(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(API, 350))
    crawling(API)
    monkeypatch.setattr("crawlers.spiders.since.MOST_PAGES", 2)
    crawling.clock.advance(timedelta(days=1, minutes=1))
    show(crawling, [Post(API, "Nog een klacht over snelveld", crawling.clock(), title="Weer", rating=1)])
    for place in (300, 120):
        crawling.replica.posts.reply(shown[place].key, "Wat vervelend, we bellen je.")
    days = []
    for wait in (timedelta(0), timedelta(hours=1), timedelta(days=1)):
        crawling.clock.advance(wait)
        days.append(crawling(API))

    assert [one.counts["new"] for one in days] == [0, 1, 0]
    assert [one.counts["replied"] for one in days] == [1, 0, 1]
    assert [one.counts["removed"] for one in days] == [0, 0, 0]


def test_a_review_seen_on_the_page_and_through_the_interface_is_one_mention(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 5))
    page, interface = crawling(Kind.TRUSTPILOT), crawling(API)

    assert (page.counts["new"], interface.counts["new"], interface.counts["edited"]) == (5, 0, 0)
    assert len(crawling.mentions()) == 5


def test_a_key_that_is_refused_is_named(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_TRUSTPILOT_API_API_KEY", "verlopen-sleutel")
    outcome = crawling(API)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert "verlopen-sleutel" not in str(outcome)
