"""The tables. Constraints here make the invariants true in the database, not only in the code.

Rows are written from validated input (`storage.records`, `storage.configuration`); `table=True` models do not
validate on construction.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.records import Kind, Precision, Status
from storage.records import Sentiment as Sentiment

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _words(values: type[StrEnum]) -> Any:
    """A text column that admits only the values of `values`, by value and not by member name."""
    return sa.Enum(
        values,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        name=values.__name__.lower(),
        length=16,
    )


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of those rows for which `where` holds, in SQL that both databases read."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


PERSON = "person"
"""Stands where a model's id does when a person corrected it. No model is called so."""


class Health(StrEnum):
    """How a crawl went; everything but `ok` is told to people. `suspicious` was read, but not as it used to be."""

    OK = "ok"
    SUSPICIOUS = "suspicious"
    EMPTY = "empty"
    BLOCKED = "blocked"
    BROKEN = "broken"
    FORMAT_CHANGED = "format_changed"


HEARD = (Health.OK, Health.SUSPICIOUS)
"""After these we know what the source had to say."""


class CaseState(StrEnum):
    NEW = "new"
    IN_HAND = "in_hand"
    ANSWERED = "answered"
    SOLVED = "solved"
    NO_ACTION = "no_action"


class Severity(StrEnum):
    ATTENTION = "attention"
    CRITICAL = "critical"


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class DeliveryForm(StrEnum):
    """`post` is the incident's one message, `update` rewrites it, `reply` goes in its thread."""

    POST = "post"
    UPDATE = "update"
    REPLY = "reply"


class Brand(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=100)
    competitor: bool = False
    active: bool = True


class Source(SQLModel, table=True):
    """One configured place to listen; `state` is where reading has come to (watermarks, validators)."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=100)
    kind: str = Field(max_length=100)
    brand_id: int | None = Field(default=None, foreign_key="brand.id")
    every_seconds: int = Field(gt=0)
    active: bool = True
    fingerprint: str = Field(default="", max_length=64)
    """Of kind, address and parameters: when it changes, reading starts afresh."""
    state: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    baseline_at: datetime | None = None
    """When the first whole crawl ended. What came before it is history and never alerts."""
    blocked_until: datetime | None = None
    refusals: int = 0
    """How often it refused us since it last let us in; each time the schedule waits longer."""
    key_mark: str = Field(default="", max_length=8)
    """Changes with the secrets it is read with, and is far too short to tell them."""
    state_before: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    """The state when a crawl began that did not end by itself (yet); None after one that did."""


class Mention(SQLModel, table=True):
    """One public post about a brand. Its words stand in its versions; `version` is the newest one's number.

    A general source gives one mention per post; two sources bound to different brands each keep their own.
    """

    __table_args__ = (
        sa.UniqueConstraint("namespace", "external_id", "brand_id"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.Index("ix_mention_brand_id_published_at", "brand_id", "published_at"),
        sa.Index("ix_mention_published_at", "published_at"),
        sa.Index("ix_mention_source_id_published_at", "source_id", "published_at"),
        # Not of what a crawl has just stored: keys are random, and each would cost it a page of the index.
        _partial("ix_mention_author_key", "author_key", where="judged_by IS NOT NULL"),
        _partial("ix_mention_cluster_id", "cluster_id", where="cluster_id IS NOT NULL"),
        sa.Index("ix_mention_judged_by_id", "judged_by", "id"),
        sa.Index(
            "ix_mention_untriaged",
            "published_at",
            sqlite_where=sa.text("triaged = 0 AND judged_by IS NOT NULL"),
            postgresql_where=sa.text("triaged = false AND judged_by IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    brand_id: int = Field(foreign_key="brand.id")
    namespace: str = Field(max_length=500)
    external_id: str = Field(max_length=500)
    kind: Kind = Field(sa_type=_words(Kind))
    url: str | None = Field(default=None, max_length=2000)
    author_key: str | None = Field(default=None, max_length=64)
    author_label: str | None = Field(default=None, max_length=200)
    published_at: datetime
    published_known: bool = True
    """False when the source gives no time: `published_at` is then the time of first sight."""
    published_precision: Precision = Field(
        default=Precision.MINUTE, sa_type=_words(Precision), sa_column_kwargs={"server_default": "minute"}
    )
    """How coarsely the source tells it."""
    experienced_at: datetime | None = None
    status: Status = Field(default=Status.VISIBLE, sa_type=_words(Status))
    version: int = 1
    reply_text: str | None = Field(default=None, sa_type=sa.Text)
    reply_at: datetime | None = None
    reply_seen_at: datetime | None = None
    likes: int | None = Field(default=None, sa_type=sa.BigInteger)
    shares: int | None = Field(default=None, sa_type=sa.BigInteger)
    replies: int | None = Field(default=None, sa_type=sa.BigInteger)
    views: int | None = Field(default=None, sa_type=sa.BigInteger)
    followers: int | None = Field(default=None, sa_type=sa.BigInteger)
    first_seen_at: datetime
    historic: bool = False
    """Came with the source's first crawl: baseline, never a reason to alert."""
    language: str | None = Field(default=None, max_length=35)
    """Of the newest version as it was judged, whatever the source says; other languages than Dutch get no verdict."""
    judged_by: str | None = Field(default=None, max_length=200)
    """The model, or `PERSON`, whose verdict on the newest version counts; None while there is none yet."""
    triaged: bool = False
    cluster_id: int | None = Field(default=None, foreign_key="cluster.id")
    pruned_at: datetime | None = None


