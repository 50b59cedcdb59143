from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawlers.causes import Cause
from crawlers.parsers.page import Blocked, FormatChanged, Moved, Page
from crawlers.parsers.trustpilot_web import parse
from demo.replica import Fault
from demo.replica import Kind as Played
from demo.replica.loopback import Answer
from demo.replica.server import INSTEAD
from storage.models import Health
from storage.records import LONGEST_TEXT, Kind, Status
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads import SIGN_IN, WAF_JSON, WAF_PAGE, review, trustpilot, trustpilot_props


def read(*reviews: object, wanted: str = "nl", **props: object) -> Page:
    return parse(trustpilot(trustpilot_props(*reviews, **props)), wanted)  # type: ignore[arg-type]


def test_a_review_becomes_a_record() -> None:
    [record] = read(review()).records

    assert (record.namespace, record.external_id) == ("trustpilot", "673f0a1b2c3d4e5f60718293")
    assert record.kind is Kind.REVIEW
    assert record.url == "https://nl.trustpilot.com/reviews/673f0a1b2c3d4e5f60718293"
    assert record.title == "Na drie weken nog geen internet"
    assert record.text.startswith("Drie keer gebeld")
    assert (record.rating, record.rating_min, record.rating_max) == (1, 1, 5)
    assert (record.author_id, record.author_name) == ("601122334455667788990011", "Marieke de V.")
    assert record.published_at == datetime(2026, 11, 18, 9, 41, 22, tzinfo=UTC)
    assert record.experienced_at == datetime(2026, 11, 10, tzinfo=UTC)
    assert (record.language, record.likes, record.status) == ("nl", 2, Status.VISIBLE)


