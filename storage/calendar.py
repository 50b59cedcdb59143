"""Dutch days and UTC hours: where one begins and which one a moment falls in."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOUR = timedelta(hours=1)


def day_of(moment: datetime) -> date:
    """The Dutch calendar day of an aware moment."""
    return moment.astimezone(AMSTERDAM).date()


def start_of(day: date) -> datetime:
    """When a Dutch calendar day begins, in UTC. A day has 23, 24 or 25 hours."""
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


def end_of(day: date) -> datetime:
    """When the next day begins."""
    return start_of(day + timedelta(days=1))


def monday_of(day: date) -> date:
    """The first day of the ISO week."""
    return day - timedelta(days=day.weekday())


def moment_of(text: str) -> datetime:
    """What a person typed as a date or time, in UTC. Without a zone it is Dutch time; raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=AMSTERDAM)).astimezone(UTC)
