"""Storing what a crawl brings: each post once, each edit as a version, each company reply at its own time."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session

from storage import arrivals, authors
from storage.arrivals import Known
from storage.matching import Matcher
from storage.models import Mention, MentionVersion, Source, TouchedHour
from storage.prepared import Prepared, Question, table_of
from storage.records import Batch, Record, Status
from storage.sameness import Words, same_text, shown_before
from storage.upsert import insert_or_lock

_SOURCE, _VERSION = table_of(Source), table_of(MentionVersion)
_OF_KEY = _SOURCE.c.id == sa.bindparam("key")
_STANDING = Question(sa.select(_SOURCE.c.baseline_at, authors.KEY, authors.ANY_ERASED).where(_OF_KEY))
_KEEP_STATE = Prepared(sa.update(_SOURCE).where(_OF_KEY), ["state"])


@dataclass(frozen=True)
class StoreCounts:
    """What became of the records of a batch. One record may count as both edited and replied."""

    new: int = 0
    edited: int = 0
    replied: int = 0
    removed: int = 0
    returned: int = 0
    unchanged: int = 0
    unmatched: int = 0
    erased: int = 0

    def __add__(self, other: "StoreCounts") -> "StoreCounts":
        pairs = (
            (field.name, getattr(self, field.name) + getattr(other, field.name)) for field in fields(self)
        )
        return StoreCounts(**dict(pairs))


def store_batch(
    connection: Connection, source_id: int, batch: Batch, matcher: Matcher, now: datetime
) -> StoreCounts:
    """Store the records of one page and the source's new state. Needs a transaction that writes; safe to repeat."""
    ((baseline, key, some_erased),) = _STANDING.ask(connection, {"key": source_id})
    if batch.state is not None:
        _KEEP_STATE.run(connection, [{"key": source_id, "state": json.dumps(batch.state)}])
    if not batch.records:
        return StoreCounts()
    hashing = authors.hashing_key(connection) if key is None else bytes.fromhex(key)
    arrived = [_arrival(record, hashing) for record in batch.records]
    forgotten = (
        authors.erased(connection, {one.author for one in arrived if one.author}) if some_erased else ()
    )
    return _Storing(connection, source_id, baseline, matcher, now).store(arrived, forgotten)


def hour_of(moment: datetime) -> datetime:
    """The start of the UTC hour in which `moment` falls."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def touch(session: Session, mentions: Iterable[Mention]) -> None:
    """Note that the hours of these mentions must be counted again."""
    session.flush()
    _touch(session.connection(), ((one.brand_id, one.source_id, one.published_at) for one in mentions))


def _touch(connection: Connection, places: Iterable[tuple[int, int, datetime]]) -> None:
    keys = {(brand, source, hour_of(moment)) for brand, source, moment in places}
    rows = [{"brand_id": brand, "source_id": source, "hour": hour} for brand, source, hour in sorted(keys)]
    insert_or_lock(connection, TouchedHour, rows, ("brand_id", "source_id", "hour"))


class _Arrival(NamedTuple):
    """A record with what it is known by and its author's key."""

    key: tuple[str, str]
    record: Record
    author: str | None


def _arrival(record: Record, hashing: bytes) -> _Arrival:
    return _Arrival((record.namespace, record.external_id), record, authors.key_of(hashing, record))


