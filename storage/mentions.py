"""Storing what a crawl brings: each post once, each edit as a version, each company reply at its own time."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlmodel import Session, col, select, tuple_

from storage import authors
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
    keys = {(mention.brand_id, mention.source_id, hour_of(mention.published_at)) for mention in mentions}
    rows = [{"brand_id": brand, "source_id": source, "hour": hour} for brand, source, hour in sorted(keys)]
    insert_or_lock(session, TouchedHour, rows, ("brand_id", "source_id", "hour"))


@dataclass
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
        self.hashing_key = authors.hashing_key(session)
        self.touched: list[Mention] = []
        self.versions: list[_Stored] = []

    def store(self, records: Iterable[Record]) -> StoreCounts:
        keyed = [(record, authors.key_of(self.hashing_key, record)) for record in records]
        forgotten = authors.erased(self.session, {key for _, key in keyed if key})
        known = self._known([record for record, _ in keyed])
        counts = StoreCounts()
        for record, key in keyed:
            if key in forgotten:
                counts += StoreCounts(erased=1)
                continue
            counts += self._store(record, key, known)
        self._write()
        touch(self.session, self.touched)
        return counts

    def _write(self) -> None:
        """Mentions first, all at once: the versions need their ids."""
        self.session.flush()
        for stored in self.versions:
            assert stored.mention.id is not None  # noqa: S101 - flushed a line above
            stored.version.mention_id = stored.mention.id
            self.session.add(stored.version)
        self.session.flush()

    def _store(self, record: Record, author: str | None, known: _Known) -> StoreCounts:
        stored = known.get((record.namespace, record.external_id), [])
        mine = next((one for one in stored if one.mention.source_id == self.source_id), None)
        brand_id = self.matcher.brand_of(record)
        if mine is None:
            mine = next((one for one in stored if one.mention.brand_id == brand_id), None)
        if mine is not None:
            return self._again(record, mine)
        if brand_id is None:
            return StoreCounts(unmatched=1)
        if record.status is Status.REMOVED:
            return StoreCounts(unchanged=1)  # gone before we ever saw it: nothing to keep
        first = self._first(record, brand_id, author)
        known.setdefault((record.namespace, record.external_id), []).append(first)
        return StoreCounts(new=1, replied=int(record.reply is not None))

    def _known(self, records: list[Record]) -> _Known:
        keys = {(record.namespace, record.external_id) for record in records}
        if not keys:
            return {}
        rows = self.session.exec(
            select(Mention, MentionVersion)
            .join(
                MentionVersion,
                (col(MentionVersion.mention_id) == Mention.id)
                & (col(MentionVersion.number) == Mention.version),
            )
            .where(tuple_(col(Mention.namespace), col(Mention.external_id)).in_(sorted(keys)))
        )
        known: _Known = {}
        for mention, version in rows:
            known.setdefault((mention.namespace, mention.external_id), []).append(_Stored(mention, version))
        return known

    def _first(self, record: Record, brand_id: int, author: str | None) -> _Stored:
        # A time in the future would keep a post at the top for ever and out of every "last hour".
        published = min(record.published_at or self.now, self.now)
        baseline = self.source.baseline_at
        mention = Mention(
            source_id=self.source_id,
            brand_id=brand_id,
            namespace=record.namespace,
            external_id=record.external_id,
            kind=record.kind,
            url=record.url,
            author_key=author,
            author_label=record.author_name,
            published_at=published,
            published_known=record.published_at is not None,
            experienced_at=record.experienced_at,
            status=record.status,
            first_seen_at=self.now,
            last_seen_at=self.now,
            historic=baseline is None or published < baseline,
        )
        _count(mention, record)
        self._reply(mention, record)
        self.session.add(mention)
        self.touched.append(mention)
        return self._version(mention, record, number=1)

    def _again(self, record: Record, stored: _Stored) -> StoreCounts:
        mention, version = stored.mention, stored.version
        mention.last_seen_at = self.now
        _count(mention, record)
        if mention.pruned_at is not None:
            return StoreCounts(unchanged=1)
        replied = self._reply(mention, record)
        if record.status is Status.REMOVED:
            removed = mention.status is not Status.REMOVED
            mention.status = Status.REMOVED
            return self._counted(
                mention, StoreCounts(removed=1) if removed else StoreCounts(unchanged=1), removed
            )
        edited = record.content_hash != version.content_hash
        back = mention.status is Status.REMOVED
        if edited:
            mention.version += 1
            mention.judged_by, mention.triaged = None, False
            stored.version = self._version(mention, record, mention.version).version
        mention.status = Status.EDITED if mention.version > 1 else record.status
        counts = StoreCounts(
            edited=int(edited), replied=int(replied), unchanged=int(not edited and not replied)
        )
        return self._counted(mention, counts, edited or replied or back)

    def _counted(self, mention: Mention, counts: StoreCounts, touched: bool) -> StoreCounts:
        self.session.add(mention)
        if touched:
            self.touched.append(mention)
        return counts

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

    def _version(self, mention: Mention, record: Record, number: int) -> _Stored:
        rated = record.rating is not None
        version = MentionVersion(
            mention_id=mention.id or 0,  # a new mention gets its id when it is written
            number=number,
            title=record.title,
            text=record.text,
            language=record.language,
            rating=record.rating,
            rating_min=record.rating_min if rated else None,
            rating_max=record.rating_max if rated else None,
            content_hash=record.content_hash,
            seen_at=self.now,
        )
        self.versions.append(_Stored(mention, version))
        return self.versions[-1]


def _count(mention: Mention, record: Record) -> None:
    for name in ("likes", "shares", "replies", "views", "followers"):
        value = getattr(record, name)
        if value is not None:
            setattr(mention, name, value)