class MentionVersion(SQLModel, table=True):
    """What the author wrote, once per edit."""

    __tablename__ = "mention_version"

    mention_id: int = Field(primary_key=True, foreign_key="mention.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    title: str | None = Field(default=None, max_length=1000)
    text: str = Field(sa_type=sa.Text)
    language: str | None = Field(default=None, max_length=35)
    rating: float | None = None
    rating_min: float | None = None
    rating_max: float | None = None
    content_hash: str = Field(max_length=64)
    source_id: int = Field(foreign_key="source.id")
    """The source that showed it first; not always the mention's own, where two read one platform."""
    seen_at: datetime
    edited_at: datetime | None = None
    """When the author changed it to this, where the source tells."""

    @property
    def said_at(self) -> datetime:
        """When its author said this, as far as is known; of the first version the mention knows it better."""
        return self.edited_at or self.seen_at


class Verdict(SQLModel, table=True):
    """What a model says of one version of a mention: at most one verdict per version and model.

    The newest correction by a person is kept here too, under the model id `PERSON`.
    """

    __table_args__ = (
        sa.UniqueConstraint("mention_id", "version", "model_id"),
        sa.ForeignKeyConstraint(
            ["mention_id", "version"],
            ["mention_version.mention_id", "mention_version.number"],
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("negative >= 0 AND neutral >= 0 AND positive >= 0", name="probabilities"),
    )

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int
    version: int
    model_id: str = Field(max_length=200)
    sentiment: Sentiment = Field(sa_type=_words(Sentiment))
    negative: float
    neutral: float
    positive: float
    themes: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    escalation: bool = False
    churn: bool = False
    question: bool = False
    unsure: bool = False
    """The model's confidence in the sentiment is below what it states as its least."""
    judged_at: datetime


class Judge(SQLModel, table=True):
    """A model that judges or judged here. The one put to use last is the one in use."""

    model_id: str = Field(primary_key=True, max_length=200)
    put_to_use_at: datetime
    confusion: list[list[int]] | None = Field(default=None, sa_type=sa.JSON)
    """Texts counted by true and by said sentiment, measured by who made the model; None where nobody did."""


class Correction(SQLModel, table=True):
    """What a person says of one version of a mention; never changed, the newest one counts."""

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["mention_id", "version"],
            ["mention_version.mention_id", "mention_version.number"],
            ondelete="CASCADE",
        ),
        sa.Index("ix_correction_mention_id_version", "mention_id", "version"),
    )

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int
    version: int
    sentiment: Sentiment = Field(sa_type=_words(Sentiment))
    themes: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    escalation: bool = False
    churn: bool = False
    question: bool = False
    who: str = Field(max_length=100)
    at: datetime


