"""Mentions with their verdicts, and trends, as other programs read them."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from storage import corrections, judges, prevalence
from storage import trends as stored_trends
from storage.joins import newest_version, verdict_that_counts
from storage.models import PERSON, Brand, Mention, MentionVersion, Source, Verdict
from storage.sources import brand_named
from storage.trends import By

_CHUNK = 500


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z, as `2026-11-18T09:41:22Z`; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def mentions(
    session: Session, since: datetime | None = None, *, corrected: bool = False
) -> Iterator[dict[str, Any]]:
    """Every mention with its newest words and the verdict that counts, oldest first.

    `since` is compared with the time of publication; `corrected` leaves out what no person corrected and what has
    been pruned since. Reads in chunks, so memory stays flat.
    """
    query = (
        sa.select(Mention, MentionVersion, Verdict, col(Source.name), col(Source.kind), col(Brand.name))
        .join(MentionVersion, newest_version())
        .join(Source, col(Source.id) == Mention.source_id)
        .join(Brand, col(Brand.id) == Mention.brand_id)
        .outerjoin(Verdict, verdict_that_counts())
        .order_by(col(Mention.published_at), col(Mention.id))
        .execution_options(yield_per=_CHUNK)
    )
    if since is not None:
        query = query.where(col(Mention.published_at) >= since)
    if corrected:
        # Of one whose words are pruned nothing is left to learn from or to measure on.
        query = query.where(col(Mention.judged_by) == PERSON, col(Mention.pruned_at).is_(None))
    by_model = corrections.model_verdicts(session)
    for mention, version, judged, source, kind, brand in session.execute(query):
        said = by_model.get(mention.id) if mention.judged_by == PERSON else judged
        yield {**_line(mention, version, judged, source, kind, brand), **_of_model(said)}


def trends(
    session: Session, brand_name: str, since: datetime, until: datetime, by: By
) -> Iterator[dict[str, Any]]:
    """One line per hour, Dutch day or ISO week of a brand, oldest first, quiet ones included.

    `net_sentiment` is (positive - negative) / judged, None where nothing was judged; `negative_share_corrected`
    is corrected for the model's known confusion, with its 95 % interval, None where that is not known; `models` has
    the share of the verdicts by model, or `PERSON`. Raises UnknownName.
    """
    brand = brand_named(session, brand_name)
    assert brand.id is not None  # noqa: S101 - comes from the database
    confusions = judges.confusions(session)
    for point in stored_trends.series(session, brand.id, since, until, by):
        share = prevalence.negative_share(point.judges, confusions)
        low, high = (share.low, share.high) if share else (None, None)
        yield {
            "brand": brand.name,
            "start": iso(point.start),
            "end": iso(point.end),
            **asdict(point.figures),
            "net_sentiment": _rounded(point.figures.net),
            "negative_share_corrected": _rounded(share.value if share else None),
            "negative_share_low": _rounded(low),
            "negative_share_high": _rounded(high),
            "models": {name: round(part, 4) for name, part in stored_trends.shares(point.judges).items()},
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _line(
    mention: Mention, version: MentionVersion, verdict: Verdict | None, source: str, kind: str, brand: str
) -> dict[str, Any]:
    reply = {"text": mention.reply_text, "at": iso(mention.reply_at)} if mention.reply_text else None
    return {
        "source": source,
        "kind": kind,
        "external_id": mention.external_id,
        "url": mention.url,
        "brand": brand,
        "published_at": iso(mention.published_at),
        "published_precision": mention.published_precision.value if mention.published_known else None,
        "title": version.title,
        "text": version.text,
        "rating": version.rating,
        "rating_max": version.rating_max,
        "language": mention.language or version.language,
        "reply": reply,
        "status": mention.status.value,
        "version": mention.version,
        **_judgement(verdict),
    }


def _judgement(verdict: Verdict | None) -> dict[str, Any]:
    """What counts: the model's answer, or a person's where `corrected`."""
    if verdict is None:
        return dict.fromkeys(("sentiment", "unsure", "themes", "escalation", "churn", "question")) | {
            "corrected": False
        }
    return {
        "sentiment": verdict.sentiment.value,
        "unsure": verdict.unsure,
        "themes": verdict.themes,
        "escalation": verdict.escalation,
        "churn": verdict.churn,
        "question": verdict.question,
        "corrected": verdict.model_id == PERSON,
    }


def _of_model(verdict: Verdict | None) -> dict[str, Any]:
    """What the model said, whether or not it counts."""
    if verdict is None:
        return dict.fromkeys(("model", "model_sentiment", "probabilities"))
    return {
        "model": verdict.model_id,
        "model_sentiment": verdict.sentiment.value,
        "probabilities": {
            "negative": verdict.negative,
            "neutral": verdict.neutral,
            "positive": verdict.positive,
        },
    }
