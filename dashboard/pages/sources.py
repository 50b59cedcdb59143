"""`/bronnen`: whether we can still hear, and if not, why and what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.rendering import page
from dashboard.site import LoggedIn, Reading, SiteNow
from storage import runs, sources
from storage.database import Session
from storage.models import HEARD, CrawlRun, Health, Source

router = APIRouter()
RUNS = 12


@dataclass(frozen=True)
class SourceView:
    """`state` is a health, `never` before the first crawl, or `overdue` when crawls stay out."""

    source: Source
    brand: str | None
    state: str
    last: CrawlRun | None
    healthy_at: datetime | None
    due_at: datetime | None
    left_alone_until: datetime | None
    """Set while the schedule waits because the site refused us."""
    runs: tuple[CrawlRun, ...]

    @property
    def well(self) -> bool:
        return self.state == Health.OK

    @property
    def heard(self) -> bool:
        """Whether we know what it has to say."""
        return self.state in HEARD


@dataclass(frozen=True)
class SourcesPage:
    sources: tuple[SourceView, ...]


@router.get("/bronnen")
def show_sources(request: Request, site: SiteNow, visitor: LoggedIn, session: Reading) -> Response:
    return page(request, "sources", SourcesPage(views(session, site.clock())))


def views(session: Session, now: datetime, recent: int = RUNS) -> tuple[SourceView, ...]:
    """Every source that is switched on, those in trouble first."""
    names = {brand.id: brand.name for brand in sources.active_brands(session)}
    found = [
        _view(session, source, names.get(source.brand_id), now, recent)
        for source in sources.active_sources(session)
    ]
    return tuple(sorted(found, key=lambda view: (view.well, view.source.name)))


def _view(session: Session, source: Source, brand: str | None, now: datetime, recent: int) -> SourceView:
    assert source.id is not None  # noqa: S101 - comes from the database
    # One more than the newest: that one may still be going on.
    newest = runs.recent(session, source.id, max(recent, 2))
    last = next((run for run in newest if run.finished_at is not None), None)
    due = _due(source, last)
    return SourceView(
        source=source,
        brand=brand,
        state=_state(last, due, now),
        last=last,
        healthy_at=runs.last_healthy(session, source.id),
        due_at=due,
        left_alone_until=_still(source.blocked_until, now),
        runs=tuple(newest[:recent]),
    )


def _still(until: datetime | None, now: datetime) -> datetime | None:
    return until if until and until > now else None


def _due(source: Source, last: CrawlRun | None) -> datetime | None:
    """When it is crawled next; None before the first crawl."""
    if last is None:
        return None
    return runs.next_due(last.started_at, timedelta(seconds=source.every_seconds), source.blocked_until)


def _state(last: CrawlRun | None, due: datetime | None, now: datetime) -> str:
    if last is None or due is None:
        return "never"
    # Half an interval of patience: a crawl takes its time, and the schedule has jitter.
    late = now > due + max((due - last.started_at) / 2, timedelta(minutes=2))
    if late and last.health in HEARD:
        return "overdue"
    return str(last.health.value if last.health else "never")
