"""A page of a listing that goes back in time, and when what it shows was posted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawlers.parsers.page import Page


@dataclass(frozen=True)
class Stretch(Page):
    """`shown` has the id and the time of every record on the page that has both.

    `span` is the newest and the last time of all that stands there, also of what is not collected: a page without
    a record goes back as far as any other. `mark` is the source's own name for how far its newest post goes,
    where it has one.
    """

    shown: tuple[tuple[str, datetime], ...] = ()
    span: tuple[datetime, datetime] | None = None
    mark: str | None = None

    @property
    def newest(self) -> datetime | None:
        return self.span[0] if self.span else max((time for _, time in self.shown), default=None)

    @property
    def last(self) -> datetime | None:
        """How far back the page goes: what is pinned on top may be older."""
        if self.span:
            return self.span[1]
        return self.shown[-1][1] if self.shown else None


def stretch(page: Page, times: Mapping[str, datetime] | None = None, mark: str | None = None) -> Stretch:
    """`page` with the times of its records: of publication, or as `times` has them by id, also of others."""
    published = {record.external_id: record.published_at for record in page.records if record.published_at}
    known = published if times is None else times
    shown = tuple(
        (one.external_id, known[one.external_id]) for one in page.records if one.external_id in known
    )
    return Stretch(**vars(page), shown=shown, span=span(list(known.values())), mark=mark)


def span(times: Sequence[datetime]) -> tuple[datetime, datetime] | None:
    """The newest and the last of `times`, which are in the order of their page."""
    return (max(times), times[-1]) if times else None
