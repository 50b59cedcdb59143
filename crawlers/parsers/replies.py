"""What companies answer in public."""

from datetime import datetime

from crawlers.parsers.values import text
from storage.records import Reply


def reply(said: object, at: datetime | None) -> Reply | None:
    """The company's answer; None where there is none, or none that can be stored: the review itself still can."""
    words = text(said)
    try:
        return Reply(text=words, at=at) if words else None
    except ValueError:
        return None
