"""When which source could not be heard, remembered for a minute: looking through months of crawls takes long."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage import holes
from storage.database import Session
from storage.holes import Hole
from storage.mentions import hour_of
from storage.models import Source

REMEMBERED = timedelta(minutes=1)
MOST = 32
_Key = tuple[tuple[int, ...], datetime, datetime]


@dataclass
class Hearing:
    """The holes of sources between two hours, asked of the database at most once a minute."""

    _known: dict[_Key, tuple[datetime, list[Hole]]] = field(default_factory=dict)

    def holes(
        self, session: Session, sources: Sequence[Source], since: datetime, now: datetime
    ) -> list[Hole]:
        key = (tuple(source.id or 0 for source in sources), hour_of(since), hour_of(now))
        asked, found = self._known.get(key, (datetime.min.replace(tzinfo=now.tzinfo), []))
        if not timedelta(0) <= now - asked < REMEMBERED:
            found = holes.holes(session, sources, since, now)
            self._remember(key, now, found)
        return found

    def _remember(self, key: _Key, now: datetime, found: list[Hole]) -> None:
        while len(self._known) >= MOST:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = (now, found)
