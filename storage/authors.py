"""Authors, known by a keyed hash only: enough to see one person's history, too little to name them."""

import hmac
import secrets

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from storage.models import ErasedAuthor, Setting
from storage.records import Record
from storage.upsert import insert_missing

_SETTING = "author_key"
# Made once: every page that a crawl stores asks both.
_KEY = select(Setting.value).where(Setting.name == _SETTING)
_ERASED = select(ErasedAuthor.author_key).where(
    col(ErasedAuthor.author_key).in_(bindparam("keys", expanding=True))
)


def hashing_key(session: Session) -> bytes:
    """The database's own key for author hashes; made on first use. Needs a write session."""
    connection = session.connection()
    found = connection.execute(_KEY).scalar_one_or_none()
    if found is None:
        insert_missing(session, Setting, [{"name": _SETTING, "value": secrets.token_hex(32)}])
        found = connection.execute(_KEY).scalar_one()
    return bytes.fromhex(found)


def author_key(key: bytes, platform: str, author: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of an author's id or name on a platform, as hex."""
    return hmac.digest(key, f"{platform}\x1f{author.casefold()}".encode(), "sha256").hex()


def platform_of(namespace: str) -> str:
    """The platform part of an id space: `apple` for `apple:nl:987654321`."""
    return namespace.partition(":")[0]


def key_of(key: bytes, record: Record) -> str | None:
    author = record.author_id or record.author_name
    return author_key(key, platform_of(record.namespace), author) if author else None


def erased(session: Session, keys: set[str]) -> set[str]:
    """Which of these authors asked to be forgotten."""
    if not keys:
        return set()
    return set(session.connection().execute(_ERASED, {"keys": list(keys)}).scalars())
