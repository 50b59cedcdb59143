"""Authors, known by a keyed hash only: enough to see one person's history, too little to name them."""

import hmac
import secrets

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.models import ErasedAuthor, Setting
from storage.prepared import table_of
from storage.records import Record
from storage.upsert import add_missing

_SETTING = "author_key"
_SETTINGS, _ERASED = table_of(Setting), table_of(ErasedAuthor)
# Made once: every page that a crawl stores asks these.
KEY = sa.select(_SETTINGS.c.value).where(_SETTINGS.c.name == _SETTING).scalar_subquery()
ANY_ERASED = sa.exists(sa.select(_ERASED.c.author_key))
_AMONG_ERASED = sa.select(_ERASED.c.author_key).where(
    _ERASED.c.author_key.in_(sa.bindparam("keys", expanding=True))
)


def hashing_key(connection: Connection) -> bytes:
    """The database's own key for author hashes; made on first use. Needs a transaction that writes."""
    asked = sa.select(KEY)
    found = connection.execute(asked).scalar_one()
    if found is None:
        add_missing(connection, Setting, [{"name": _SETTING, "value": secrets.token_hex(32)}])
        found = connection.execute(asked).scalar_one()
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


def erased(connection: Connection, keys: set[str]) -> set[str]:
    """Which of these authors asked to be forgotten."""
    if not keys:
        return set()
    return set(connection.execute(_AMONG_ERASED, {"keys": list(keys)}).scalars())
