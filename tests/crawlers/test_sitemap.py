"""Pages with reviews that a site's map names: each read when it is new or changed, and once a week."""

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.causes import Cause
from crawlers.parsers import sitemap
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.parsers.sitemap import Entry
from crawlers.spiders.sitemap import Known, Maps
from demo.replica import Fault, Kind
from demo.replica.loopback import Answer
from storage.models import Health
from tests.crawlers import payloads
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling

URL = "https://snelveld.example/sitemap.xml"


def shops(crawling: Crawling, number: int, first: int = 0, **changes: Any) -> None:
    for place in range(first, first + number):
        show(crawling, posts(Kind.SITEMAP, 2, first=3 * place, place=f"winkel-{place}", **changes))


@pytest.mark.parametrize("body", [payloads.SITEMAP.encode(), gzip.compress(payloads.SITEMAP.encode())])
def test_a_map_names_addresses_and_when_they_changed(body: bytes) -> None:
    found = sitemap.parse(body, URL)

    assert found.found == (
        Entry("https://snelveld.example/ervaringen/1", datetime(2026, 11, 18, 9, 44, 2, tzinfo=UTC)),
        Entry("https://snelveld.example/ervaringen/2", datetime(2026, 11, 17, 23, 0, tzinfo=UTC)),
        Entry("https://snelveld.example/nieuws/3"),
    )
    assert (found.index, found.damage) == (False, None)


def test_an_index_names_other_maps() -> None:
    body = b"<sitemapindex><sitemap><loc>https://snelveld.example/a.xml</loc></sitemap></sitemapindex>"

    assert sitemap.parse(body, URL).index is True
    assert sitemap.parse(b'<urlset xmlns="x"/>', URL).damage is None


def test_robots_name_the_maps() -> None:
    body = b"User-agent: *\nDisallow: /x\nSitemap: https://snelveld.example/a.xml\nsitemap: /b.xml\n"

    assert [entry.address for entry in sitemap.robots(body, "https://snelveld.example/robots.txt").found] == [
        "https://snelveld.example/a.xml",
        "https://snelveld.example/b.xml",
    ]
    with pytest.raises(FormatChanged, match="names no sitemap"):
        sitemap.robots(b"User-agent: *\n", "https://snelveld.example/robots.txt")


def test_a_map_that_breaks_off_is_damaged_and_read_as_far_as_it_goes() -> None:
    found = sitemap.parse(payloads.SITEMAP.encode()[:330], URL)

    assert found.damage == "the sitemap breaks off before its end"
    assert len(found.found) >= 1


@pytest.mark.parametrize("cut", range(1, len("/winkels</loc>")))
def test_of_a_map_that_breaks_off_in_an_address_the_half_one_is_left_out(cut: int) -> None:
    entry = "<url><loc>https://snelveld.example/{}</loc></url>"
    body = f"<urlset>{entry.format(1)}{entry.format('winkels').removesuffix('</url>')[:-cut]}".encode()

    found = sitemap.parse(body, URL)
    assert [entry.address for entry in found.found] == ["https://snelveld.example/1"]
    assert found.damage == "the sitemap breaks off before its end"


def test_the_last_address_of_a_whole_map_may_lack_its_end() -> None:
    found = sitemap.parse(b"<urlset><url><loc>https://snelveld.example/1</url></urlset>", URL)
    assert [entry.address for entry in found.found] == ["https://snelveld.example/1"]


@pytest.mark.parametrize("closed", [True, False])
def test_a_map_is_read_up_to_a_tag_that_never_ends(closed: bool) -> None:
    entry = "<url><loc>https://snelveld.example/%d</loc></url>"
    endless = "<a" * sitemap.LONGEST_STRETCH + (">" if closed else "")
    body = f"<urlset>{entry % 1}{endless}{entry % 2}</urlset>".encode()

    found = sitemap.parse(body, URL)
    assert [entry.address for entry in found.found] == ["https://snelveld.example/1"]
    assert found.damage == "the sitemap breaks off before its end"
    assert not sitemap.parse(f"<urlset>{entry % 1}{entry % 2}</urlset>".encode(), URL).damage


