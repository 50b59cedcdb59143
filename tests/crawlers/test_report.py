"""What people see of crawls, sources and kinds in a terminal."""

from datetime import UTC, datetime

from rich.console import Console, RenderableType

from crawlers import catalogue, report
from crawlers.catalogue import Standing
from crawlers.run import CrawlResult
from storage.models import Health

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def shown(table: RenderableType) -> str:
    console = Console(width=220)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_a_crawl_has_a_row_with_what_it_counted() -> None:
    row = shown(report.crawls([CrawlResult("nieuws", "feed", Health.OK, new=12, refused=3, seconds=4.25)]))
    cells = [cell.strip() for cell in row.splitlines()[3].split("│")[1:-1]]
    assert cells == ["nieuws", "ok", "12", *["0"] * 5, "3", "4.2", ""]


def test_a_source_that_was_not_asked_says_so_in_place_of_its_health() -> None:
    row = CrawlResult(
        "nieuws", "feed", None, "left alone until …", left_alone_until="2026-11-20T13:00:00+00:00"
    )
    assert shown(report.crawls([row])).splitlines()[3].split("│")[2].strip() == "left alone"


def test_brackets_in_an_address_are_shown_as_they_are() -> None:
    reason = "https://forum.example/[oud]/[/]: the page has moved"
    assert reason in shown(report.crawls([CrawlResult("forum", "phpbb", Health.BROKEN, reason)]))


def test_a_record_is_shown_on_one_line_as_it_was_written() -> None:
    record = {
        "what": "new",
        "title": "Storing",
        "text": "[b]Weer\n" + "niets " * 50,
        "rating": 1.0,
        "rating_max": 5.0,
    }
    line = shown(report.records([record | {"published_at": "2026-11-20T12:00:00Z"}])).splitlines()[3]
    assert "new" in line
    assert "2026-11-20 13:00" in line
    assert "1/5" in line
    assert "Storing [b]Weer niets niets" in line


def test_a_kind_names_what_it_needs_and_then_what_it_takes() -> None:
    [csv] = [one for one in catalogue.kinds() if one.kind == "csv"]
    assert f"path, columns ({', '.join(csv.takes)})" in " ".join(shown(report.kinds([csv])).split())


def test_a_source_that_refused_us_says_when_it_is_asked_again() -> None:
    left_alone = Standing("x", "x", None, "blocked", NOON, "the site refuses us", NOON)
    assert report.reason(left_alone) == "the site refuses us; asked again from 2026-11-20 13:00"
    assert "the site refuses us; asked again" in shown(report.standings([left_alone]))