class TouchedHour(SQLModel, table=True):
    """An hour whose bucket no longer agrees with its mentions: the trend step's work list."""

    __tablename__ = "touched_hour"

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    hour: datetime = Field(primary_key=True)


class Bucket(SQLModel, table=True):
    """Counts of one brand, source, hour (UTC, by publication) and judge, recomputed from the mentions."""

    __table_args__ = (sa.Index("ix_bucket_hour", "hour"),)

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    hour: datetime = Field(primary_key=True)
    judge: str = Field(primary_key=True, max_length=200)
    """The model, or `PERSON`, whose verdicts these are; empty for what is not judged yet."""
    mentions: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    escalation: int = 0
    churn: int = 0
    question: int = 0
    unsure: int = 0
    unsure_negative: int = 0
    historic: int = 0
    replied: int = 0


class DayBucket(SQLModel, table=True):
    """The buckets of one judge and Dutch calendar day added up, so that weeks and months read fast."""

    __tablename__ = "day_bucket"
    __table_args__ = (sa.Index("ix_day_bucket_day", "day"),)

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    day: str = Field(primary_key=True, max_length=10)
    """ISO date, Europe/Amsterdam."""
    judge: str = Field(primary_key=True, max_length=200)
    mentions: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    escalation: int = 0
    churn: int = 0
    question: int = 0
    unsure: int = 0
    unsure_negative: int = 0
    replied: int = 0


class Cluster(SQLModel, table=True):
    """Mentions of one brand that say the same within a window. How many is counted from the mentions."""

    id: int | None = Field(default=None, primary_key=True)
    brand_id: int = Field(foreign_key="brand.id")


class ClusterBand(SQLModel, table=True):
    """Where to find complaints that may be like a text: the newest mention of a brand that has this band."""

    __tablename__ = "cluster_band"
    __table_args__ = ({"sqlite_with_rowid": False},)

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    value: int = Field(primary_key=True, sa_type=sa.BigInteger)
    mention_id: int = Field(foreign_key="mention.id")