@pytest.mark.parametrize(
    ("body", "error", "cause"),
    [
        (b"", FormatChanged, Cause.FORMAT),
        (b"<html><body>Welkom</body></html>", FormatChanged, Cause.FORMAT),
        (payloads.WAF_PAGE, Blocked, Cause.WAF),
        (b"\x1f\x8b\x08 geen zip", FormatChanged, Cause.FORMAT),
        (b"<adressen><url><loc>https://x.example</loc></url></adressen>", FormatChanged, Cause.FORMAT),
        (b"<urlset><url><adres/></url><url><adres/></url><url/></urlset>", FormatChanged, Cause.FORMAT),
    ],
)
def test_another_answer_is_named(body: bytes, error: type[Exception], cause: Cause) -> None:
    with pytest.raises(error) as caught:
        sitemap.parse(body, URL)
    assert caught.value.cause is cause  # type: ignore[attr-defined]


def test_a_packed_bomb_is_refused() -> None:
    with pytest.raises(FormatChanged, match="cannot be unpacked"):
        sitemap.parse(gzip.compress(b" " * (sitemap.LARGEST_BYTES + 1)), URL)


def test_a_page_that_rests_is_no_shorter_one(crawling: Crawling) -> None:
    show(crawling, posts(Kind.SITEMAP, 30, place="winkel-0") + posts(Kind.SITEMAP, 2, place="winkel-1"))
    for number in range(9):
        assert crawling(Kind.SITEMAP).stats["fullest"] >= 30
        show(crawling, posts(Kind.SITEMAP, 1, first=50 + number, place="winkel-0"))
        crawling.clock.advance(timedelta(hours=12))
    crawling(Kind.SITEMAP)
    show(crawling, posts(Kind.SITEMAP, 1, first=90, place="winkel-1"))
    crawling.clock.advance(timedelta(hours=1))
    busy = crawling(Kind.SITEMAP)
    idle = crawling(Kind.SITEMAP)

    assert (busy.health, busy.stats["fullest"]) == (Health.OK, 3)
    assert (idle.health, idle.stats["fullest"]) == (Health.OK, 0)


def test_reviews_on_the_pages_of_a_map_are_stored_and_changed_pages_read_again(crawling: Crawling) -> None:
    shops(crawling, 4)
    first = crawling(Kind.SITEMAP)
    since = len(crawling.replica.requests)
    idle = crawling(Kind.SITEMAP)
    show(crawling, posts(Kind.SITEMAP, 1, first=50, place="winkel-2"))
    changed = crawling(Kind.SITEMAP)

    assert (first.health, first.counts["new"]) == (Health.OK, 8)
    assert (idle.health, idle.stats["not_modified"], idle.counts["unchanged"]) == (Health.OK, 1, 0)
    assert (changed.health, changed.counts["new"]) == (Health.OK, 1)
    pages = [target for target in crawling.asked(since) if "sitemap" not in target]
    assert pages == ["/klanten/winkel-2"]


@pytest.mark.parametrize("include", [["/klanten/winkel-1", "/klanten/winkel-2"], r"/winkel-[12]$"])
def test_only_pages_with_an_included_part_are_opened(crawling: Crawling, include: object) -> None:
    shops(crawling, 3)
    outcome = crawling(Kind.SITEMAP, include=include)

    assert outcome.counts["new"] == 4
    assert len(crawling.asked()) == 3 + 2


def test_a_page_without_reviews_is_read_again_after_a_week_one_with_some_after_a_day(
    crawling: Crawling,
) -> None:
    shops(crawling, 2)
    crawling(Kind.SITEMAP)
    since = len(crawling.replica.requests)
    for hours in (20, 5, 5 * 24, 2 * 24):
        crawling.clock.advance(timedelta(hours=hours))
        crawling(Kind.SITEMAP)
    asked = Counter(target.split("/")[1] for target in crawling.asked(since) if "sitemap" not in target)

    assert asked == {"klanten": 2 * 3, "over-ons": 2 * 1}


def test_a_page_that_did_not_change_is_not_sent_again(crawling: Crawling) -> None:
    shops(crawling, 2)
    crawling(Kind.SITEMAP, include="/klanten/")
    crawling.clock.advance(timedelta(days=1))
    outcome = crawling(Kind.SITEMAP, include="/klanten/")
    crawling.clock.advance(timedelta(days=1))
    again = crawling(Kind.SITEMAP, include="/klanten/")

    assert (outcome.health, outcome.counts["unchanged"], again.counts["unchanged"]) == (Health.OK, 0, 0)
    assert crawling.replica.requests[-1].headers["if-none-match"].startswith('"')


