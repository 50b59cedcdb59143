"""Moments, lengths of time and numbers as Dutch readers write them. Times on screen are Europe/Amsterdam."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from babel import Locale, dates, numbers

from alerts import catalogue
from alerts.catalogue import Catalogue
from storage.calendar import AMSTERDAM
from storage.records import Precision

_DAY = timedelta(days=1)
_COARSE = {Precision.MONTH: "MMMM y", Precision.YEAR: "y"}


def words(language: str) -> Catalogue:
    """The words of the pages, which are those of the messages and more. Raises CatalogueError."""
    return catalogue.load(language, catalogue.FOLDER, Path(__file__).with_name("locale"))


@dataclass(frozen=True)
class Formats:
    """Formatting in one language, seen from `now`."""

    text: Catalogue
    now: datetime
    least: timedelta = timedelta(minutes=1)
    """No length of time is told as shorter than this."""
    moment: timedelta = timedelta(seconds=1)
    """What comes sooner than this is now."""

    def when(self, moment: datetime) -> str:
        """`vandaag 14:05`, `gisteren 09:12`, `di 17 nov 14:05`, and the year when it is another one."""
        local, today = moment.astimezone(AMSTERDAM), self.now.astimezone(AMSTERDAM).date()
        clock = self._dates("HH:mm", local)
        if local.date() == today:
            return self.text("time.today", clock=clock)
        if local.date() == today - _DAY:
            return self.text("time.yesterday", clock=clock)
        pattern = "EEE d MMM HH:mm" if local.year == today.year else "d MMM y HH:mm"
        return self._dates(pattern, local).replace(".", "")

    def about_when(self, moment: datetime, precision: Precision) -> str:
        """As `when`, no finer than the source tells it: `di 17 nov`, `rond di 17 nov`, `rond augustus 2026`."""
        if precision in (Precision.MINUTE, Precision.HOUR):
            return self.when(moment)
        local, today = moment.astimezone(AMSTERDAM), self.now.astimezone(AMSTERDAM).date()
        if precision is Precision.DAY and local.date() in (today, today - _DAY):
            return self.text("time.today_all_day" if local.date() == today else "time.yesterday_all_day")
        pattern = _COARSE.get(precision, "EEE d MMM" if local.year == today.year else "d MMM y")
        shown = self._dates(pattern, local).replace(".", "")
        return shown if precision is Precision.DAY else self.text("time.about", when=shown)

    def language(self, code: str) -> str:
        """`Engels` for `en`; the code itself where Dutch has no word for it."""
        name = str(Locale(self.text.language).languages.get(code, code))
        return name[:1].upper() + name[1:]

    def clock(self, moment: datetime) -> str:
        return self._dates("HH:mm", moment.astimezone(AMSTERDAM))

    def period(self, moment: datetime, by: str) -> str:
        """The name of an hour, day or week that begins at `moment`: `14:00`, `di 17 nov`, `week 47`."""
        local = moment.astimezone(AMSTERDAM)
        if by == "week":
            return self.text("time.week", week=local.isocalendar().week, day=self._dates("d MMM", local))
        return self._dates("EEE HH:mm" if by == "hour" else "EEE d MMM", local).replace(".", "")

    def exact(self, moment: datetime) -> str:
        """`vrijdag 20 november 2026 om 14:05:33`."""
        local = moment.astimezone(AMSTERDAM)
        return self.text(
            "time.exact", day=self._dates("EEEE d MMMM y", local), clock=self._dates("HH:mm:ss", local)
        )

    def iso(self, moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat(timespec="seconds")

    def ago(self, moment: datetime) -> str:
        """`3 minuten geleden`, `zojuist`, `over 12 seconden`."""
        if timedelta() <= self.now - moment < timedelta(seconds=45):
            return self.text("time.now")
        return dates.format_timedelta(
            moment - self.now, add_direction=True, threshold=1.5, locale=self.text.locale
        )

    def length(self, length: timedelta | float) -> str:
        """A length of time, or seconds, in its largest unit: `26 uur`, `3 dagen`."""
        span = length if isinstance(length, timedelta) else timedelta(seconds=length)
        return dates.format_timedelta(span, threshold=1.5, locale=self.text.locale)

    def since(self, moment: datetime) -> str:
        """How long ago, without the word for it: `3 dagen`."""
        return self.length(max(self.now - moment, timedelta(minutes=1)))

    def number(self, value: float, digits: int = 0) -> str:
        return self.text.number(value, digits)

    def signed(self, value: float, digits: int = 0) -> str:
        """With its sign, and a true minus."""
        text = self.number(abs(value), digits)
        rounded = round(value, digits)
        return text if rounded == 0 else f"+{text}" if rounded > 0 else f"−{text}"

    def percent(self, share: float) -> str:
        return numbers.format_percent(round(share, 2), locale=self.text.locale)

    def _dates(self, pattern: str, local: datetime) -> str:
        return dates.format_datetime(local, pattern, tzinfo=AMSTERDAM, locale=self.text.locale)
