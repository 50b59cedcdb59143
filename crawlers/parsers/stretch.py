"""A page of a listing that goes back in time, and when what it shows was posted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from crawlers.parsers.page import Page


class Span(NamedTuple):
    """The newest and the last time of all that stands on a page, in the order of the page.

    `bottom` is how far back a page goes that has its newest posts first: what is pinned on top may be older, and so
    may one post at its end be.
    """

    newest: datetime
    last: datetime
    bottom: datetime


@dataclass(frozen=True)
class Stretch(Page):
    """`shown` has the id and the time of every record on the page that has both.

    `span` is of all that stands there, also of what is not collected: a page without a record goes back as far as
    any other. `mark` is the source's own name for how far its newest post goes, where it has one.
    """

    shown: tuple[tuple[str, datetime], ...] = ()
    span: Span | None = None
    mark: str | None = None

    @property
    def newest(self) -> datetime | None:
        return self._span.newest if self._span else None

    @property
    def last(self) -> datetime | None:
        return self._span.last if self._span else None

    @property
    def bottom(self) -> datetime | None:
        return self._span.bottom if self._span else None

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
    """The span of `times`, which are in the order of their page."""
    return Span(max(times), times[-1], max(times[-2:])) if times else None