class _Storing:
    """One batch on its way into the database."""

    def __init__(
        self,
        connection: Connection,
        source_id: int,
        baseline: datetime | None,
        matcher: Matcher,
        now: datetime,
    ) -> None:
        self.connection, self.source_id, self.baseline = connection, source_id, baseline
        self.matcher, self.now = matcher, now
        self.touched: list[tuple[int, int, datetime]] = []
        self.new: list[arrivals.Row] = []
        self.changed: list[arrivals.Row] = []
        self.words: list[arrivals.Row] = []

    def store(self, arrived: Sequence[_Arrival], forgotten: Collection[str]) -> StoreCounts:
        became: list[str] = []
        for group in _without_repeats(arrived):
            known = self._known(group)
            for one in group:
                gone = one.author in forgotten
                became += ("erased",) if gone else self._store(one, known.get(one.key, ()))
            self._write()
        _touch(self.connection, self.touched)
        return StoreCounts(**Counter(became))

    def _known(self, group: Sequence[_Arrival]) -> dict[tuple[str, str], list[Known]]:
        found: dict[tuple[str, str], list[Known]] = {}
        for mention in arrivals.known(self.connection, (one.key for one in group)):
            found.setdefault((mention.namespace, mention.external_id), []).append(mention)
        return found

    def _write(self) -> None:
        # The oldest first, as indexes grow; most sources show the newest first.
        arrivals.NEW.run(self.connection, sorted(self.new, key=itemgetter("published_at")))
        arrivals.CHANGED.run(self.connection, self.changed)
        arrivals.SAID.run(self.connection, self.words)
        self.new, self.changed, self.words = [], [], []

    def _store(self, one: _Arrival, known: Sequence[Known]) -> Sequence[str]:
        """What becomes of it, in the words of `StoreCounts`."""
        record, brand_id = one.record, self.matcher.brand_of(one.record)
        mine = next((it for it in known if it.source_id == self.source_id), None)
        mine = mine or next((it for it in known if it.brand_id == brand_id), None)
        if mine is None and brand_id is None and known:
            mine = known[0]  # what is gone, or names the brand no more, was brought by another source
        if mine is not None:
            return self._again(record, mine)
        if brand_id is None:
            return ("unmatched",)
        if record.status is Status.REMOVED:
            return ("unchanged",)  # gone before we ever saw it: nothing to keep
        row = arrivals.mention_row(
            record,
            source_id=self.source_id,
            brand_id=brand_id,
            author=one.author,
            baseline=self.baseline,
            now=self.now,
        )
        self.new.append(row)
        self.words.append(arrivals.words_row(record, self.source_id, brand_id, 1, self.now))
        self.touched.append((brand_id, self.source_id, row["published_at"]))
        return ("new", "replied") if record.reply else ("new",)

    def _again(self, record: Record, before: Known) -> Sequence[str]:
        after = seen_again(before, record, self.now, echo=self._is_echo(record, before))
        if after == before:
            return ("unchanged",)
        self.changed.append(arrivals.change_row(after))
        if after.version > before.version:
            self.words.append(
                arrivals.words_row(record, self.source_id, after.brand_id, after.version, self.now)
            )
        changes = _changes(before, after)
        if changes:
            self.touched.append((after.brand_id, after.source_id, after.published_at))
        return changes or ("unchanged",)

    def _is_echo(self, record: Record, before: Known) -> bool:
        """Whether this source shows in its own way what another source of the platform brought."""
        if before.shown_by == self.source_id or record.content_hash == before.content_hash:
            return False
        said = sa.select(_VERSION.c.title, _VERSION.c.text, _VERSION.c.rating)
        versions = self.connection.execute(said.where(_VERSION.c.mention_id == before.id))
        now = Words(record.title, record.text, record.rating)
        return shown_before(now, (Words(*version) for version in versions))


def seen_again(mention: Known, record: Record, now: datetime, *, echo: bool = False) -> Known:
    """A mention as it is now that a source shows `record`; of one that was blanked only the figures move.

    An `echo` of another source's words is no edit.
    """
    changes: dict[str, Any] = {
        name: value for name in arrivals.COUNTERS if (value := getattr(record, name)) is not None
    }
    if mention.pruned_at is None:
        changes |= _reply(mention, record, now) | _words(mention, record, echo)
    return mention._replace(**changes)


def _reply(mention: Known, record: Record, now: datetime) -> dict[str, Any]:
    """A reply that is new or changed. One that is gone stays: it was said in public."""
    reply = record.reply
    if reply is None or _is_older(reply.at, mention.reply_at):
        return {}
    if same_text(reply.text, mention.reply_text):
        return {"reply_at": reply.at} if mention.reply_at is None and reply.at else {}
    return {
        "reply_text": reply.text,
        "reply_at": reply.at or mention.reply_at,
        "reply_seen_at": now,
        "triaged": False,
    }


def _is_older(at: datetime | None, known: datetime | None) -> bool:
    """Two sources of one platform may each show another one of a company's replies; the last one counts."""
    return at is not None and known is not None and at < known


def _words(mention: Known, record: Record, echo: bool) -> dict[str, Any]:
    if record.status is Status.REMOVED:
        return {"status": Status.REMOVED}
    if echo or record.content_hash == mention.content_hash:
        edited = mention.version > 1 or Status.EDITED in (mention.status, record.status)
        return {"status": Status.EDITED if edited else record.status}
    return {"status": Status.EDITED, "version": mention.version + 1, "judged_by": None, "triaged": False}


def _changes(before: Known, after: Known) -> tuple[str, ...]:
    was_gone, is_gone = before.status is Status.REMOVED, after.status is Status.REMOVED
    changes = {
        "edited": after.version > before.version,
        "replied": (after.reply_text, after.reply_at) != (before.reply_text, before.reply_at),
        "removed": is_gone and not was_gone,
        "returned": was_gone and not is_gone,
    }
    return tuple(name for name, happened in changes.items() if happened)


def _without_repeats(arrived: Sequence[_Arrival]) -> Iterator[Sequence[_Arrival]]:
    """The records in groups that hold each post once: a post that stands twice on a page changes itself."""
    while arrived:
        first = {one.key: one for one in reversed(arrived)}
        if len(first) == len(arrived):
            yield arrived
            return
        yield list(reversed(first.values()))
        taken = set(map(id, first.values()))
        arrived = [one for one in arrived if id(one) not in taken]
