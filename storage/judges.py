"""Which models judged here, which one does now, and how often each is known to be mistaken."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from storage.models import Judge
from storage.upsert import upsert

Confusion = tuple[tuple[int, ...], ...]
"""Texts counted by true sentiment (rows) and by what the model said, both as negative, neutral, positive."""


def put_to_use(session: Session, model_id: str, confusion: Confusion | None, now: datetime) -> None:
    """From here on this model judges what is new. Needs a write session; safe to repeat."""
    known = session.get(Judge, model_id)
    if known is not None and in_use(session) == model_id and known.confusion == _rows(confusion):
        return
    row = {"model_id": model_id, "put_to_use_at": now, "confusion": _rows(confusion)}
    upsert(session, Judge, [row], ("model_id",))


def in_use(session: Session) -> str | None:
    """The model that was put to use last; None before the first."""
    newest = select(Judge.model_id).order_by(col(Judge.put_to_use_at).desc(), col(Judge.model_id).desc())
    return session.exec(newest.limit(1)).first()


def confusions(session: Session) -> Mapping[str, Confusion]:
    """What is known of the mistakes of each model, by its id; models of which nothing is known are left out."""
    judges = session.exec(select(Judge))
    return {one.model_id: tuple(map(tuple, one.confusion)) for one in judges if one.confusion}


def _rows(confusion: Confusion | None) -> list[list[int]] | None:
    return [list(row) for row in confusion] if confusion else None
