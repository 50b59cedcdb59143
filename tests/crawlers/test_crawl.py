"""The spiders over HTTP, from a replica of the real sources into a database."""

import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from demo.replica import ROBOTS, Fault, Kind, Post
from demo.replica.loopback import Answer
from storage.models import Health
from storage.sources import source_named
from tests.crawlers.conftest import START, Crawling

KINDS = list(Kind)
LISTINGS = [Kind.TRUSTPILOT, Kind.APPLE]
EDITABLE = [Kind.TRUSTPILOT, Kind.APPLE, Kind.MASTODON, Kind.FEED]


def posts(kind: Kind, number: int, first: int = 0, **changes: Any) -> list[Post]:
    """Complaints an hour apart, the newest an hour old, all of one kind."""
    return [
        Post(
            kind,
            f"Al {place} uur geen internet & niemand die belt. #snelveld",
            START - timedelta(hours=place),
            title=f"Storing nummer {place}",
            author=f"Klant {place}",
            rating=2,
            **changes,
        )
        for place in range(first + 1, first + number + 1)
    ]


def show(crawling: Crawling, shown: list[Post]) -> list[Post]:
    return [crawling.replica.posts.add(post) for post in shown]


def texts(crawling: Crawling) -> list[str]:
    return sorted(line["text"] for line in crawling.mentions())


@pytest.mark.parametrize("kind", KINDS)
def test_a_crawl_stores_exactly_the_public_posts_and_again_adds_nothing(
    crawling: Crawling, kind: Kind
) -> None:
    shown = show(crawling, posts(kind, 7))

    first, again = crawling(kind), crawling(kind)

    assert (first.health, first.counts["new"]) == (Health.OK, 7)
    assert (again.health, again.counts["new"], again.counts["edited"]) == (Health.OK, 0, 0)
    assert texts(crawling) == sorted(post.text for post in shown)


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.APPLE, Kind.MASTODON])
def test_a_first_crawl_reads_all_pages(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 105))

    assert crawling(kind).counts["new"] == 105


@pytest.mark.parametrize("kind", EDITABLE)
def test_an_edit_gives_a_second_version(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 3))
    crawling(kind)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.edit(shown[1].key, text="Opgelost, maar pas na vier keer bellen. #snelveld")

    outcome = crawling(kind)

    assert (outcome.counts["edited"], outcome.counts["new"]) == (1, 0)
    edited = [line for line in crawling.mentions() if line["status"] == "edited"]
    assert [line["text"] for line in edited] == ["Opgelost, maar pas na vier keer bellen. #snelveld"]


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.MASTODON])
def test_a_post_that_is_taken_away_is_removed(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 25, first=5))
    crawling(kind)
    crawling.replica.posts.remove(shown[3].key)
    show(crawling, posts(kind, 5))
    outcome, again = crawling(kind), crawling(kind)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)
    removed = [line["text"] for line in crawling.mentions() if line["status"] == "removed"]
    assert removed in ([shown[3].text], [""])
    assert len(crawling.mentions()) == 30


def test_a_post_that_is_only_further_down_is_not_removed(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 60, first=100))
    crawling(Kind.TRUSTPILOT)
    show(crawling, posts(Kind.TRUSTPILOT, 45))
    since = len(crawling.replica.requests)

    assert crawling(Kind.TRUSTPILOT).counts["removed"] == 0
    assert not [target for target in crawling.asked(since) if target.startswith("/reviews/")]


def test_a_reply_that_comes_later_keeps_its_own_time(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TRUSTPILOT, 30))
    crawling(Kind.TRUSTPILOT)
    crawling.clock.advance(timedelta(hours=2))
    crawling.replica.posts.reply(shown[25].key, "Wat vervelend, we bellen je vandaag.")
    crawling.clock.advance(timedelta(hours=1))

    outcome = crawling(Kind.TRUSTPILOT)

    assert outcome.counts["replied"] == 1
    [line] = [line for line in crawling.mentions() if line["reply"]]
    assert line["reply"] == {"text": "Wat vervelend, we bellen je vandaag.", "at": "2026-11-21T14:00:00Z"}


def test_a_reply_further_down_is_found_within_a_day(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TRUSTPILOT, 100))
    crawling(Kind.TRUSTPILOT)
    crawling.replica.posts.reply(shown[90].key, "Sorry!")
    crawling.clock.advance(timedelta(hours=2))
    soon = crawling(Kind.TRUSTPILOT)
    crawling.clock.advance(timedelta(hours=23))

    assert (soon.counts["replied"], crawling(Kind.TRUSTPILOT).counts["replied"]) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_new_posts_are_found_where_reading_had_come_to(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 6, first=10))
    crawling(kind)
    show(crawling, posts(kind, 6))

    assert crawling(kind).counts["new"] == 6


