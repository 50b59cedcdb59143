"""The steps between a crawl and a message, in order. Each finds its own work in the database."""

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

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


def run(database: Database, steps: Sequence[Step], now: datetime) -> list[StepReport]:
    """Run the steps in order. One that fails is reported and logged, and the others go on."""
    return [guarded(step.name, partial(step.run, database, now)) for step in steps]


def guarded(name: str, work: Callable[[], StepReport]) -> StepReport:
    """The report of `work`, or of its failure."""
    try:
        return work()
    except Exception as error:
        log.error("%s failed and will be tried again: %s", name, summary(error), extra={"action": name})
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