def test_a_page_that_changed_after_a_deployment_is_read(crawling: Crawling) -> None:
    shops(crawling, 12)
    crawling(Kind.SITEMAP, include="/klanten/")
    show(crawling, posts(Kind.SITEMAP, 1, first=90, place="winkel-7"))

    assert crawling(Kind.SITEMAP, include="/klanten/").counts["new"] == 1


def test_more_pages_than_one_crawl_reads_are_read_by_the_next(crawling: Crawling) -> None:
    shops(crawling, 5)
    counts = [crawling(Kind.SITEMAP, pages=2, include="/klanten/").counts["new"] for _ in range(4)]

    assert counts == [4, 4, 2, 0]


def test_the_hour_of_a_deployment_says_nothing(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    shops(crawling, 6)
    moments = iter([datetime(2026, 11, 20, 3, tzinfo=UTC), datetime(2026, 11, 21, 3, tzinfo=UTC)])
    now = {"at": next(moments)}
    monkeypatch.setattr("demo.replica.sitemap._changed", lambda posts: now["at"])
    crawling(Kind.SITEMAP, include="/klanten/")
    since = len(crawling.replica.requests)
    now["at"] = next(moments)
    crawling(Kind.SITEMAP, include="/klanten/")

    assert [target for target in crawling.asked(since) if target.startswith("/klanten/")] == []


def test_a_site_whose_pages_hold_no_reviews_is_empty(crawling: Crawling) -> None:
    shops(crawling, 1)
    outcome = crawling(Kind.SITEMAP, include="/over-ons/")

    assert (outcome.health, outcome.stats["cause"]) == (Health.EMPTY, "empty")


def test_a_page_that_does_not_exist_costs_no_other(crawling: Crawling) -> None:
    shops(crawling, 3)
    crawling.replica.faults.set(Kind.SITEMAP, Fault.NOT_FOUND, after=4, times=1)
    outcome = crawling(Kind.SITEMAP, include="/klanten/")

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 4)
    assert "the sitemap names pages that do not exist" in outcome.stats["notes"]


@pytest.mark.parametrize("fault", [Fault.NOT_FOUND, Fault.EMPTY])
@pytest.mark.parametrize(("times", "asked"), [(1, 3), (2, 2 + 2)])
def test_a_page_that_loses_its_reviews_is_asked_for_once_more_before_that_is_believed(
    crawling: Crawling, fault: Fault, times: int, asked: int
) -> None:
    shops(crawling, 2)
    crawling(Kind.SITEMAP, include="/klanten/")
    crawling.clock.advance(timedelta(days=1))
    gone = crawling.asked()[-1]
    since = len(crawling.replica.requests)
    for hours in (0, 12, 24):
        if times > 0:
            crawling.replica.faults.set(Kind.SITEMAP, fault, after=4 if hours == 0 else 3, times=1)
            times -= 1
        crawling.clock.advance(timedelta(hours=hours))
        crawling(Kind.SITEMAP, include="/klanten/")

    # Twice read, then twice looked up: what became of the reviews that were on it is another question.
    assert crawling.asked(since).count(gone) == asked


@pytest.mark.parametrize("fault", [Fault.NOT_FOUND, Fault.EMPTY])
def test_a_site_whose_pages_lose_all_their_reviews_is_empty(crawling: Crawling, fault: Fault) -> None:
    shops(crawling, 2)
    crawling(Kind.SITEMAP, include="/klanten/")
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.faults.set(Kind.SITEMAP, fault, after=3)
    outcome = crawling(Kind.SITEMAP, include="/klanten/")

    assert (outcome.health, outcome.stats["cause"]) == (Health.EMPTY, "empty")


def test_a_firewall_ends_the_reading_and_keeps_what_was_read(crawling: Crawling) -> None:
    shops(crawling, 3)
    crawling.replica.faults.set(Kind.SITEMAP, Fault.INTERSTITIAL, after=4, times=1)
    outcome = crawling(Kind.SITEMAP, include="/klanten/")

    assert (outcome.health, outcome.stats["cause"], outcome.counts["new"]) == (Health.BLOCKED, "waf", 2)