class Case(SQLModel, table=True):
    """A mention that somebody must answer, and the author's later ones."""

    __tablename__ = "complaint_case"
    __table_args__ = (
        sa.Index("ix_complaint_case_state_opened_at", "state", "opened_at"),
        sa.Index("ix_complaint_case_brand_id_author_key", "brand_id", "author_key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int = Field(unique=True, foreign_key="mention.id")
    brand_id: int = Field(foreign_key="brand.id")
    author_key: str | None = Field(default=None, max_length=64)
    state: CaseState = Field(default=CaseState.NEW, sa_type=_words(CaseState))
    owner: str | None = Field(default=None, max_length=100)
    opened_at: datetime
    """When the complaint was published: the clock of the answering time starts there."""
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    revision: int = 1
    """Rises with every change; a page that shows an older one may not overwrite a newer."""


class CaseEvent(SQLModel, table=True):
    """Who did what with a case, and when; never changed."""

    __tablename__ = "case_event"
    __table_args__ = (sa.Index("ix_case_event_case_id", "case_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="complaint_case.id", ondelete="CASCADE")
    at: datetime
    who: str = Field(max_length=100)
    what: str = Field(max_length=32)
    old: str | None = Field(default=None, max_length=200)
    new: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, sa_type=sa.Text)
    mention_id: int | None = Field(default=None, foreign_key="mention.id")


class Incident(SQLModel, table=True):
    """A rule that holds for a key, from opened to resolved. One open incident per key."""

    __table_args__ = (
        _partial("uq_incident_key_open", "key", where="resolved_at IS NULL", unique=True),
        sa.Index("ix_incident_opened_at", "opened_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    rule: str = Field(max_length=32)
    key: str = Field(max_length=250)
    brand_id: int | None = Field(default=None, foreign_key="brand.id")
    source_id: int | None = Field(default=None, foreign_key="source.id")
    severity: Severity = Field(sa_type=_words(Severity))
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """What the rule measured when last judged: counts, expectation, p-value, since when, sources."""
    started_at: datetime
    """Since when the world was out of the ordinary, which is before we noticed."""
    opened_at: datetime
    updated_at: datetime
    last_true_at: datetime
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = Field(default=None, max_length=100)


class IncidentMention(SQLModel, table=True):
    """The evidence: which mentions an incident counted."""

    __tablename__ = "incident_mention"
    __table_args__ = (sa.Index("ix_incident_mention_mention_id", "mention_id"),)

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", ondelete="CASCADE")
    mention_id: int = Field(primary_key=True, foreign_key="mention.id", ondelete="CASCADE")


class IncidentEvent(SQLModel, table=True):
    """The timeline of an incident."""

    __tablename__ = "incident_event"
    __table_args__ = (sa.Index("ix_incident_event_incident_id", "incident_id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", ondelete="CASCADE")
    at: datetime
    what: str = Field(max_length=32)
    who: str | None = Field(default=None, max_length=100)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


class Delivery(SQLModel, table=True):
    """One thing to tell one channel about an incident: the table is the outbox."""

    __table_args__ = (
        sa.Index("ix_delivery_state_due_at", "state", "due_at"),
        sa.Index("ix_delivery_incident_id", "incident_id"),
        # One message per incident and channel, whatever crashes: a second post cannot be queued.
        _partial("uq_delivery_post", "incident_id", "notifier", where="form = 'post'", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", ondelete="CASCADE")
    notifier: str = Field(max_length=32)
    channel: str = Field(max_length=200)
    form: DeliveryForm = Field(sa_type=_words(DeliveryForm))
    reason: str = Field(max_length=32)
    state: DeliveryState = Field(default=DeliveryState.PENDING, sa_type=_words(DeliveryState))
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """The incident's facts at the moment it was decided to speak."""
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """What was last handed to the channel."""
    created_at: datetime
    due_at: datetime
    claimed_at: datetime | None = None
    claimed_by: str | None = Field(default=None, max_length=200)
    attempts: int = 0
    sent_at: datetime | None = None
    error: str | None = Field(default=None, max_length=500)
    receipt: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """What the channel answered: for Slack the channel id and the message's time stamp."""


class CrawlRun(SQLModel, table=True):
    """One crawl of one source and how it went. A run without an end died or still goes on."""

    __tablename__ = "crawl_run"
    __table_args__ = (
        sa.Index("ix_crawl_run_source_id_started_at_health", "source_id", "started_at", "health"),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    started_at: datetime
    finished_at: datetime | None = None
    health: Health | None = Field(default=None, sa_type=_words(Health))
    reason: str | None = Field(default=None, max_length=500)
    new: int = 0
    edited: int = 0
    unchanged: int = 0
    replied: int = 0
    removed: int = 0
    unmatched: int = 0
    refused: int = 0
    requests: int = 0
    stats: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


class Lease(SQLModel, table=True):
    """Who may run the schedule on this database, crawl a source or ask a host, and until when unless renewed."""

    name: str = Field(primary_key=True, max_length=300)
    holder: str = Field(max_length=200)
    expires_at: datetime


class Setting(SQLModel, table=True):
    """A value the product made for itself and must keep, such as the key that hides authors."""

    name: str = Field(primary_key=True, max_length=64)
    value: str = Field(sa_type=sa.Text)


class ErasedAuthor(SQLModel, table=True):
    """Someone who asked to be forgotten: what they wrote is not stored again."""

    __tablename__ = "erased_author"

    author_key: str = Field(primary_key=True, max_length=64)
    erased_at: datetime


class User(SQLModel, table=True):
    """Somebody who may open the pages."""

    __tablename__ = "app_user"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=100)
    password_hash: str = Field(max_length=200)
    created_at: datetime
    active: bool = True


class UserSession(SQLModel, table=True):
    """A login. Only a hash of the cookie is kept, so the table opens no doors."""

    __tablename__ = "user_session"
    __table_args__ = (sa.Index("ix_user_session_user_id", "user_id"),)

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="app_user.id", ondelete="CASCADE")
    csrf_token: str = Field(max_length=64)
    created_at: datetime
    expires_at: datetime
