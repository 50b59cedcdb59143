"""What kinds of source there are, and how the configured sources are doing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawlers import secrets
from crawlers.sources import SOURCES, faults_of, permission_missing
from storage import runs
from storage.configuration import Configuration, SourceSettings
from storage.database import Database, is_there
from storage.models import CrawlRun, Health, Source
from storage.sources import active_sources


@dataclass(frozen=True)
class KindLine:
    """One kind: the parameters that it `needs`, those that it `takes` besides, the names of its secrets, its terms."""

    kind: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    secrets: tuple[str, ...]
    terms: str


@dataclass(frozen=True)
class Standing:
    """One configured source. `status` is the health of its last crawl, or why there is none; `since` is its end.

    The schedule does not ask a source that refused us before `left_alone_until`.
    """

    source: str
    kind: str
    brand: str | None
    status: str
    since: datetime | None = None
    reason: str | None = None
    left_alone_until: datetime | None = None


def kinds() -> list[KindLine]:
    """Every kind, in the order of the table."""
    return [_line(kind) for kind in SOURCES]


def _line(kind: str) -> KindLine:
    source = SOURCES[kind]
    fields = source.parameters.model_fields
    needs = [name for name, one in fields.items() if one.is_required()]
    if source.needs_base_url:
        needs.insert(0, "base_url")
    if source.needs_permission:
        needs.append("permission")
    takes = [name for name in fields if name not in needs]
    return KindLine(kind, tuple(needs), tuple(takes), tuple(source.every_secret), source.terms)


def standings(configuration: Configuration, now: datetime) -> list[Standing]:
    """Every configured source, in the order of the configuration. Reads the database only if there is one."""
    rows: list[Source] = []
    latest: Mapping[int, CrawlRun] = {}
    if is_there(configuration.database):
        with Database(configuration.database) as database:
            if database.revision() is not None:
                database.check()
                with database.read() as session:
                    rows, latest = active_sources(session), runs.latest(session)
    return [_standing(settings, rows, latest, now) for settings in configuration.source]


def troubled(found: Sequence[Standing]) -> Iterator[Standing]:
    """Those whose last crawl was not as it should be; what is not ready is told by its faults."""
    return (one for one in found if one.status in set(Health) - {Health.OK})


def _standing(
    settings: SourceSettings, rows: Sequence[Source], latest: Mapping[int, CrawlRun], now: datetime
) -> Standing:
    place = (settings.name, settings.kind, settings.brand)
    if not settings.enabled:
        return Standing(*place, "off", reason="enabled = false")
    wrong = [*faults_of(settings), *secrets.missing(settings)]
    if missing := permission_missing(settings):
        wrong.append(missing)
    if wrong:
        return Standing(*place, "not ready", reason="; ".join(map(str, wrong)))
    row = next((row for row in rows if row.name == settings.name), None)
    run = latest.get(row.id) if row is not None and row.id is not None else None
    if run is None or run.health is None:
        return Standing(*place, "never crawled")
    until = row.blocked_until if row and row.blocked_until and row.blocked_until > now else None
    return Standing(*place, run.health.value, run.finished_at, run.reason, until)
