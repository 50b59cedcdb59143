"""What goes wrong at a source, over HTTP: each a named state, neither silence nor a crash."""

import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from crawlers.parsers.page import Gathering
from demo.replica import ROBOTS, Fault, Kind, Post
from demo.replica.loopback import Answer
from storage.configuration import secret_variable
from storage.models import Health
from storage.sources import source_named
from tests.crawlers.complaints import KINDS, posts, show
from tests.crawlers.conftest import START, Crawling

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


# X is asked only for what is newer, so that nothing is the usual answer.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Kind.X])
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_that_says_when_it_can_answer_is_not_asked_before(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 2))
    crawling.replica.faults.set(kind, Fault.UNAVAILABLE, retry_after=3600)
    outcome = crawling(kind)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "server_error")
    assert len(crawling.asked()) == 1
    assert left_alone(crawling, kind) == crawling.clock() + timedelta(hours=1)


def test_a_site_that_asks_for_a_moment_gets_it_within_the_crawl(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 2))
    crawling.replica.faults.set(Kind.FEED, Fault.UNAVAILABLE, times=1, retry_after=1)
    moments: list[float] = []
    crawling.replica._watch = lambda request: moments.append(time.monotonic())
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.counts["new"], len(crawling.asked())) == (Health.OK, 2, 2)
    assert moments[-1] - moments[-2] > 0.9


def test_a_page_that_asks_for_a_moment_again_and_again_keeps_no_other_from_being_read(
    crawling: Crawling,
) -> None:
    for place in range(3):
        show(crawling, posts(Kind.SITEMAP, 2, first=3 * place, place=f"winkel-{place}"))
    crawling.replica.faults.set(Kind.SITEMAP, Fault.UNAVAILABLE, after=4, times=3, retry_after=1)
    outcome = crawling(Kind.SITEMAP)

    assert (outcome.counts["new"], outcome.stats["cause"]) == (4, "server_error")


@pytest.mark.parametrize("kind", [Kind.X, Kind.YOUTUBE, Kind.BLUESKY, Kind.META])
def test_posts_in_a_form_that_we_do_not_know_are_not_taken_for_removed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    show(crawling, posts(kind, 5))
    crawling(kind)
    crawling.clock.advance(timedelta(hours=25))
    monkeypatch.setattr("crawlers.parsers.page.Gathering.add", _not_understood)
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["removed"]) == (Health.FORMAT_CHANGED, 0)


def _not_understood(gathering: Gathering, where: str, **fields: object) -> None:
    gathering.refuse(where, "a form that we do not know")


def test_after_too_many_requests_no_more_parts_are_asked_for(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.MASTODON, Fault.RATE_LIMITED)
    crawling(Kind.MASTODON, hashtags=["snelveld", "storing", "internet", "glasvezel", "monteur"])

    assert len(crawling.asked()) == 1


@pytest.mark.parametrize("times", [1, None])
def test_a_company_that_moved_is_not_read_elsewhere(crawling: Crawling, times: int | None) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 2) + posts(Kind.TRUSTPILOT, 2, place="nieuw-snelveld.nl"))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.MOVED, times=times)
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.health, outcome.stats["cause"], outcome.counts["new"]) == (Health.BROKEN, "moved", 0)


@pytest.mark.parametrize(
    ("kind", "permission", "health"),
    [
        (Kind.X, False, Health.BLOCKED),
        (Kind.X, True, Health.OK),
        (Kind.TRUSTPILOT, True, Health.BLOCKED),
        (Kind.FEED, True, Health.BLOCKED),
    ],
)
def test_robots_are_not_asked_where_we_come_with_a_key_and_permission(
    crawling: Crawling, kind: Kind, permission: bool, health: Health
) -> None:
    show(crawling, posts(kind, 2))
    crawling.replica.faults.set(kind, Fault.ROBOTS_DISALLOW)

    assert crawling(kind, permission=permission).health is health


