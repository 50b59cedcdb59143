"""The overview's honesty: holes are holes, and figures can be repeated from the table."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

from sqlmodel import select
from starlette.testclient import TestClient

from alerts import trends as trend_step
from dashboard.hearing import REMEMBERED, Hearing
from storage import judges, prevalence, runs, sources, trends, verdicts
from storage.database import Database
from storage.models import CrawlRun, Health
from storage.records import Sentiment
from storage.runs import Outcome
from storage.verdicts import Judgement
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


def test_a_source_that_is_read_but_odd_is_not_said_to_be_unreadable(
    client: TestClient, database: Database
) -> None:
    def unreadable() -> str:
        return client.get("/").text.partition("nu niet te lezen")[0].rpartition("</svg>")[2]

    before = unreadable()
    with database.write() as session:
        run = runs.start(session, sources.source_named(session, "mastodon").id or 0, seed.NOW)
        runs.finish(session, run, Outcome(Health.SUSPICIOUS, "few", {}, {"cause": "fewer"}), seed.NOW)
    assert "Anders dan anders" in client.get("/").text
    assert unreadable() == before


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


def test_the_negative_share_is_also_given_without_the_known_mistakes(
    client: TestClient, database: Database
) -> None:
    with database.read() as session:
        brand = sources.brand_named(session, "Snelveld").id or 0
        points = trends.series(session, brand, seed.NOW - timedelta(days=29), seed.NOW)
    judged = trends.merged(point.judges for point in points)
    share = prevalence.negative_share(judged, {seed.MODEL: seed.CONFUSION})
    assert share is not None
    page = client.get("/").text
    shown = f"gecorrigeerd: {share.value:.0%} ({share.low:.0%}–{share.high:.0%})"
    assert shown in page
    assert page.count("gecorrigeerd: ") > 5, "also for every day in the table"


def test_a_model_of_which_no_mistakes_are_known_is_not_corrected(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        judges.put_to_use(session, seed.MODEL, None, seed.NOW)
    assert "gecorrigeerd: " not in client.get("/").text


def test_the_page_says_which_models_it_rests_on_while_one_takes_over(
    client: TestClient, database: Database
) -> None:
    assert f"{seed.MODEL} (100%)" in client.get("/").text
    assert "Het model is vervangen" not in client.get("/").text
    with database.write() as session:
        judges.put_to_use(session, "nieuw-2", None, seed.NOW)
        shares = dict.fromkeys(Sentiment, 1 / 3)
        again = [
            Judgement(one.mention_id, one.version, Sentiment.NEUTRAL, shares, (), False, False, False, "nl")
            for one in verdicts.outdated(session, "nieuw-2", 30)
        ]
        verdicts.store(session, again, "nieuw-2", seed.NOW)
    trend_step.run(database, seed.NOW)
    page = client.get("/").text
    parts = [re.search(rf"{name} \((\d+)%\)", page) for name in (seed.MODEL, "nieuw-2")]
    assert sum(int(part[1]) for part in parts if part) == 100
    assert "Het model is vervangen" in page
