"""A page of a listing that goes back in time, and when what it shows was posted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from crawlers.parsers.page import Page


class Span(NamedTuple):
    """The `newest` and the `last` time of a page, and the one `down_to` which it shows everything, newest first."""

    newest: datetime
    last: datetime
    down_to: datetime


@dataclass(frozen=True)
class Stretch(Page):
    """`shown` has the id and the time of every record on the page that has both.

    `span` is of all that stands there, also of what is not collected: a page without a record goes back as far as any
    other. `mark` is the source's own name for how far its newest post goes, where it has one.
    """

    shown: tuple[tuple[str, datetime], ...] = ()
    span: Span | None = None
    mark: str | None = None

    @property
    def newest(self) -> datetime | None:
        found = self._span
        return found.newest if found else None

    @property
    def last(self) -> datetime | None:
        """How far back the page goes: what is pinned on top may be older."""
        found = self._span
        return found.last if found else None

    @property
    def down_to(self) -> datetime | None:
        """How far back the page surely goes where the newest come first: a single one at its end proves nothing."""
        found = self._span
        return found.down_to if found else None

    @property
    def _span(self) -> Span | None:
        return self.span or span([time for _, time in self.shown])


def stretch(page: Page, times: Mapping[str, datetime] | None = None, mark: str | None = None) -> Stretch:
    """`page` with the times of its records: of publication, or as `times` has them by id, also of others."""
    published = {record.external_id: record.published_at for record in page.records if record.published_at}
    known = published if times is None else times
    shown = tuple(
        (one.external_id, known[one.external_id]) for one in page.records if one.external_id in known
    )
    return Stretch(**vars(page), shown=shown, span=span(list(known.values())), mark=mark)


def span(times: Sequence[datetime]) -> Span | None:
    """How far `times` go, which are in the order of their page; the last one may be out of order."""
    return Span(max(times), times[-1], max(times[-2:])) if times else None
