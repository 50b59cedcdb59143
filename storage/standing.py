"""What a source brought that the public can still read, as far as is known."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from storage.models import Mention
from storage.records import Status


class Standing(NamedTuple):
    """A post, the address where it was found to stand, and when it was written."""

    namespace: str
    external_id: str
    url: str
    published_at: datetime


def standing(session: Session, source_id: int, since: datetime, most: int) -> Sequence[Standing]:
    """The newest posts of a source that were published `since` then, have an address and are not told as removed.

    At most so many. Posts that are not kept any more, or were erased, have no address either.
    """
    query = (
        select(Mention.namespace, Mention.external_id, Mention.url, Mention.published_at)
        .where(Mention.source_id == source_id, Mention.published_at >= since)
        .where(col(Mention.url).is_not(None), Mention.status != Status.REMOVED)
        .order_by(col(Mention.published_at).desc(), col(Mention.id).desc())
        .limit(most)
    )
    return [Standing(namespace, key, url, at) for namespace, key, url, at in session.exec(query) if url]
