"""The overview's p95 with many mentions against few, both on SQLite, in one run."""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient

from storage import buckets, sources, users
from storage.configuration import Configuration
from storage.database import Database
from storage.models import CrawlRun, Health, Mention, MentionVersion, Source, Verdict

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HISTORY = timedelta(days=365)
REQUESTS = 60
MODEL = "bench"
PASSWORD = "een lange zin voor de meting"

CONFIGURATION = Configuration.model_validate(
    {
        "brand": [{"name": "Snelveld"}, {"name": "Belpunt", "competitor": True}],
        "source": [
            {"name": f"{brand}-{kind}", "kind": "feed", "brand": brand.title(), "url": "http://x.example"}
            for brand in ("snelveld", "belpunt")
            for kind in ("a", "b", "c", "d")
        ],
    }
)


@dataclass(frozen=True)
class OverviewSpeed:
    """95th percentiles in milliseconds of one request of the overview."""

    few: int
    many: int
    few_p95: float
    many_p95: float

    @property
    def ratio(self) -> float:
        return self.many_p95 / self.few_p95


def measure(few: int = 10_000, many: int = 1_000_000) -> OverviewSpeed:
    """Fill two databases and ask for the overview of each in turn."""
    with tempfile.TemporaryDirectory() as folder:
        clients = [_client(Path(folder) / f"{size}.db", size) for size in (few, many)]
        times: list[list[float]] = [[], []]
        for _ in range(REQUESTS):  # in turn, so that a busy moment of the machine hits both
            for client, taken in zip(clients, times, strict=True):
                taken.append(_seconds(client))
    small, large = (statistics.quantiles(taken, n=20)[-1] * 1000 for taken in times)
    return OverviewSpeed(few, many, small, large)


def _seconds(client: TestClient) -> float:
    start = time.perf_counter()
    response = client.get("/")
    taken = time.perf_counter() - start
    if response.status_code != 200:
        raise RuntimeError(f"the overview answered {response.status_code}")
    return taken


def _client(path: Path, mentions: int) -> TestClient:
    from dashboard.app import create_app

    database = Database(f"sqlite:///{path}")
    database.upgrade()
    fill(database, mentions)
    with database.write() as session:
        login = users.begin(session, users.create_user(session, "bench", PASSWORD, NOW), NOW)
    app = create_app(database, CONFIGURATION, clock=lambda: NOW)
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    client.cookies.set("klachtenradar", login.cookie)
    return client


def fill(database: Database, mentions: int) -> None:
    """Spread judged mentions over brands, sources and a year, and count them as the product does."""
    with database.write() as session:
        sources.sync(session, CONFIGURATION)
        places = [(row.id, row.brand_id) for row in session.execute(sa.select(Source)).scalars()]
    rows = _rows(mentions, places)
    while part := list(islice(rows, 20_000)):
        with database.write() as session:
            for model, position in ((Mention, 0), (MentionVersion, 1), (Verdict, 2)):
                session.execute(sa.insert(model), [row[position] for row in part])
    _crawl(database, [source for source, _ in places])
    with database.write() as session:
        hours = sa.text(
            "INSERT INTO touched_hour (brand_id, source_id, hour) SELECT DISTINCT brand_id, source_id, "
            "strftime('%Y-%m-%d %H:00:00.000000', published_at) FROM mention"
        )
        session.execute(hours)
    while database.transact(buckets.recompute):
        pass


def _crawl(database: Database, source_ids: Sequence[int | None]) -> None:
    """A healthy crawl of every source each hour of the year: the chart looks for holes in them."""
    hours = [NOW - timedelta(hours=back) for back in range(int(HISTORY / timedelta(hours=1)))]
    runs = [
        {"source_id": source, "started_at": hour, "finished_at": hour, "health": Health.OK, "requests": 3}
        for source in source_ids
        for hour in hours
    ]
    with database.write() as session:
        session.execute(sa.insert(CrawlRun), runs)


def _rows(
    count: int, places: Sequence[tuple[int | None, int | None]]
) -> Iterator[tuple[dict[str, Any], ...]]:
    dice = random.Random(7)
    for key in range(1, count + 1):
        source, brand = dice.choice(places)
        at = NOW - HISTORY * dice.random()
        sentiment = dice.choices(("negative", "neutral", "positive"), (4, 3, 3))[0]
        common = {"mention_id": key, "number": 1}
        yield (
            {
                "id": key, "source_id": source, "brand_id": brand, "namespace": "bench", "external_id": str(key),
                "kind": "review", "published_at": at, "first_seen_at": at,
                "judged_by": MODEL, "triaged": True,
            },
            common
            | {
                "text": f"Bericht {key} over de verbinding.", "content_hash": str(key), "source_id": source,
                "seen_at": at,
            },
            {
                "mention_id": key, "version": 1, "model_id": MODEL, "sentiment": sentiment, "negative": 0.4,
                "neutral": 0.3, "positive": 0.3, "judged_at": at,
            },
        )  # fmt: skip