BARE = '<title>www.snelveld.example</title><div class="h-captcha"></div>'


def ordinary(monkeypatch: pytest.MonkeyPatch, *pages: str) -> None:
    """The site's pages without reviews, which are its newest."""
    shown = {f"over-ons/{place}": page for place, page in enumerate(pages)}
    monkeypatch.setattr("demo.replica.sitemap.ORDINARY", shown)
    monkeypatch.setattr("demo.replica.sitemap.DEPLOYED", START)


@pytest.mark.parametrize(
    "page",
    [
        '<title>Contact</title><form><textarea></textarea><div class="g-recaptcha"></div></form>',
        BARE,
        "<title>Inloggen | Snelveld</title><form><input type=password></form>",
        "<title>Cookie-instellingen | Snelveld</title>",
        "<title>Access denied: wat nu?</title>",
        "<title>Ons weblog in 2026</title>",
    ],
)
def test_a_page_like_a_wall_costs_no_other(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    shops(crawling, 3)
    ordinary(monkeypatch, page)
    first = crawling(Kind.SITEMAP)
    crawling.clock.advance(timedelta(hours=2))
    again = crawling(Kind.SITEMAP)

    assert (first.health, first.counts["new"]) == (Health.OK, 6)
    assert (again.health, again.counts["new"]) == (Health.OK, 0)


def test_a_page_like_a_wall_is_not_taken_for_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops(crawling, 1)
    ordinary(monkeypatch, BARE)
    outcome = crawling(Kind.SITEMAP)
    since = len(crawling.replica.requests)
    crawling(Kind.SITEMAP)

    assert "pages that look like a wall were left out" in outcome.stats["notes"]
    assert "/over-ons/0" in crawling.asked(since)


def test_the_same_wall_at_one_page_after_another_ends_the_reading(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops(crawling, 1)
    ordinary(monkeypatch, *[BARE] * 5)
    outcome = crawling(Kind.SITEMAP)

    assert (outcome.health, outcome.stats["cause"], outcome.counts["new"]) == (Health.BLOCKED, "captcha", 0)
    assert len(crawling.asked()) == 3 + 3
    assert outcome.rest == timedelta(hours=2)


def test_pages_like_different_walls_do_not_end_the_reading(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops(crawling, 1)
    own = ("Inloggen", "Aanmelden", "Cookie-instellingen", "Inloggen voor zakelijk", "Toestemming")
    ordinary(monkeypatch, *[f"<title>{name} | Snelveld</title>" for name in own])

    assert crawling(Kind.SITEMAP).counts["new"] == 2


def test_a_challenge_ends_the_reading_at_once(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    shops(crawling, 1)
    ordinary(monkeypatch, "<title>Just a moment...</title><h1>www.snelveld.example</h1>")
    outcome = crawling(Kind.SITEMAP)

    assert (outcome.stats["cause"], outcome.counts["new"]) == ("captcha", 0)


def test_a_site_that_shows_nothing_but_a_wall_is_blocked(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary(monkeypatch, "<title>Inloggen | Snelveld</title>")
    outcome = crawling(Kind.SITEMAP)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "sign_in")


def test_addresses_on_other_sites_are_left_out(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    shops(crawling, 1)
    body = (
        f"<urlset><url><loc>{crawling.replica.url}/klanten/winkel-0</loc></url>"
        "<url><loc>https://elders.example/klanten/</loc></url></urlset>"
    )
    monkeypatch.setattr(
        "demo.replica.server.PLAYED",
        {Kind.SITEMAP: lambda request, board, fault: _either(request, board, fault, body)},
    )
    outcome = crawling(Kind.SITEMAP)

    assert outcome.counts["new"] == 2
    assert "addresses on other sites were left out" in outcome.stats["notes"]


def _either(request: Any, board: Any, fault: Any, body: str) -> Answer:
    from demo.replica import sitemap as played

    if request.path == "/sitemap.xml":
        return Answer.of("application/xml", body)
    return played.answer(request, board, fault)


def test_a_page_without_an_answer_costs_no_other_and_comes_last_the_next_time(crawling: Crawling) -> None:
    shops(crawling, 4)
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.faults.set(Kind.SITEMAP, Fault.RESET, after=3, times=1)
    first = crawling(Kind.SITEMAP, include="/klanten/", pages=3)
    refused = crawling.asked()[-3]
    since = len(crawling.replica.requests)
    second, third = (crawling(Kind.SITEMAP, include="/klanten/", pages=3) for _ in range(2))

    assert (first.counts["new"], second.counts["new"], third.counts["new"]) == (4, 4, 0)
    assert [target for target in crawling.asked(since) if "/klanten/" in target][1:] == [refused]
    assert third.health is Health.OK


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.NOT_FOUND, Fault.SERVER_ERROR, Fault.CHANGED])
def test_a_map_that_cannot_be_read_costs_no_other_map(crawling: Crawling, fault: Fault) -> None:
    shops(crawling, 3)
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.faults.set(Kind.SITEMAP, fault, after=1, times=1)
    outcome = crawling(Kind.SITEMAP)

    assert outcome.health is not Health.OK
    assert outcome.counts["new"] == 6


@pytest.mark.parametrize(
    ("fault", "forgotten"),
    [(Fault.RESET, 0), (Fault.NOT_FOUND, 0), (Fault.CHANGED, 0), (Fault.EMPTY, 3)],
)
def test_only_a_map_that_was_read_says_which_pages_are_gone(
    crawling: Crawling, fault: Fault, forgotten: int
) -> None:
    shops(crawling, 3)
    for hours in (0, 24 * 6 + 2, 22):
        crawling.clock.advance(timedelta(hours=hours))
        if hours == 22:  # the ordinary pages, of the other map, are due for the second time
            crawling.replica.faults.set(Kind.SITEMAP, fault, after=2, times=1)
            crawling.settings = {"RETRY_TIMES": 0}
        crawling(Kind.SITEMAP)
    since = len(crawling.replica.requests)
    crawling(Kind.SITEMAP)

    assert len([target for target in crawling.asked(since) if "/klanten/" in target]) == forgotten


@pytest.mark.parametrize(
    ("failed", "hours", "last", "rests"),
    [
        (1, 0.5, True, False),
        (2, 2, False, False),
        (3, 23, False, True),
        (3, 25, False, False),
        (9, 24 * 6, False, True),
        (9, 24 * 8, False, False),
    ],
)
def test_a_page_that_cannot_be_read_again_and_again_rests(
    failed: int, hours: float, last: bool, rests: bool
) -> None:
    page, now = Known(tried=START, failed=failed), START + timedelta(hours=hours)

    assert (page.comes_last(now), page.rests(now)) == (last, rests)


@pytest.mark.parametrize(("fault", "asked"), [(Fault.RESET, 2), (Fault.HANG, 1)])
def test_a_site_that_breaks_off_or_is_silent_is_left_for_the_next_crawl(
    crawling: Crawling, fault: Fault, asked: int
) -> None:
    shops(crawling, 4)
    crawling.settings = {"RETRY_TIMES": 0, "DOWNLOAD_TIMEOUT": 0.2}
    crawling.replica.faults.set(Kind.SITEMAP, fault, after=4)
    before = len(crawling.replica.requests) + 1  # robots.txt
    outcome = crawling(Kind.SITEMAP, include="/klanten/")
    crawling.replica.faults.clear()
    since = len(crawling.replica.requests)
    again = crawling(Kind.SITEMAP, include="/klanten/")

    assert (outcome.health, outcome.counts["new"]) == (Health.BROKEN, 2)
    assert (again.counts["new"], again.counts["unchanged"]) == (6, 0)
    assert (since - before, len(crawling.asked(since))) == (4 + asked, 3 + 3)


def test_a_page_that_asks_for_a_long_wait_keeps_no_other_waiting(crawling: Crawling) -> None:
    shops(crawling, 3)
    crawling.replica.faults.set(Kind.SITEMAP, Fault.UNAVAILABLE, after=3, times=1, retry_after=120)
    first = crawling(Kind.SITEMAP, include="/klanten/")
    refused = crawling.asked()[-1]
    crawling.clock.advance(timedelta(minutes=5))
    second = crawling(Kind.SITEMAP, include="/klanten/")

    assert (first.counts["new"], second.counts["new"], crawling.asked()[-1]) == (0, 6, refused)


def test_of_a_site_that_never_gave_anything_no_page_keeps_the_others_waiting_for_ever(
    crawling: Crawling,
) -> None:
    shops(crawling, 2)
    new: list[int] = []
    for _ in range(4):
        crawling.replica.faults.set(Kind.SITEMAP, Fault.UNAVAILABLE, after=3, times=1, retry_after=120)
        if len(new) == 3:
            crawling.replica.faults.clear()
        new.append(crawling(Kind.SITEMAP, include="/klanten/", pages=1).counts["new"])
        crawling.clock.advance(timedelta(hours=12))
    asked = [target for target in crawling.asked() if "/klanten/" in target]

    assert new == [0, 0, 0, 2]
    assert asked[:3] == asked[:1] * 3 != asked[3:] * 3


@pytest.mark.parametrize("closed", [(0,), (4,), (0, 1, 3)])
def test_pages_that_robots_may_not_read_cost_no_other(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, closed: Iterable[int]
) -> None:
    shops(crawling, 5)
    _close(crawling, monkeypatch, closed)
    outcomes = []
    for hours in (0, 1, 25, 1):
        crawling.clock.advance(timedelta(hours=hours))
        since = len(crawling.replica.requests)
        outcomes.append(crawling(Kind.SITEMAP, include="/klanten/"))

    assert {one.health for one in outcomes} == {Health.OK}
    assert sum(one.counts["new"] for one in outcomes) == 10 - 2 * len(tuple(closed))
    assert [target for target in crawling.asked(since) if "/klanten/" in target] == []
    assert "robots.txt closes pages that the sitemap names" in outcomes[0].stats["notes"]


def test_a_site_whose_every_page_is_closed_is_blocked_each_time(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops(crawling, 3)
    _close(crawling, monkeypatch, range(3))
    outcomes = [crawling(Kind.SITEMAP, include="/klanten/") for _ in range(2)]

    assert [(one.health, one.stats["cause"]) for one in outcomes] == [(Health.BLOCKED, "robots")] * 2


def _close(crawling: Crawling, monkeypatch: pytest.MonkeyPatch, numbers: Iterable[int]) -> None:
    rules = "".join(f"Disallow: /klanten/winkel-{number}\n" for number in numbers)
    told = Answer.of("text/plain", f"User-agent: *\n{rules}")
    monkeypatch.setattr(crawling.replica, "_robots", lambda: told)


def test_a_page_that_leads_to_a_sign_in_page_that_does_not_exist_is_not_gone(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops(crawling, 1)
    play = crawling.replica._played
    led = Answer(302, b"", {"Location": "/login"})
    monkeypatch.setattr(
        crawling.replica,
        "_played",
        lambda kind, request, fault: play(kind, request, fault) if ".xml" in request.path else led,
    )
    outcome = crawling(Kind.SITEMAP)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "sign_in")
    assert "the sitemap names pages that do not exist" not in outcome.stats.get("notes", [])


def test_an_index_that_names_itself_is_not_read_without_end(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops(crawling, 2)
    played = crawling.replica._played

    def naming_itself(request: Any, *more: Any) -> Answer:
        answer = played(request, *more)
        return replace(answer, body=answer.body.replace(b"sitemap-pagina.xml", b"sitemap.xml"))

    monkeypatch.setattr(crawling.replica, "_played", naming_itself)
    crawling(Kind.SITEMAP)

    # It is configured under its own address, and names that of the replica.
    assert [one for one in crawling.asked() if "sitemap" in one] == [
        *["/sitemap.xml"] * 2,
        "/sitemap-klanten.xml.gz",
    ]


def test_of_many_pages_those_are_kept_in_mind_that_changed_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.spiders.sitemap.MOST_KNOWN", 2)
    first, *rest = (Entry(f"{URL}/{day}", START + timedelta(days=day)) for day in (1, 3, 2, 5, 4))
    maps = Maps(()).with_pages([first]).with_pages(rest)

    # One more, to tell that there are more.
    assert list(maps.found) == [f"{URL}/{day}" for day in (5, 4, 3)]