@pytest.mark.parametrize(("kind", "pages"), [(Kind.TRUSTPILOT, 2), (Kind.APPLE, 2), (Kind.MASTODON, 1)])
def test_a_second_crawl_reads_only_the_newest_pages(crawling: Crawling, kind: Kind, pages: int) -> None:
    show(crawling, posts(kind, 160))
    crawling(kind)
    since = len(crawling.replica.requests)
    crawling(kind)

    assert len(crawling.asked(since)) == pages


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.APPLE, Kind.MASTODON])
def test_a_burst_over_many_pages_is_read_whole(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 60, first=170))
    crawling(kind)
    show(crawling, posts(kind, 170))

    assert crawling(kind).counts["new"] == 170


def test_a_pinned_review_on_top_does_not_end_the_reading(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 45, first=100) + posts(Kind.TRUSTPILOT, 1, first=500, pinned=True))
    crawling(Kind.TRUSTPILOT)
    show(crawling, posts(Kind.TRUSTPILOT, 70))

    assert crawling(Kind.TRUSTPILOT).counts["new"] == 70


def test_a_review_that_comes_between_two_pages_is_stored_once(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 50, first=1))
    late = posts(Kind.TRUSTPILOT, 1)

    def arrive(request: Any) -> None:
        if request.first("page") == "2" and late:
            crawling.replica.posts.add(late.pop())

    crawling.replica._watch = arrive
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.counts["new"], outcome.counts["unchanged"]) == (50, 1)
    assert crawling(Kind.TRUSTPILOT).counts["new"] == 1


def test_reading_that_broke_off_is_taken_up_whole(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 120))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.NOT_FOUND, after=3)
    broken = crawling(Kind.TRUSTPILOT)
    crawling.replica.faults.clear()

    whole = crawling(Kind.TRUSTPILOT)

    assert (broken.health, broken.counts["new"]) == (Health.BROKEN, 60)
    assert (whole.health, whole.counts["new"]) == (Health.OK, 60)


def test_at_most_ten_pages_are_asked_for(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 230))
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 200)
    assert not [target for target in crawling.asked() if "page=11" in target]


def test_being_asked_to_sign_in_after_good_pages_is_the_end_of_the_view(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 230))
    outcome = crawling(Kind.TRUSTPILOT, pages=15)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 200)
    assert outcome.stats["notes"] == ["the view for visitors ends here"]


def test_an_ignored_language_is_noted_and_left_out(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 25) + posts(Kind.TRUSTPILOT, 25, first=30, language="en"))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.IGNORED_LANGUAGE)
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.health, outcome.counts["new"], outcome.stats["passed"]) == (Health.OK, 25, 25)
    assert {line["language"] for line in crawling.mentions()} == {"nl"}


def test_several_languages_are_read_one_after_another(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 5) + posts(Kind.TRUSTPILOT, 5, first=30, language="en"))

    assert crawling(Kind.TRUSTPILOT, languages=["nl", "en"]).counts["new"] == 10


def test_posts_that_are_not_for_collecting_are_not_collected(crawling: Crawling) -> None:
    show(
        crawling,
        posts(Kind.MASTODON, 1)
        + posts(Kind.MASTODON, 1, first=1, bot=True)
        + posts(Kind.MASTODON, 1, first=2, indexable=False)
        + posts(Kind.MASTODON, 1, first=3, visibility="private")
        + posts(Kind.MASTODON, 1, first=4, language="de"),
    )

    assert crawling(Kind.MASTODON).counts["new"] == 1


def test_a_post_under_two_hashtags_is_stored_once(crawling: Crawling) -> None:
    show(crawling, posts(Kind.MASTODON, 3, tags=("storing",)))
    outcome = crawling(Kind.MASTODON, hashtags=["snelveld", "#storing"])

    assert (outcome.counts["new"], outcome.counts["unchanged"]) == (3, 3)


def test_an_unchanged_feed_is_not_read_again_and_is_healthy(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 5))
    crawling(Kind.FEED)
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["not_modified"]) == (Health.OK, 1)
    assert crawling.replica.requests[-1].headers["if-none-match"].startswith('"')


@pytest.mark.parametrize("form", ["feeds/snelveld.rss", "feeds/snelveld.atom", "alerts/snelveld"])
def test_every_form_of_feed_is_read(crawling: Crawling, form: str) -> None:
    show(crawling, posts(Kind.FEED, 5))

    assert crawling(Kind.FEED, url=f"https://nieuws.example/{form}").counts["new"] == 5


