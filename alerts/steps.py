"""The steps between a crawl and a message, in order. Each finds its own work in the database."""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from alerts import judge, trends, triage
from storage.configuration import Configuration
from storage.database import Database
from storage.steps import StepReport

log = logging.getLogger(__name__)

Run = Callable[[Database, datetime], StepReport]


@dataclass(frozen=True)
class Step:
    name: str
    run: Run


def pipeline(configuration: Configuration, listening_since: datetime | None = None) -> tuple[Step, ...]:
    """Triage, trend and judge. Scoring comes before them, delivering after; both go at their own pace."""
    judging = partial(_judge, configuration, listening_since)
    return (Step("triage", triage.run), Step("trend", trends.run), Step("judge", judging))


def run(
    database: Database, steps: Sequence[Step], now: datetime, known: Mapping[str, str] = MappingProxyType({})
) -> list[StepReport]:
    """Run the steps in order. One that fails is reported and logged, and the others go on.

    `known` are failures by step that were logged before.
    """
    return [guarded(step.name, partial(step.run, database, now), known.get(step.name)) for step in steps]


def guarded(name: str, work: Callable[[], StepReport], known: str | None = None) -> StepReport:
    """The report of `work`, or of its failure, which is logged unless it is the `known` one."""
    try:
        return work()
    except Exception as error:
        level = logging.DEBUG if summary(error) == known else logging.ERROR
        log.log(level, "%s failed and will be tried again: %s", name, summary(error), extra={"action": name})
        return StepReport(name, failed=1, notes=(summary(error),))


def summary(error: BaseException) -> str:
    """What went wrong and where, without the data that an error may quote."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    first = (str(error).splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {first} ({places})"


def _judge(
    configuration: Configuration, listening_since: datetime | None, database: Database, now: datetime
) -> StepReport:
    return judge.run(database, configuration.alerts, now, listening_since)
