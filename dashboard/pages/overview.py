"""`/`: how it goes, at a glance: what burns, the figures, the trend, the others, and whether we can hear."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard import charts
from dashboard.charts import Step
from dashboard.pages.sources import SourceView, views
from dashboard.rendering import link, page
from dashboard.site import LoggedIn, Reading, Site, SiteNow
from storage import bulletins, cases, holes, inbox, judges, prevalence, reputation, sources, trends
from storage.bulletins import IncidentRow
from storage.calendar import HOUR
from storage.calendar import day_of as dutch_day
from storage.database import Session
from storage.holes import Hole
from storage.judges import Confusion
from storage.models import PERSON, Brand, Severity, Source
from storage.reputation import Index, Share
from storage.trends import By, ByJudge, Figures, Point

router = APIRouter()
PERIODS = {
    "uur": (By.HOUR, timedelta(hours=47)),
    "dag": (By.DAY, timedelta(days=29)),
    "week": (By.WEEK, timedelta(weeks=25)),
}
"""By name in the address: what one step is, and how far back the first one lies: 48 hours, 30 days, 26 weeks."""
USUAL = "dag"
LEAST_STEPS = 8
SMOOTH = {By.HOUR: 24, By.DAY: 1, By.WEEK: 1}
"""An hour holds too few mentions to say anything about sentiment by itself."""


@dataclass(frozen=True)
class BrandFigures:
    """One brand in the chosen period and the one before it."""

    brand: Brand
    now: Figures
    before: Figures
    judges: ByJudge
    negative: Share | None
    corrected: Share | None
    """The negative share without what the model is known to confuse."""
    voice: float | None
    """Share of all mentions of all brands."""
    index: Index | None
    steps: tuple[Step, ...]
    line: tuple[float | None, ...]
    """Net sentiment at each step, over the last `SMOOTH` steps."""

    @property
    def models(self) -> Mapping[str, float]:
        """Which part of the verdicts comes from each model, or from people."""
        return trends.shares(self.judges)


@dataclass(frozen=True)
class Choice:
    name: str
    address: str
    current: bool


@dataclass(frozen=True)
class OverviewPage:
    periods: tuple[Choice, ...]
    brands: tuple[Choice, ...]
    by: By
    chosen: BrandFigures | None
    all: tuple[BrandFigures, ...]
    open: list[IncidentRow]
    sources: tuple[SourceView, ...]
    waiting: int
    oldest: datetime | None
    volume_chart: Mapping[str, object] | None
    net_chart: Mapping[str, object] | None
    outdated: int
    """Posts of the period that another model judged."""
    index_days: int = reputation.DAYS
    prior: int = reputation.PRIOR

    @property
    def address(self) -> str:
        return next(choice.address for choice in self.periods if choice.current)

    @property
    def troubled(self) -> tuple[SourceView, ...]:
        return tuple(view for view in self.sources if not view.heard)


@router.get("/")
def show_overview(request: Request, site: SiteNow, visitor: LoggedIn, session: Reading) -> Response:
    now = site.clock()
    period = request.query_params.get("per", USUAL)
    period = period if period in PERIODS else USUAL
    brands = sources.active_brands(session)
    wanted = request.query_params.get("merk")
    brand = next((one for one in brands if one.name == wanted), brands[0] if brands else None)
    view = _view(session, site, period)
    figures = _begun(_compared(tuple(_figures(session, one, view) for one in brands)))
    chosen = next((one for one in figures if brand is not None and one.brand.id == brand.id), None)
    chosen = chosen and _explained(chosen, view)
    counts = cases.counts(session)
    return page(
        request,
        "overview",
        OverviewPage(
            periods=_choices(PERIODS, period, lambda name: {"per": name, "merk": wanted}),
            brands=_choices(
                [one.name for one in brands],
                brand.name if brand else "",
                lambda name: {"per": period, "merk": name},
            ),
            by=view.by,
            chosen=chosen,
            all=figures,
            open=_worst_first(bulletins.incidents(session, still_open=True, size=6)),
            sources=views(session, now, recent=0),
            waiting=sum(counts[state] for state in cases.WAITING),
            oldest=inbox.oldest_waiting(session),
            volume_chart=charts.volume(chosen.steps) if chosen else None,
            net_chart=charts.net([(one.brand.name, one.steps, one.line) for one in figures])
            if figures
            else None,
            outdated=sum(_outdated(one.judges, view.model) for one in figures),
        ),
    )


@dataclass(frozen=True)
class _View:
    """What a figure is looked at through: the step and the span, and where we could not hear."""

    by: By
    back: timedelta
    now: datetime
    sources: Sequence[Source]
    holes: Sequence[Hole]
    model: str | None
    confusions: Mapping[str, Confusion]

    @property
    def since(self) -> datetime:
        return self.now - self.back


def _view(session: Session, site: Site, period: str) -> _View:
    by, back = PERIODS[period]
    now, heard = site.clock(), sources.active_sources(session)
    # A whole step more: the first one begins before the span does.
    since = now - back - timedelta(days=7 if by is By.WEEK else 1)
    return _View(
        by=by,
        back=back,
        now=now,
        sources=heard,
        holes=site.hearing.holes(session, heard, since, now),
        model=judges.in_use(session),
        confusions=judges.confusions(session),
    )


def _figures(session: Session, brand: Brand, view: _View) -> BrandFigures:
    """This period, the one before it, and the index of the last days; `voice` is filled in afterwards."""
    assert brand.id is not None  # noqa: S101 - comes from the database
    points = trends.series(session, brand.id, view.since - view.back - timedelta(days=1), view.now, view.by)
    current = [point for point in points if point.end > view.since]
    earlier = [point for point in points if point.end <= view.since][-len(current) :]
    today = dutch_day(view.now)
    days = trends.days(session, brand.id, today - timedelta(days=reputation.DAYS - 1), today)
    judged = trends.merged(point.judges for point in current)
    total = trends.total(judged)
    return BrandFigures(
        brand=brand,
        now=total,
        judges=judged,
        before=sum((point.figures for point in earlier), Figures()),
        negative=reputation.share(total.negative, total.judged),
        corrected=prevalence.negative_share(judged, view.confusions),
        voice=None,
        index=reputation.index(sum(days.values(), Figures())),
        steps=_steps(brand.id, current, view),
        line=_line(points, len(current), SMOOTH[view.by]),
    )


def _steps(brand_id: int, points: Sequence[Point], view: _View) -> tuple[Step, ...]:
    """The points, and where nobody listened to this brand."""
    heard = [source for source in view.sources if source.brand_id in (brand_id, None)]
    ids = {source.id for source in heard}
    found = [hole for hole in view.holes if hole.source_id in ids]
    deaf = holes.deaf_hours(found, heard)
    return tuple(
        Step(
            point,
            deaf=bool(deaf) and all(hour in deaf for hour in _hours(point, view.now)),
            holed=any(hole.since < point.end and hole.until > point.start for hole in found),
        )
        for point in points
    )


def _explained(figures: BrandFigures, view: _View) -> BrandFigures:
    """With the corrected share of every step, for the table."""
    steps = (
        replace(step, corrected=prevalence.negative_share(step.point.judges, view.confusions))
        for step in figures.steps
    )
    return replace(figures, steps=tuple(steps))


def _outdated(judged: ByJudge, model: str | None) -> int:
    others = judged.keys() - {model, PERSON, trends.UNJUDGED} if model else ()
    return sum(judged[judge].mentions for judge in others)


def _line(points: Sequence[Point], length: int, window: int) -> tuple[float | None, ...]:
    ends = range(len(points) - length + 1, len(points) + 1)
    sums = (sum((one.figures for one in points[max(0, end - window) : end]), Figures()) for end in ends)
    return tuple(total.net for total in sums)


def _hours(point: Point, now: datetime) -> list[datetime]:
    length = max(1, int((min(point.end, now) - point.start) / HOUR))
    return [point.start + HOUR * number for number in range(length)]


def _compared(figures: tuple[BrandFigures, ...]) -> tuple[BrandFigures, ...]:
    """With each brand's share of all mentions."""
    total = sum(one.now.mentions for one in figures)
    return tuple(replace(one, voice=one.now.mentions / total if total else None) for one in figures)


def _begun(figures: tuple[BrandFigures, ...]) -> tuple[BrandFigures, ...]:
    """Without the steps from before anything was known of any brand: those are no zeroes."""
    if any(one.before.mentions for one in figures):
        return figures
    cut = min((min(_first(one.steps), len(one.steps) - LEAST_STEPS) for one in figures), default=0)
    return tuple(replace(one, steps=one.steps[cut:], line=one.line[cut:]) for one in figures)


def _first(steps: Sequence[Step]) -> int:
    return next((number for number, step in enumerate(steps) if step.point.figures.mentions), len(steps))


def _worst_first(rows: list[IncidentRow]) -> list[IncidentRow]:
    return sorted(rows, key=lambda row: row.incident.severity is not Severity.CRITICAL)


def _choices(
    names: Iterable[str], current: str, values: Callable[[str], Mapping[str, object]]
) -> tuple[Choice, ...]:
    return tuple(Choice(name, link("/", **values(name)), name == current) for name in names)
