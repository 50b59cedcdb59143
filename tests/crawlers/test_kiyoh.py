"""Kiyoh and Klantenvertellen: what an answer becomes, and how changes and removals are followed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers import health
from crawlers.causes import Cause
from crawlers.findings import Findings
from crawlers.parsers.kiyoh import parse, removed
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.sources import hosts
from demo.replica import Fault, Kind
from demo.replica.keyed import KEY
from demo.replica.kiyoh import review_id
from demo.replica.loopback import Request
from storage.configuration import SourceSettings
from storage.models import Health
from storage.records import LONGEST_TEXT, Status
from tests.crawlers.complaints import altered, posts, show
from tests.crawlers.conftest import START, Crawling
from tests.crawlers.payloads import WAF_JSON, WAF_PAGE
from tests.crawlers.payloads_reviews import KIYOH_REMOVED, kiyoh_page, kiyoh_review, written_out

KIYOH = Kind.KIYOH


def test_a_review_becomes_a_record() -> None:
    page = parse(kiyoh_page(kiyoh_review()))
    [record] = page.records

    assert (record.namespace, record.external_id) == ("kiyoh", "5f8d3c1e-9f1b-4a54-9b55-0c5b6e8d2a11")
    assert record.url == "https://www.kiyoh.com/reviews/1064405/loodgieter_voorbeeld_b_v"
    assert record.title == "Afspraak niet nagekomen"
    assert record.text == "Monteur kwam niet opdagen en er werd wel voorrijkosten berekend."
    assert (record.rating, record.rating_min, record.rating_max) == (3, 1, 10)
    assert (record.author_name, record.language) == ("Kees", "nl")
    assert record.published_at == datetime(2026, 11, 19, 14, 22, 31, tzinfo=UTC)
    assert record.updated_at == page.newest == datetime(2026, 11, 20, 6, 11, tzinfo=UTC)
    assert record.reply is not None
    assert record.reply.text.startswith("Beste Kees")
    assert page.expected == 214


def test_a_reply_is_of_the_last_change_at_first_and_later_of_when_it_was_seen() -> None:
    [first], [later] = (parse(kiyoh_page(kiyoh_review()), first=one).records for one in (True, False))

    assert first.reply is not None
    assert first.reply.at == datetime(2026, 11, 20, 6, 11, tzinfo=UTC)
    assert later.reply is not None
    assert later.reply.at is None


def test_the_headline_is_known_by_both_of_its_names() -> None:
    made = kiyoh_review()
    made["reviewContent"][1]["questionGroup"] = "DEFAULT_ONLINER"
    [record] = parse(kiyoh_page(made)).records

    assert record.title == "Afspraak niet nagekomen"


def test_a_review_without_words_is_its_rating() -> None:
    [record] = parse(kiyoh_page(kiyoh_review(reviewContent=None, reviewComments=None))).records

    assert (record.title, record.text, record.rating, record.reply) == (None, "", 3, None)


def test_the_rating_is_also_found_among_the_answers() -> None:
    [record] = parse(kiyoh_page(kiyoh_review(rating=None))).records

    assert record.rating == 3


def test_a_time_with_an_offset_is_the_same_moment() -> None:
    [record] = parse(kiyoh_page(kiyoh_review(dateSince="2026-11-19T16:22:31.000+02:00"))).records

    assert record.published_at == datetime(2026, 11, 19, 14, 22, 31, tzinfo=UTC)


def test_the_older_feed_nests_its_answers_twice() -> None:
    made = kiyoh_review(reviewContent={"reviewContent": kiyoh_review()["reviewContent"]})
    [record] = parse(kiyoh_page(made)).records

    assert record.title == "Afspraak niet nagekomen"


@pytest.mark.parametrize("said", ["\u200b", "x" * (LONGEST_TEXT + 1)])
def test_a_reply_that_cannot_be_stored_costs_no_review(said: str) -> None:
    [record] = parse(kiyoh_page(kiyoh_review(reviewComments=said))).records

    assert record.reply is None


def test_a_bad_review_costs_no_good_one() -> None:
    page = parse(kiyoh_page(kiyoh_review(rating=11), None, kiyoh_review(reviewId=None), kiyoh_review()))

    assert len(page.records) == 1
    assert [problem.where for problem in page.problems] == ["review 1", "review 2", "review 3"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_review_that_was_removed_twice_the_last_time_counts(order: int) -> None:
    again = KIYOH_REMOVED[0] | {"updatedSince": "2026-11-21T09:00:00.000Z"}
    page = removed(written_out([KIYOH_REMOVED[0], again][::order]), "1064405")

    assert page.newest == datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_a_review_that_has_no_time_of_its_change_says_nothing_of_how_far_a_page_goes() -> None:
    late = kiyoh_review(reviewId="laat", dateSince="2026-11-21T10:00:00.000Z", updatedSince=None)
    both, alone = parse(kiyoh_page(kiyoh_review(), late)), parse(kiyoh_page(late))

    assert both.newest == both.last == datetime(2026, 11, 20, 6, 11, tzinfo=UTC)
    assert alone.newest == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("place", [245, 150])
def test_one_time_out_of_order_leaves_out_no_reviews(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """The platform lists the oldest first: of 250, the 246th is the fifth, and the 151st the hundredth."""
    shown = show(crawling, posts(KIYOH, 250))
    odd = {245: START, 150: START - timedelta(days=300)}[place].isoformat()

    def date(said: dict[str, Any], request: Request) -> None:
        for review in said.get("reviews", ()):
            if review["reviewId"] == review_id(shown[place]):
                review["updatedSince"] = odd

    altered(monkeypatch, KIYOH, date)
    first = crawling(KIYOH)
    show(crawling, [post_at(1, START - timedelta(minutes=5))])

    assert (first.health, first.counts["new"], crawling(KIYOH).counts["new"]) == (Health.OK, 250, 1)


def test_removed_reviews_of_other_locations_are_passed_over() -> None:
    other = KIYOH_REMOVED[0] | {"locationId": "OID-7", "reviewId": "anders"}
    page = removed(written_out([*KIYOH_REMOVED, other, {}]), "1064405")

    assert [(one.external_id, one.status) for one in page.records] == [
        ("5f8d3c1e-9f1b-4a54-9b55-0c5b6e8d2a11", Status.REMOVED)
    ]
    assert (page.passed, len(page.problems)) == (1, 1)
    assert page.newest == datetime(2026, 11, 21, 7, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reviews": 3}', b"<html>"])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


def test_a_wall_before_the_removed_reviews_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        removed(WAF_PAGE, "1064405")
    assert caught.value.cause is Cause.WAF


@pytest.mark.parametrize("body", [WAF_JSON, WAF_PAGE])
def test_a_wall_is_named(body: bytes) -> None:
    with pytest.raises(Blocked) as caught:
        parse(body)

    assert caught.value.cause is Cause.WAF


def test_each_brand_has_a_site_and_a_number_of_its_own(crawling: Crawling) -> None:
    show(crawling, posts(KIYOH, 1))
    crawling(KIYOH)
    crawling(KIYOH, tenant="klantenvertellen")

    asked = [target for target in crawling.asked() if "/external?" in target]
    assert ("tenantId=98" in asked[0], "tenantId=99" in asked[-1]) == (True, True)
    given = {"name": "k", "kind": "kiyoh", "location_id": 1064405, "tenant": "klantenvertellen"}
    assert hosts(SourceSettings.model_validate(given)) == ("klantenvertellen.nl",)


def test_a_first_crawl_reads_everything_and_the_next_only_what_changed(crawling: Crawling) -> None:
    show(crawling, posts(KIYOH, 230))
    first = crawling(KIYOH)
    since = len(crawling.replica.requests)
    again = crawling(KIYOH)

    assert (first.counts["new"], again.counts["new"], again.counts["unchanged"]) == (230, 0, 1)
    assert len([target for target in crawling.asked(since) if "/external?" in target]) == 1


def test_a_late_reply_to_an_old_review_is_found(crawling: Crawling) -> None:
    shown = show(crawling, posts(KIYOH, 120))
    crawling(KIYOH)
    crawling.clock.advance(timedelta(hours=2))
    crawling.replica.posts.reply(shown[110].key, "Wat vervelend, we bellen je vandaag.")
    crawling.clock.advance(timedelta(hours=1))
    outcome, again = crawling(KIYOH), crawling(KIYOH)

    assert (outcome.counts["replied"], again.counts["replied"]) == (1, 0)
    [line] = [line for line in crawling.mentions() if line["reply"]]
    assert line["reply"]["at"] is None  # it is of when it was seen


def test_removed_reviews_are_removed_and_stay_so(crawling: Crawling) -> None:
    shown = show(crawling, posts(KIYOH, 20))
    crawling(KIYOH)
    crawling.clock.advance(timedelta(hours=30))
    crawling.replica.posts.remove(shown[0].key)
    crawling.replica.posts.remove(shown[15].key)
    outcome, again = crawling(KIYOH), crawling(KIYOH)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 2, 0)
    assert [line["status"] for line in crawling.mentions()].count("removed") == 2


def test_reviews_are_removed_though_none_is_left(crawling: Crawling) -> None:
    for post in show(crawling, posts(Kind.KIYOH, 2)):
        crawling(Kind.KIYOH)
        crawling.clock.advance(timedelta(hours=1))
        crawling.replica.posts.remove(post.key)
    crawling.clock.advance(timedelta(hours=1))
    outcome = crawling(Kind.KIYOH)

    assert outcome.health is Health.EMPTY
    assert [line["status"] for line in crawling.mentions()] == ["removed", "removed"]


def test_many_reviews_of_one_moment_are_all_read(crawling: Crawling) -> None:
    same = [post_at(place, START - timedelta(days=3)) for place in range(260)]
    show(crawling, [*same, *posts(KIYOH, 3)])

    assert crawling(KIYOH).counts["new"] == 263


def test_more_of_one_moment_than_the_platform_shows_is_told_and_got_past(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.replica.kiyoh.LARGEST", 100)
    same = [post_at(place, START - timedelta(days=3)) for place in range(150)]
    show(crawling, [*same, *posts(KIYOH, 3)])
    outcome = crawling(KIYOH)

    assert outcome.counts["new"] == 103
    sizes = re.findall(r"limit=(\d+)", " ".join(crawling.asked()))
    # A larger answer is asked for once; the last page is short, and shows that nothing follows.
    assert sizes == ["100", "100", "200", "100", "100"]
    assert outcome.stats["notes"] == ["more reviews changed at one moment than the platform shows"]


def test_moments_that_follow_closely_are_no_single_one(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.replica.kiyoh.LARGEST", 100)
    moments = [START + timedelta(days=-3, milliseconds=place // 60) for place in range(160)]
    show(crawling, [post_at(place, moment) for place, moment in enumerate(moments)])
    outcome = crawling(KIYOH)

    assert (outcome.counts["new"], outcome.stats.get("notes")) == (160, None)


def test_behind_more_of_one_moment_than_the_platform_shows_there_may_be_nothing(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.replica.kiyoh.LARGEST", 100)
    show(crawling, [post_at(place, START - timedelta(days=3)) for place in range(150)])
    [newest] = show(crawling, [post_at(150, START - timedelta(days=1))])
    crawling(KIYOH)
    crawling.replica.posts.remove(newest.key)
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(KIYOH)

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 1)


def test_a_larger_answer_that_shows_nothing_is_no_end(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, [post_at(place, START - timedelta(days=3)) for place in range(150)])

    def nothing(said: dict[str, Any], request: Request) -> None:
        if request.first("limit") == "200":
            said["reviews"] = []

    altered(monkeypatch, KIYOH, nothing)
    outcome = crawling(KIYOH)

    assert (outcome.health, outcome.stats["cause"]) == (Health.EMPTY, "empty_before")


def post_at(place: int, moment: datetime) -> Any:
    from demo.replica import Post

    return Post(KIYOH, f"Import {place}", moment, author=f"Klant {place}", rating=2)


def test_a_key_that_is_refused_is_named_and_never_shown(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_KIYOH_TOKEN", "verlopen-sleutel")
    outcome = crawling(KIYOH)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert "check KLACHTENRADAR_SOURCE_KIYOH_TOKEN" in (outcome.reason or "")
    assert "verlopen-sleutel" not in f"{outcome}{caplog.text}"


def test_a_redirect_is_not_followed_with_the_key(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    from demo.replica.loopback import Answer

    away = Answer(302, b"", {"Location": "/elders"})
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: away)
    outcome = crawling(KIYOH)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "moved")
    assert "/elders" not in crawling.asked()


def test_a_crawl_that_was_broken_off_goes_on_where_it_was(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(KIYOH, 230))
    monkeypatch.setattr("crawlers.spiders.since.MOST_PAGES", 1)
    first = crawling(KIYOH)
    monkeypatch.undo()
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_KIYOH_TOKEN", "sleutel-van-de-klant")
    rest = crawling(KIYOH)

    assert (first.counts["new"], rest.counts["new"]) == (100, 130)
    assert first.stats["notes"] == ["there is more than one crawl reads; the next one goes on"]


def test_a_removed_review_that_came_back_stays(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    [shown] = show(crawling, posts(KIYOH, 1))
    crawling(KIYOH)
    crawling.clock.advance(timedelta(hours=1))
    removed = crawling.replica.posts.remove(shown.key)
    crawling(KIYOH)
    monkeypatch.setattr(crawling.replica.posts, "gone", lambda *_: [removed])  # the list still has it
    crawling.replica.posts._put(shown)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.edit(shown.key, text="Toch opgelost door snelveld")
    crawling(KIYOH)
    crawling(KIYOH)

    assert [line["status"] for line in crawling.mentions()] == ["edited"]


def test_a_review_that_came_back_stays_when_another_one_changes(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, other = show(crawling, posts(KIYOH, 2))
    crawling(KIYOH)
    crawling.clock.advance(timedelta(hours=1))
    removed = crawling.replica.posts.remove(shown.key)
    first = crawling(KIYOH)
    monkeypatch.setattr(crawling.replica.posts, "gone", lambda *_: [removed])  # the list still has it
    crawling.replica.posts._put(shown)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.edit(shown.key, text="Toch opgelost door snelveld")
    crawling(KIYOH)
    statuses = []
    for hours in (1, 1, 24):
        crawling.clock.advance(timedelta(hours=hours))
        crawling.replica.posts.reply(other.key, f"We bellen je over {hours} uur.")
        statuses.append([crawling(KIYOH).counts["removed"], *(one["status"] for one in crawling.mentions())])

    assert first.counts["removed"] == 1
    assert [sorted(map(str, one)) for one in statuses] == [["0", "edited", "visible"]] * 3


def test_a_review_that_is_removed_twice_is_removed(crawling: Crawling) -> None:
    [shown, _] = show(crawling, posts(KIYOH, 2))
    crawling(KIYOH)
    removed = []
    for _ in range(2):
        crawling.clock.advance(timedelta(hours=1))
        crawling.replica.posts.remove(shown.key)
        removed.append(crawling(KIYOH).counts["removed"])
        crawling.replica.posts._put(shown)
        crawling.clock.advance(timedelta(hours=1))
        crawling.replica.posts.edit(shown.key, text="Toch opgelost door snelveld")
        crawling(KIYOH)

    assert removed == [1, 1]


def test_a_list_of_removed_reviews_only_is_no_sign_of_another_form() -> None:
    found = Findings()
    found.read(removed(written_out(KIYOH_REMOVED), "1064405"))

    assert health.outcome("kiyoh", found, {"finish_reason": "finished"}).health is Health.OK


def test_by_hash_the_older_feed_is_read(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLACHTENRADAR_SOURCE_KIYOH_TOKEN")
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_KIYOH_HASH", KEY)
    shown = show(crawling, posts(KIYOH, 30))
    first = crawling(KIYOH)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.reply(shown[20].key, "Wat vervelend, we bellen je.")
    again = crawling(KIYOH)
    crawling.replica.faults.set(KIYOH, Fault.EMPTY)
    empty = crawling(KIYOH)

    assert (first.counts["new"], again.counts["new"], again.counts["replied"]) == (30, 0, 1)
    assert empty.stats["cause"] == "empty_before"
    assert {line["url"] for line in crawling.mentions()} == {
        "https://www.kiyoh.com/reviews/1064405/snelveld_internet_b_v"
    }


def test_a_hash_that_is_refused_is_named(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLACHTENRADAR_SOURCE_KIYOH_TOKEN")
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_KIYOH_HASH", "verkeerde-hash")
    outcome = crawling(KIYOH)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert "KLACHTENRADAR_SOURCE_KIYOH_HASH" in str(outcome.reason)
    assert "verkeerde-hash" not in str(outcome)