def test_items_without_a_time_are_stored_and_marked(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 2))
    crawling.replica.faults.set(Kind.FEED, Fault.NO_DATES)
    outcome = crawling(Kind.FEED)

    assert outcome.health is Health.OK
    assert {line["published_at"] for line in crawling.mentions()} == {"2026-11-21T12:00:00Z"}


@pytest.mark.parametrize("number", [1, 2])
def test_one_review_and_an_entry_about_the_app_are_told_apart(crawling: Crawling, number: int) -> None:
    show(crawling, posts(Kind.APPLE, number))
    crawling.replica.faults.set(Kind.APPLE, Fault.APP_ENTRY)
    outcome = crawling(Kind.APPLE)

    assert (outcome.counts["new"], outcome.counts["refused"]) == (number, 0)


ALWAYS = [
    (Fault.FIREWALL, Health.BLOCKED, "waf"),
    (Fault.INTERSTITIAL, Health.BLOCKED, "waf"),
    (Fault.CHANGED, Health.FORMAT_CHANGED, None),
    (Fault.RATE_LIMITED, Health.BLOCKED, "rate_limited"),
    (Fault.NOT_FOUND, Health.BROKEN, "not_found"),
    (Fault.ROBOTS_DISALLOW, Health.BLOCKED, "robots"),
    (Fault.RESET, Health.BROKEN, "connection"),
    (Fault.SERVER_ERROR, Health.BROKEN, "server_error"),
    (Fault.OVERSIZE, Health.BROKEN, "too_large"),
    (Fault.TRUNCATED, Health.BROKEN, "damaged"),
]
SOMETIMES = [
    (Kind.TRUSTPILOT, Fault.SIGN_IN, Health.BLOCKED, "sign_in"),
    (Kind.TRUSTPILOT, Fault.EMPTY, Health.EMPTY, "empty_before"),
    (Kind.TRUSTPILOT, Fault.NO_DATES, Health.FORMAT_CHANGED, "no_dates"),
    (Kind.TRUSTPILOT, Fault.MALFORMED, Health.FORMAT_CHANGED, "format"),
    (Kind.APPLE, Fault.MALFORMED, Health.FORMAT_CHANGED, "format"),
    (Kind.MASTODON, Fault.CLOSED, Health.BLOCKED, "sign_in"),
    (Kind.FEED, Fault.MALFORMED, Health.BROKEN, "damaged"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("fault", "expected", "cause"), ALWAYS)
def test_what_goes_wrong_is_a_named_state(
    crawling: Crawling, kind: Kind, fault: Fault, expected: Health, cause: str | None
) -> None:
    show(crawling, posts(kind, 8))
    crawling.replica.faults.set(kind, fault)
    outcome = crawling(kind)

    assert outcome.health is expected
    assert cause is None or outcome.stats["cause"] == cause
    assert outcome.reason


@pytest.mark.parametrize(("kind", "fault", "expected", "cause"), SOMETIMES)
def test_what_goes_wrong_at_one_source_is_a_named_state(
    crawling: Crawling, kind: Kind, fault: Fault, expected: Health, cause: str
) -> None:
    show(crawling, posts(kind, 8))
    crawling.replica.faults.set(kind, fault)
    outcome = crawling(kind)

    assert (outcome.health, outcome.stats["cause"]) == (expected, cause)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_empty_where_posts_were_before_is_no_calm(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 8))
    crawling(kind)
    crawling.replica.faults.set(kind, Fault.EMPTY)
    outcome = crawling(kind)
    crawling.replica.faults.clear()

    assert (outcome.health, outcome.stats["cause"]) == (Health.EMPTY, "empty_before")
    assert (crawling(kind).health, len(crawling.mentions())) == (Health.OK, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_is_mended_is_read_as_before(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 8))
    crawling.replica.faults.set(kind, Fault.SERVER_ERROR, times=1)
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 8)  # tried again by itself


@pytest.mark.parametrize("kind", KINDS)
def test_a_hang_ends_within_the_time_of_the_crawl(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 2))
    crawling.replica.faults.set(kind, Fault.HANG)
    crawling.settings = {"DOWNLOAD_TIMEOUT": 0.2}
    outcome = crawling(kind)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "timeout")


