"""Mentions that say the same: copies told apart from customers."""

import hashlib
import re
import unicodedata
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from storage.models import Cluster, Mention

WINDOW = timedelta(days=7)
"""A copy this long after the last one starts a new cluster."""
SHORTEST = 20
"""Letters. Shorter texts ("Slecht!") are alike without anybody having copied anybody."""

_ADDRESS = re.compile(r"https?://\S+|[@#]\w+")
_NO_LETTER = re.compile(r"[\W\d_]+")


def fingerprint(text: str) -> str | None:
    """The same for texts that differ in case, accents, figures, punctuation, links and names only.

    None for a text too short to tell.
    """
    plain = unicodedata.normalize("NFKD", _ADDRESS.sub(" ", text).casefold())
    letters = _NO_LETTER.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).strip()
    if len(letters) < SHORTEST:
        return None
    return hashlib.sha256(letters.encode()).hexdigest()


def join(session: Session, mention: Mention, text: str, now: datetime) -> None:
    """Put a mention in the cluster of its words, a new one when it is the first. Safe to repeat."""
    words = fingerprint(text)
    if words is None or mention.cluster_id is not None:
        return
    cluster = session.exec(
        select(Cluster)
        .where(
            Cluster.brand_id == mention.brand_id,
            Cluster.fingerprint == words,
            col(Cluster.last_at) > now - WINDOW,
        )
        .order_by(col(Cluster.last_at).desc())
    ).first()
    if cluster is None:
        cluster = Cluster(brand_id=mention.brand_id, fingerprint=words, opened_at=now, last_at=now, size=0)
    cluster.size += 1
    cluster.last_at = now
    session.add(cluster)
    session.flush()
    mention.cluster_id = cluster.id
    session.add(mention)