def test_robots_with_a_fault_of_the_server_forbids_for_now(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 2))
    crawling.replica.faults.set(ROBOTS, Fault.SERVER_ERROR)
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "robots_unavailable")
    assert crawling.asked() == []


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RATE_LIMITED])
def test_robots_that_say_when_they_can_be_had_are_asked_for_then(crawling: Crawling, fault: Fault) -> None:
    crawling.replica.faults.set(ROBOTS, fault, retry_after=7200)
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "robots_unavailable")
    assert [one.path for one in crawling.replica.requests] == ["/robots.txt"]
    assert left_alone(crawling, "feed") == crawling.clock() + timedelta(hours=2)


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

    assert crawling(Kind.TRUSTPILOT).rest == timedelta(hours=2)


def test_a_site_that_keeps_refusing_is_left_alone_ever_longer_and_asked_as_before_once_it_lets_us_in(
    crawling: Crawling,
) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 2))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.FIREWALL)
    waits = []
    for _ in range(5):
        crawling(Kind.TRUSTPILOT)
        waits.append(left_alone(crawling, "trustpilot_web") - crawling.clock())

    usual = [timedelta(hours=hours) for hours in (2, 4, 8, 16, 24)]
    assert all(least <= wait <= least * 1.1 for wait, least in zip(waits, usual, strict=True))
    crawling.replica.faults.clear()
    assert crawling(Kind.TRUSTPILOT).health is Health.OK
    with crawling.database.read() as session:
        source = source_named(session, "trustpilot_web")
        assert (source.blocked_until, source.refusals) == (None, 0)


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.X])
def test_the_time_that_a_site_asks_for_is_the_time_that_it_gets(crawling: Crawling, kind: Kind) -> None:
    crawling.replica.faults.set(kind, Fault.RATE_LIMITED, retry_after=3 * 24 * 3600)
    for _ in range(2):
        crawling(kind)
        assert left_alone(crawling, kind) == crawling.clock() + timedelta(days=3)


def test_a_key_that_is_refused_is_not_tried_on_every_part(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(secret_variable("google_business", "access_token"), "verlopen")
    outcome = crawling(Kind.GOOGLE_BUSINESS, locations=["5647382910", "5647382911", "5647382912"])

    assert (outcome.stats["cause"], outcome.rest) == ("key", timedelta(hours=1))
    assert len(crawling.asked()) == 1


def test_a_site_that_refuses_one_part_after_another_is_not_asked_for_all_of_them(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.MASTODON, Fault.CLOSED)
    crawling(Kind.MASTODON, hashtags=["snelveld", "storing", "internet", "glasvezel", "monteur", "modem"])

    assert len(crawling.asked()) == 3


def test_a_part_that_is_refused_does_not_keep_the_rest_from_being_read_on_time(crawling: Crawling) -> None:
    show(crawling, posts(Kind.MASTODON, 2))
    crawling.replica.faults.set(Kind.MASTODON, Fault.CLOSED, times=1)
    outcome = crawling(Kind.MASTODON, hashtags=["onbekend", "snelveld"])

    assert (outcome.health, outcome.counts["new"], outcome.rest) == (Health.BLOCKED, 2, None)
    with crawling.database.read() as session:
        assert source_named(session, "mastodon").blocked_until is None


def left_alone(crawling: Crawling, name: str) -> datetime:
    with crawling.database.read() as session:
        until = source_named(session, name).blocked_until
    assert until is not None
    return until


def test_a_page_that_lost_its_ratings_is_told_by_what_was_usual(crawling: Crawling) -> None:
    shown = posts(Kind.FEED, 8)
    show(crawling, shown)
    for _ in range(5):
        crawling(Kind.FEED)
    crawling.replica.faults.set(Kind.FEED, Fault.NO_DATES)
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["cause"]) == (Health.FORMAT_CHANGED, "field_lost")
    assert (outcome.stats["field"], outcome.stats["seen"]) == ("date", 0)
    crawling.replica.faults.clear()
    assert crawling(Kind.FEED).health is Health.OK


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_fails_is_a_broken_crawl_and_no_silence(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    show(crawling, posts(kind, 3))
    monkeypatch.setattr("crawlers.errand.store_batch", full)
    outcome = crawling(kind)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "error")
    assert outcome.reason is not None
    assert "(OSError)" in outcome.reason


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
