"""`/slack`: every message as its channel shows it now, with its thread."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard import blockkit
from dashboard.blockkit import Block
from dashboard.rendering import page
from dashboard.site import LoggedIn, Reading
from storage import bulletins
from storage.bulletins import Told
from storage.models import Delivery

router = APIRouter()


@dataclass(frozen=True)
class Message:
    """One message; `state` is that of its delivery."""

    incident_id: int
    at: datetime
    channel: str
    notifier: str
    state: str
    error: str | None
    edited_at: datetime | None
    colour: str
    blocks: tuple[Block, ...]
    replies: tuple["Message", ...] = ()


@dataclass(frozen=True)
class SlackPage:
    messages: tuple[Message, ...]


@router.get("/slack")
def show_messages(request: Request, visitor: LoggedIn, session: Reading) -> Response:
    return page(request, "slack", SlackPage(tuple(_thread(told) for told in bulletins.told(session))))


def _thread(told: Told) -> Message:
    replies = tuple(_message(reply) for reply in told.replies)
    return _message(told.post, told, replies)


def _message(delivery: Delivery, told: Told | None = None, replies: tuple[Message, ...] = ()) -> Message:
    payload = told.payload if told else delivery.payload
    return Message(
        incident_id=delivery.incident_id,
        at=delivery.sent_at or delivery.created_at,
        channel=delivery.channel,
        notifier=delivery.notifier,
        state=delivery.state,
        error=delivery.error,
        edited_at=told.edited_at if told else None,
        colour=blockkit.colour(payload),
        blocks=blockkit.blocks(payload),
        replies=replies,
    )