def test_a_crawl_that_takes_too_long_is_ended_and_keeps_what_it_had(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 40))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.HANG, after=1)
    crawling.settings = {"CLOSESPIDER_TIMEOUT": 0.5, "DOWNLOAD_TIMEOUT": 2, "RETRY_TIMES": 0}
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "time_limit")
    assert outcome.counts["new"] == 20


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_requests_ends_the_crawl_at_once_for_as_long_as_asked(
    crawling: Crawling, kind: Kind
) -> None:
    show(crawling, posts(kind, 2))
    crawling.replica.faults.set(kind, Fault.RATE_LIMITED, retry_after=240)
    outcome = crawling(kind)

    assert outcome.retry_after == timedelta(minutes=4)
    assert len(crawling.asked()) == 1


def test_after_too_many_requests_no_more_parts_are_asked_for(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.MASTODON, Fault.RATE_LIMITED)
    crawling(Kind.MASTODON, hashtags=["snelveld", "storing", "internet", "glasvezel", "monteur"])

    assert len(crawling.asked()) <= 2  # one may have been on its way


@pytest.mark.parametrize("times", [1, None])
def test_a_company_that_moved_is_not_read_elsewhere(crawling: Crawling, times: int | None) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 2) + posts(Kind.TRUSTPILOT, 2, place="nieuw-snelveld.nl"))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.MOVED, times=times)
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.health, outcome.stats["cause"], outcome.counts["new"]) == (Health.BROKEN, "moved", 0)


def test_robots_with_a_fault_of_the_server_forbids_for_now(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 2))
    crawling.replica.faults.set(ROBOTS, Fault.SERVER_ERROR)
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "robots_unavailable")
    assert crawling.asked() == []


def test_robots_that_do_not_exist_allow(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 2))
    crawling.replica.faults.set(ROBOTS, Fault.NOT_FOUND)

    assert crawling(Kind.FEED).counts["new"] == 2


def test_robots_can_ask_for_more_time_between_requests(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 50))
    slow = Answer.of("text/plain", "User-agent: *\nCrawl-delay: 0.4\n")
    monkeypatch.setattr(crawling.replica, "_robots", lambda: slow)
    moments: list[float] = []
    crawling.replica._watch = lambda request: moments.append(time.monotonic())
    crawling(Kind.TRUSTPILOT)

    assert len(moments) == 4
    assert min(later - earlier for earlier, later in pairwise(moments)) > 0.3


@pytest.mark.parametrize("fault", [Fault.FIREWALL, Fault.INTERSTITIAL])
def test_a_wall_is_left_alone_for_hours(crawling: Crawling, fault: Fault) -> None:
    crawling.replica.faults.set(Kind.TRUSTPILOT, fault)

    assert crawling(Kind.TRUSTPILOT).retry_after == timedelta(hours=2)


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_are_no_text_do_not_end_the_reading(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 4))
    crawling.replica.faults.set(kind, Fault.BAD_BYTES)
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 4)


def test_robots_that_hang_are_a_site_that_does_not_answer(crawling: Crawling) -> None:
    crawling.replica.faults.set(ROBOTS, Fault.HANG)
    crawling.settings = {"DOWNLOAD_TIMEOUT": 0.2}
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "timeout")
    assert crawling.asked() == []


def test_one_bad_page_does_not_keep_the_others_from_being_read(crawling: Crawling) -> None:
    show(crawling, posts(Kind.SCHEMA_ORG, 4))
    urls = ["https://www.snelveld.example/weg", "https://www.snelveld.example/ervaringen/snelveld"]
    outcome = crawling(Kind.SCHEMA_ORG, urls=urls)

    assert (outcome.health, outcome.stats["cause"], outcome.counts["new"]) == (Health.BROKEN, "not_found", 4)
    assert outcome.reason is not None
    assert outcome.reason.startswith("https://www.snelveld.example/weg: ")
    with crawling.database.read() as session:  # what comes from now on is no history
        assert source_named(session, "schema_org").baseline_at == START


def test_we_say_who_we_are(crawling: Crawling) -> None:
    crawling(Kind.FEED)
    headers = crawling.replica.requests[-1].headers

    assert headers["user-agent"].startswith("Klachtenradar/")
    assert headers["user-agent"].endswith(" (+webcare@snelveld.example)")
    assert "cookie" not in headers
    assert "referer" not in headers


def test_what_people_wrote_is_not_logged(crawling: Crawling, caplog: pytest.LogCaptureFixture) -> None:
    show(crawling, [Post(Kind.FEED, "Bel me op 0612345678 #snelveld", START, title="Storing", key="x" * 501)])
    show(crawling, posts(Kind.TRUSTPILOT, 2))
    with caplog.at_level("DEBUG", logger="crawlers"):
        crawling(Kind.FEED)
        crawling(Kind.TRUSTPILOT)

    assert "records" in caplog.text
    assert "0612345678" not in caplog.text
    assert "niemand die belt" not in caplog.text
