"""The overview's honesty: holes are holes, and figures can be repeated from the table."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

from sqlmodel import select
from starlette.testclient import TestClient

from dashboard.hearing import REMEMBERED, Hearing
from storage import sources, trends
from storage.database import Database
from storage.models import CrawlRun, Health
from tests.dashboard import seed


def _chart(page: str, kind: str) -> dict[str, Any]:
    found = re.search(rf'data-kind="{kind}"[^>]*data-chart="([^"]*)"', page)
    assert found is not None
    chart: dict[str, Any] = json.loads(unescape(found[1]))
    return chart


def _break_crawls(database: Database, hours: int) -> None:
    """No source was heard between `hours` and three hours ago."""
    with database.write() as session:
        since, until = seed.NOW - timedelta(hours=hours), seed.NOW - timedelta(hours=3)
        runs = select(CrawlRun).where(CrawlRun.started_at >= since, CrawlRun.started_at < until)
        for run in session.exec(runs):
            run.health = Health.BROKEN
            session.add(run)


def test_hours_in_which_nobody_listened_are_no_zeroes(client: TestClient, database: Database) -> None:
    _break_crawls(database, 12)
    page = client.get("/?per=uur").text
    chart = _chart(page, "volume")
    assert len(chart["deaf"]) >= 6
    quiet = [chart["negative"][index] for index in chart["deaf"]]
    assert None in quiet
    assert 0 not in quiet
    assert "Geen enkele bron was te horen" in page
    heard = set(range(len(chart["x"]))) - set(chart["holes"])
    assert all(chart["negative"][index] is not None for index in heard)


def test_the_chart_adds_up_to_the_stored_trend(client: TestClient, database: Database) -> None:
    chart = _chart(client.get("/?per=dag").text, "volume")
    with database.read() as session:
        brand = sources.brand_named(session, "Snelveld").id
        total = trends.totals(session, brand or 0, seed.NOW - timedelta(days=30), seed.NOW)
    assert sum(chart["negative"]) == total.negative
    assert sum(chart["positive"]) == total.positive


def test_every_brand_has_its_line(client: TestClient) -> None:
    chart = _chart(client.get("/").text, "net")
    assert [one["name"] for one in chart["series"]] == ["Snelveld", "Belpunt"]
    for one in chart["series"]:
        assert len(one["values"]) == len(chart["x"]) == len(chart["ends"])
        assert all(value is None or -100 <= value <= 100 for value in one["values"])


def test_choosing_a_brand_keeps_the_period_and_the_other_way_round(client: TestClient) -> None:
    page = unescape(client.get("/?per=week&merk=Belpunt").text)
    assert 'href="/?per=week&merk=Snelveld"' in page
    assert 'href="/?per=uur&merk=Belpunt"' in page
    assert "Berichten over Belpunt" in page


def test_holes_are_looked_up_once_a_minute(database: Database) -> None:
    hearing = Hearing()
    since = seed.NOW - timedelta(hours=20)
    with database.read() as session:
        heard = [source for source in sources.active_sources(session) if source.name != "nieuws"]
        assert hearing.holes(session, heard, since, seed.NOW) == []
    _break_crawls(database, 12)
    with database.read() as session:
        assert hearing.holes(session, heard, since, seed.NOW + REMEMBERED / 2) == []
        assert hearing.holes(session, heard, since, seed.NOW + REMEMBERED) != []
