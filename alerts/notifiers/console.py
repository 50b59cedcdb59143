"""The same messages as readable text, for who has no Slack."""

from itertools import count
from typing import TextIO

from alerts.mrkdwn import plain
from alerts.notifiers.notifier import DeliveryError, Message, Receipt
from storage.models import DeliveryForm

SHOWN_OF_UPDATE = 3
"""Lines: what, how much, and since when."""
_MARKS = {DeliveryForm.POST: "", DeliveryForm.UPDATE: "↻ ", DeliveryForm.REPLY: "↳ "}


class ConsoleNotifier:
    """Writes to a stream: a message in full, an update as its first lines, a reply as a line."""

    name = "console"
    channel = "console"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._numbers = count(1)

    def send(self, message: Message) -> Receipt:
        try:
            self._stream.write(_readable(message))
            self._stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"console: {error}") from error
        return message.parent or Receipt(self.channel, str(next(self._numbers)))

    def check(self) -> str:
        return "console"


def _readable(message: Message) -> str:
    lines = [line for block in message.blocks for line in _lines(block)]
    if message.form is DeliveryForm.UPDATE:
        lines = lines[:SHOWN_OF_UPDATE]
    mark = _MARKS[message.form]
    return "\n" + "\n".join(mark + line if place == 0 else line for place, line in enumerate(lines)) + "\n"


def _lines(block: dict[str, object]) -> list[str]:
    parts = block.get("elements") or [block.get("text")]
    texts = (
        [part.get("text", "") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    )
    return [plain(line) for text in texts for line in str(text).splitlines()]