def test_the_company_reply_keeps_its_own_time() -> None:
    [record] = read(review()).records

    assert record.reply is not None
    assert record.reply.text == "Beste Marieke, wat vervelend. We hebben je een bericht gestuurd."
    assert record.reply.at == datetime(2026, 11, 19, 8, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("reply", [None, {}, {"message": ""}, {"message": None}, "Dank je"])
def test_no_reply_is_no_reply(reply: object) -> None:
    [record] = read(review(reply=reply)).records

    assert record.reply is None


@pytest.mark.parametrize("said", ["\u200b", "x" * (LONGEST_TEXT + 1)])
def test_a_reply_that_cannot_be_stored_costs_no_review(said: str) -> None:
    [record] = read(review(reply={"message": said, "publishedDate": "2026-11-19T08:02:10.000Z"})).records

    assert record.reply is None


def test_an_edited_review_says_so_and_keeps_its_id() -> None:
    dates = {"publishedDate": "2026-11-18T09:41:22.000Z", "updatedDate": "2026-11-20T10:00:00.000Z"}
    [record] = read(review(dates=dates)).records

    assert record.status is Status.EDITED
    assert record.updated_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_only_the_language_that_was_asked_for_is_kept() -> None:
    page = read(review(), review(id="a" * 24, language="en"), review(id="b" * 24, language="nl-BE"))

    assert [record.language for record in page.records] == ["nl", "nl-BE"]
    assert page.passed == 1
    assert page.notes == ("reviews in other languages than asked for were left out",)


def test_all_languages_are_kept_when_asked_for() -> None:
    page = read(review(), review(id="a" * 24, language="en"), wanted="all")

    assert len(page.records) == 2


def test_the_next_page_follows_while_the_site_counts_more() -> None:
    assert read(review(), page=2, pages=3).next == "3"
    assert read(review(), page=3, pages=3).next is None
    assert read(review(), filters={}).next is not None  # it does not say: the next page will
    assert read(filters={}).next is None


def test_the_claimed_number_of_reviews_tells_an_empty_page_by_mistake() -> None:
    page = read()

    assert (page.entries, page.expected) == (0, 3980)


def test_a_bad_review_is_a_problem_and_the_good_ones_are_kept() -> None:
    page = read(review(id=None), "geen review", review(rating=9, id="c" * 24), review())

    assert [record.external_id for record in page.records] == ["673f0a1b2c3d4e5f60718293"]
    assert [problem.where for problem in page.problems] == ["review 1", "review 2", "review 3"]
    assert page.problems[2].what == "rating 9 is off its scale to 5"


def test_problems_hold_nothing_of_what_was_written() -> None:
    page = read(review(id=None, text="geheim telefoonnummer"))

    assert "geheim" not in repr(page.problems)


def test_a_review_shown_twice_on_a_page_is_one() -> None:
    page = read(review(), review(text="anders"))

    assert [record.text[:9] for record in page.records] == ["Drie keer"]


def test_missing_dates_stay_missing() -> None:
    [record] = read(review(dates={})).records

    assert record.published_at is None


def test_a_text_may_hold_what_ends_a_script() -> None:
    [record] = read(review(text="Ik zag </script><script>alert(1)</script> staan")).records

    assert "</script>" in record.text


def test_a_title_too_long_to_be_one_begins_the_text() -> None:
    [record] = read(review(title="o" * 1500, text="einde")).records

    assert record.title is None
    assert record.text == "o" * 1500 + "\n\neinde"


@pytest.mark.parametrize("body", [WAF_JSON, WAF_PAGE])
def test_the_firewall_is_named(body: bytes) -> None:
    with pytest.raises(Blocked) as caught:
        parse(body)

    assert caught.value.cause is Cause.WAF


def test_the_redirect_to_signing_in_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        parse(trustpilot(SIGN_IN))

    assert caught.value.cause is Cause.SIGN_IN


def test_a_company_under_another_domain_is_named() -> None:
    with pytest.raises(Moved, match=r"now stands under snelveld\.example"):
        parse(trustpilot({"__N_REDIRECT": "/review/snelveld.example?x=1"}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><title>Snelveld</title></html>",
        trustpilot({"reviewList": []}),
        trustpilot({"reviews": {"0": 1}}),
        trustpilot([]),
        b'<script id="__NEXT_DATA__" type="application/json">{"props": </script>',
        b'<script id="__NEXT_DATA__">' + b"[" * 100_000,
    ],
)
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


def test_a_review_has_its_address_on_the_real_site(crawling: Crawling) -> None:
    [shown] = show(crawling, posts(Played.TRUSTPILOT, 1))
    crawling(Played.TRUSTPILOT)

    assert [one["url"] for one in crawling.mentions()] == [f"https://nl.trustpilot.com/reviews/{shown.key}"]


def looked_up(crawling: Crawling, since: int = 0) -> list[str]:
    return [target for target in crawling.asked(since) if target.startswith("/reviews/")]


@pytest.mark.parametrize("status", [200, 202, 403])
def test_a_firewall_at_the_look_up_of_missing_reviews_is_named_and_left_alone(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    shown = show(crawling, posts(Played.TRUSTPILOT, 5))
    crawling(Played.TRUSTPILOT)
    for post in shown[1:4]:
        crawling.replica.posts.remove(post.key)
    wall = replace(INSTEAD[Fault.INTERSTITIAL], status=status)
    monkeypatch.setattr(crawling.replica, "_permalink", lambda request: wall)
    outcome = crawling(Played.TRUSTPILOT)

    assert (outcome.health, outcome.stats["cause"], outcome.counts["removed"]) == (Health.BLOCKED, "waf", 0)
    assert len(looked_up(crawling)) == 1


def removed_one(crawling: Crawling) -> None:
    """A review that was read is gone from its page."""
    shown = show(crawling, posts(Played.TRUSTPILOT, 5))
    crawling(Played.TRUSTPILOT)
    crawling.replica.posts.remove(shown[1].key)
    crawling.settings = {"RETRY_TIMES": 0}


@pytest.mark.parametrize("status", [403, 503])
def test_a_missing_review_whose_look_up_failed_is_looked_up_again_a_day_later(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    removed_one(crawling)
    with monkeypatch.context() as broken:
        broken.setattr(crawling.replica, "_permalink", lambda request: Answer(status))
        crawling(Played.TRUSTPILOT)
        crawling.clock.advance(timedelta(hours=1))
        since = len(crawling.replica.requests)
        soon = crawling(Played.TRUSTPILOT)
    asked = looked_up(crawling, since)
    crawling.clock.advance(timedelta(hours=23))
    later, again = crawling(Played.TRUSTPILOT), crawling(Played.TRUSTPILOT)

    assert (asked, soon.health) == ([], Health.OK)  # what keeps us from one review keeps us from no other
    assert (later.counts["removed"], again.counts["removed"]) == (1, 0)


def test_a_missing_review_that_is_refused_by_itself_is_looked_up_twice(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed_one(crawling)
    monkeypatch.setattr(crawling.replica, "_permalink", lambda request: Answer(403))
    healths = []
    for _ in range(4):
        crawling.clock.advance(timedelta(hours=25))
        healths.append(crawling(Played.TRUSTPILOT).health)

    assert healths == [Health.BLOCKED, Health.OK, Health.OK, Health.OK]
    assert len(looked_up(crawling)) == 2


def test_a_review_that_only_left_its_place_is_looked_up_twice(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed_one(crawling)
    monkeypatch.setattr(crawling.replica, "_permalink", lambda request: Answer(200))
    for _ in range(4):
        crawling.clock.advance(timedelta(hours=25))
        outcome = crawling(Played.TRUSTPILOT)

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 0)
    assert len(looked_up(crawling)) == 2


def test_a_review_that_is_gone_from_its_list_before_it_is_gone_by_itself_is_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed_one(crawling)
    with monkeypatch.context() as kept:
        kept.setattr(crawling.replica, "_permalink", lambda request: Answer(200))
        crawling(Played.TRUSTPILOT)
    crawling.clock.advance(timedelta(hours=25))

    assert crawling(Played.TRUSTPILOT).counts["removed"] == 1


def test_the_last_reviews_of_a_language_are_removed_too(crawling: Crawling) -> None:
    show(crawling, posts(Played.TRUSTPILOT, 3))
    french = show(crawling, posts(Played.TRUSTPILOT, 12, first=10, language="fr"))
    crawling(Played.TRUSTPILOT, languages=["nl", "fr"])
    for post in french:
        crawling.replica.posts.remove(post.key)
    outcomes = [crawling(Played.TRUSTPILOT, languages=["nl", "fr"]) for _ in range(3)]

    assert [one.counts["removed"] for one in outcomes] == [10, 2, 0]
    assert [one.stats["cause"] for one in outcomes] == ["empty_before", "empty_before", "empty"]


def test_of_a_list_that_is_empty_by_mistake_some_are_looked_up_once_a_day(crawling: Crawling) -> None:
    show(crawling, posts(Played.TRUSTPILOT, 15))
    crawling(Played.TRUSTPILOT)
    crawling.replica.faults.set(Played.TRUSTPILOT, Fault.EMPTY)
    asked = []
    for hours in (1, 1, 23):
        since = len(crawling.replica.requests)
        crawling.clock.advance(timedelta(hours=hours))
        outcome = crawling(Played.TRUSTPILOT)
        asked.append(len(looked_up(crawling, since)))

    assert asked == [10, 0, 10]
    assert (outcome.stats["cause"], outcome.counts["removed"]) == ("empty_before", 0)


def test_a_look_up_that_leads_to_a_sign_in_page_that_does_not_exist_says_nothing(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed_one(crawling)
    led = {True: Answer(302, b"", {"Location": "/login?back=1"}), False: Answer(404)}
    monkeypatch.setattr(crawling.replica, "_permalink", lambda request: led[request.path != "/login"])
    outcome = crawling(Played.TRUSTPILOT)

    assert (outcome.health, outcome.stats["cause"], outcome.counts["removed"]) == (
        Health.BLOCKED,
        "sign_in",
        0,
    )
