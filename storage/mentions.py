"""Storing what a crawl brings: each post once, each edit as a version, each company reply at its own time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from storage import arrivals, authors
from storage.matching import Matcher
from storage.models import Mention, MentionVersion, Source, TouchedHour
from storage.records import Batch, Record, Status
from storage.upsert import insert_or_lock


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
    session: Session, source_id: int, batch: Batch, matcher: Matcher, now: datetime
) -> StoreCounts:
    """Store the records of one page and the source's new state. Needs a write session; safe to repeat."""
    source = session.get_one(Source, source_id)
    if batch.state is not None:
        source.state = dict(batch.state)
        session.add(source)
    return _Storing(session, source, matcher, now).store(batch.records)


def hour_of(moment: datetime) -> datetime:
    """The start of the UTC hour in which `moment` falls."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def touch(session: Session, mentions: Iterable[Mention]) -> None:
    """Note that the hours of these mentions must be counted again."""
    _touch(session, ((one.brand_id, one.source_id, one.published_at) for one in mentions))


def _touch(session: Session, places: Iterable[tuple[int, int, datetime]]) -> None:
    keys = {(brand, source, hour_of(moment)) for brand, source, moment in places}
    rows = [{"brand_id": brand, "source_id": source, "hour": hour} for brand, source, hour in sorted(keys)]
    insert_or_lock(session, TouchedHour, rows, ("brand_id", "source_id", "hour"))


@dataclass(frozen=True)
class _Arrival:
    """A record with its author's key."""

    record: Record
    author: str | None

    @property
    def key(self) -> tuple[str, str]:
        return self.record.namespace, self.record.external_id


@dataclass(frozen=True)
class _Stored:
    """A mention with its newest version."""

    mention: Mention
    version: MentionVersion


_Known = dict[tuple[str, str], list[_Stored]]


class _Storing:
    """One batch on its way into the database."""

    def __init__(self, session: Session, source: Source, matcher: Matcher, now: datetime) -> None:
        assert source.id is not None  # noqa: S101 - comes from the database
        self.session, self.source, self.source_id = session, source, source.id
        self.matcher, self.now = matcher, now
        self.touched: list[tuple[int, int, datetime]] = []
        self.new: list[tuple[Record, arrivals.Row]] = []
        self.versions: list[arrivals.Row] = []

    def store(self, records: Iterable[Record]) -> StoreCounts:
        key = authors.hashing_key(self.session)
        arrived = [_Arrival(record, authors.key_of(key, record)) for record in records]
        forgotten = authors.erased(self.session, {one.author for one in arrived if one.author})
        counts = StoreCounts()
        for group in _without_repeats(arrived):
            known = self._known(group)
            for one in group:
                counts += (
                    StoreCounts(erased=1)
                    if one.author in forgotten
                    else self._store(one, known.get(one.key, []))
                )
            self._write()
        _touch(self.session, self.touched)
        return counts

    def _write(self) -> None:
        self.session.flush()
        rows = [row for _, row in self.new]
        arrivals.insert(self.session, [record for record, _ in self.new], rows, self.now)
        arrivals.insert_versions(self.session, self.versions)
        self.new, self.versions = [], []

    def _store(self, one: _Arrival, stored: list[_Stored]) -> StoreCounts:
        record, brand_id = one.record, self.matcher.brand_of(one.record)
        mine = next((it for it in stored if it.mention.source_id == self.source_id), None)
        mine = mine or next((it for it in stored if it.mention.brand_id == brand_id), None)
        if mine is not None:
            return self._again(record, mine)
        if brand_id is None:
            return StoreCounts(unmatched=1)
        if record.status is Status.REMOVED:
            return StoreCounts(unchanged=1)  # gone before we ever saw it: nothing to keep
        row = arrivals.mention_row(
            record,
            source_id=self.source_id,
            brand_id=brand_id,
            author=one.author,
            baseline=self.source.baseline_at,
            now=self.now,
        )
        self.new.append((record, row))
        self.touched.append((brand_id, self.source_id, row["published_at"]))
        return StoreCounts(new=1, replied=int(record.reply is not None))

    def _known(self, group: list[_Arrival]) -> _Known:
        rows = self.session.exec(
            select(Mention, MentionVersion)
            .join(
                MentionVersion,
                (col(MentionVersion.mention_id) == Mention.id)
                & (col(MentionVersion.number) == Mention.version),
            )
            .where(arrivals.among(one.key for one in group))
            # Who judges a mention meanwhile must be seen, or an edit would not take that judgement back.
            .with_for_update(of=Mention)
        )
        known: _Known = {}
        for mention, version in rows:
            known.setdefault((mention.namespace, mention.external_id), []).append(_Stored(mention, version))
        return known

    def _again(self, record: Record, stored: _Stored) -> StoreCounts:
        mention = stored.mention
        mention.last_seen_at = self.now
        for name in arrivals.COUNTERS:
            if getattr(record, name) is not None:
                setattr(mention, name, getattr(record, name))
        if mention.pruned_at is not None:
            return StoreCounts(unchanged=1)
        counts = self._changed(record, stored)
        if counts != StoreCounts(unchanged=1):
            self.touched.append((mention.brand_id, mention.source_id, mention.published_at))
        return counts

    def _changed(self, record: Record, stored: _Stored) -> StoreCounts:
        mention = stored.mention
        replied = self._reply(mention, record)
        if record.status is Status.REMOVED:
            removed = mention.status is not Status.REMOVED
            mention.status = Status.REMOVED
            return StoreCounts(removed=1) if removed else StoreCounts(unchanged=1)
        back = mention.status is Status.REMOVED
        edited = record.content_hash != stored.version.content_hash
        if edited:
            mention.version += 1
            mention.judged_by, mention.triaged = None, False
            self.versions.append(arrivals.version_row(mention.id or 0, mention.version, record, self.now))
        mention.status = Status.EDITED if mention.version > 1 else record.status
        if not (edited or replied or back):
            return StoreCounts(unchanged=1)
        return StoreCounts(edited=int(edited), replied=int(replied), returned=int(back))

    def _reply(self, mention: Mention, record: Record) -> bool:
        """Keep a reply that is new or changed. One that is gone stays: it was said in public."""
        reply = record.reply
        if reply is None or (reply.text == mention.reply_text and reply.at in (None, mention.reply_at)):
            return False
        mention.reply_text = reply.text
        mention.reply_at = reply.at or mention.reply_at
        mention.reply_seen_at = mention.reply_seen_at or self.now
        mention.triaged = False
        return True


def _without_repeats(arrived: list[_Arrival]) -> Iterator[list[_Arrival]]:
    """The records in groups that hold each post once: a post that stands twice on a page changes itself."""
    while arrived:
        first = {one.key: one for one in reversed(arrived)}
        yield list(reversed(first.values()))
        taken = set(map(id, first.values()))
        arrived = [one for one in arrived if id(one) not in taken]
