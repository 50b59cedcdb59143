"""What a channel must be able to do."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from storage.models import DeliveryForm


class DeliveryError(Exception):
    """The channel did not take the message.

    `permanent`: it never will until a person mends something. `retry_after`: how long it asked to be left
    alone. `uncertain`: it may have taken the message all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        uncertain: bool = False,
    ) -> None:
        self.permanent, self.retry_after, self.uncertain = permanent, retry_after, uncertain
        super().__init__(message)


@dataclass(frozen=True)
class Receipt:
    """Where a message stands: for Slack the channel's id and the message's time stamp."""

    channel: str
    ts: str


@dataclass(frozen=True)
class Message:
    """Something to say. `parent` is the incident's message, for an update of it or a reply to it."""

    form: DeliveryForm
    text: str
    blocks: tuple[dict[str, Any], ...]
    parent: Receipt | None = None
    repeated: bool = False
    """An earlier attempt ended in doubt: it may have been taken."""


class Notifier(Protocol):
    """A channel. `send` raises DeliveryError; so does `check`, which says who we are there."""

    @property
    def name(self) -> str: ...

    @property
    def channel(self) -> str: ...

    def send(self, message: Message) -> Receipt: ...

    def check(self) -> str: ...
