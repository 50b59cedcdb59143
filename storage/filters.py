"""Which mentions a list is asked for, as conditions that the database can check."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import and_, col, func, or_

from storage.models import PERSON, Mention, MentionVersion, Sentiment, Verdict
from storage.records import DUTCH, NO_LANGUAGE, Status

FOREIGN = "foreign"
"""In the place of a language: any but Dutch."""
WORDS = 8
"""Words of a search that count; more makes it slower, not better."""


class Rating(StrEnum):
    """A third of the scale, whatever the scale is."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"
    NONE = "none"


class Stand(StrEnum):
    """Where a mention stands: with or without the company's reply, changed, gone."""

    OPEN = "open"
    REPLIED = "replied"
    EDITED = "edited"
    REMOVED = "removed"


class Said(StrEnum):
    """How firm a verdict is: the model doubts it, or a person gave it."""

    UNSURE = "unsure"
    CORRECTED = "corrected"


class Signal(StrEnum):
    ESCALATION = "escalation"
    CHURN = "churn"
    QUESTION = "question"


@dataclass(frozen=True)
class MentionFilter:
    """Which mentions to list; None means any. `since` is included, `until` is not."""

    brand_id: int | None = None
    source_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    sentiment: Sentiment | None = None
    said: Said | None = None
    theme: str | None = None
    signal: Signal | None = None
    rating: Rating | None = None
    stand: Stand | None = None
    language: str | None = None
    text: str = ""


def indexed(wanted: MentionFilter) -> list[Any]:
    """What an index narrows down."""
    conditions: list[Any] = []
    if wanted.brand_id is not None:
        conditions.append(Mention.brand_id == wanted.brand_id)
    if wanted.source_id is not None:
        conditions.append(Mention.source_id == wanted.source_id)
    if wanted.since is not None:
        conditions.append(col(Mention.published_at) >= wanted.since)
    if wanted.until is not None:
        conditions.append(col(Mention.published_at) < wanted.until)
    return conditions


def deep(wanted: MentionFilter) -> list[Any]:
    """What can only be seen by looking at each mention with its newest version and verdict."""
    conditions: list[Any] = []
    if wanted.sentiment is not None:
        conditions.append(Verdict.sentiment == wanted.sentiment)
    if wanted.said is not None:
        conditions.append(_SAID[wanted.said])
    if wanted.theme is not None:
        conditions.append(_about(wanted.theme))
    if wanted.signal is not None:
        conditions.append(getattr(Verdict, wanted.signal).is_(True))
    if wanted.rating is not None:
        conditions.append(_RATINGS[wanted.rating])
    if wanted.stand is not None:
        conditions.append(_STANDS[wanted.stand])
    if wanted.language is not None:
        conditions.append(_in(wanted.language))
    return conditions + [_says(word) for word in wanted.text.split()[:WORDS]]


def _in(language: str) -> Any:
    """Dutch is also what was found to have no language: it is judged as Dutch."""
    if language == FOREIGN:
        return foreign()
    if language == DUTCH:
        return ~foreign()
    return Mention.language == language


def foreign() -> Any:
    """Mentions in another language, which are kept without a verdict. `storage.records.is_foreign` in SQL."""
    return func.coalesce(Mention.language, NO_LANGUAGE).not_in((DUTCH, NO_LANGUAGE))


def _about(theme: str) -> Any:
    """Themes are kept as a JSON list of their names."""
    return sa.cast(col(Verdict.themes), sa.Text).contains(json.dumps(theme), autoescape=True)


def _says(word: str) -> Any:
    return or_(
        col(MentionVersion.text).icontains(word, autoescape=True),
        col(MentionVersion.title).icontains(word, autoescape=True),
    )


_SCALE = (col(MentionVersion.rating) - col(MentionVersion.rating_min)) / func.nullif(
    col(MentionVersion.rating_max) - col(MentionVersion.rating_min), 0
)
_SAID = {Said.UNSURE: col(Verdict.unsure).is_(True), Said.CORRECTED: Verdict.model_id == PERSON}
_RATINGS = {
    Rating.LOW: _SCALE < 1 / 3,
    Rating.MIDDLE: and_(_SCALE >= 1 / 3, _SCALE <= 2 / 3),
    Rating.HIGH: _SCALE > 2 / 3,
    Rating.NONE: col(MentionVersion.rating).is_(None),
}
_STANDS = {
    Stand.OPEN: and_(col(Mention.reply_text).is_(None), col(Mention.status) != Status.REMOVED),
    Stand.REPLIED: col(Mention.reply_text).is_not(None),
    Stand.EDITED: col(Mention.version) > 1,
    Stand.REMOVED: col(Mention.status) == Status.REMOVED,
}
