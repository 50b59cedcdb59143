"""Who may open the pages: users with hashed passwords, and their sessions."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, delete, exists, select

from storage.models import User, UserSession
from storage.records import clean

SHORTEST_PASSWORD = 10
"""Characters; NCSC and NIST SP 800-63B ask for length, not for kinds of characters."""
LONGEST_PASSWORD = 200
SESSION_LASTS = timedelta(hours=12)
"""A working day: somebody who forgets to log out is logged out by the evening."""

_HASHER = PasswordHasher()


class UserError(Exception):
    """What is asked of a user cannot be; `key` says why.

    One of name_missing, name_taken, name_unknown, password_short and password_long.
    """

    def __init__(self, key: str, message: str) -> None:
        self.key = key
        super().__init__(message)


@dataclass(frozen=True)
class Visitor:
    """Somebody who is logged in."""

    user_id: int
    name: str
    csrf_token: str


@dataclass(frozen=True)
class Login:
    """A session just begun; `cookie` is known to the browser alone."""

    cookie: str
    expires_at: datetime


def create_user(session: Session, name: str, password: str, now: datetime) -> User:
    """Add somebody who may log in, or let somebody in again. Raises UserError with what to do."""
    name = clean(name)[:100]
    if not name:
        raise UserError("name_missing", "a user needs a name")
    known = _named(session, name)
    if known is not None and known.active:
        raise UserError("name_taken", f"there is a user {name!r} already; choose another name")
    user = known or User(name=name, password_hash="", created_at=now)
    user.password_hash, user.active = hashed(password), True
    session.add(user)
    session.flush()
    return user


def hashed(password: str) -> str:
    """A password as it may be stored; takes a tenth of a second. Raises UserError for one that will not do."""
    if len(password) < SHORTEST_PASSWORD:
        raise UserError("password_short", f"take a password of at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise UserError("password_long", f"take a password of at most {LONGEST_PASSWORD} characters")
    return _HASHER.hash(password)


def limit(key: str) -> int:
    """The number of characters that a UserError of this key is about."""
    return LONGEST_PASSWORD if key == "password_long" else SHORTEST_PASSWORD


def change_password(session: Session, user_id: int, password_hash: str, keep: str) -> None:
    """Another password from now on. Every session of the user ends, but for that of the cookie `keep`."""
    user = session.get_one(User, user_id)
    user.password_hash = password_hash
    session.add(user)
    elsewhere = col(UserSession.token_hash) != _hash(keep)
    session.execute(delete(UserSession).where(col(UserSession.user_id) == user_id, elsewhere))


def switch_off(session: Session, name: str) -> None:
    """Somebody may log in no more, and is logged out. What they did stays under their name.

    Raises UserError when nobody of that name may log in.
    """
    user = _named(session, clean(name)[:100])
    if user is None or not user.active:
        known = ", ".join(names(session)) or "none"
        raise UserError("name_unknown", f"there is no user {name!r} who may log in; users: {known}")
    user.active = False
    session.add(user)
    session.execute(delete(UserSession).where(col(UserSession.user_id) == user.id))


def any_user(session: Session) -> bool:
    return bool(session.exec(select(exists().where(col(User.active)))).one())


def verified(session: Session, name: str, password: str) -> User | None:
    """The user, when the password is right. An unknown name takes as long as a wrong password."""
    user = _named(session, clean(name)[:100])
    usable = user is not None and user.active
    stored = user.password_hash if user is not None and usable else _decoy()
    try:
        _HASHER.verify(stored, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return None
    return user if usable else None


def begin(session: Session, user: User, now: datetime) -> Login:
    """A new session for a user; sessions that are over are swept out."""
    assert user.id is not None  # noqa: S101 - comes from the database
    session.execute(delete(UserSession).where(col(UserSession.expires_at) <= now))
    cookie, expires = secrets.token_urlsafe(32), now + SESSION_LASTS
    session.add(
        UserSession(
            token_hash=_hash(cookie),
            user_id=user.id,
            csrf_token=secrets.token_urlsafe(32),
            created_at=now,
            expires_at=expires,
        )
    )
    return Login(cookie, expires)


def visitor(session: Session, cookie: str | None, now: datetime) -> Visitor | None:
    """Who this cookie belongs to, if its session still runs."""
    if not cookie:
        return None
    row = session.exec(
        select(User.id, User.name, UserSession.csrf_token)
        .join(UserSession, col(UserSession.user_id) == User.id)
        .where(UserSession.token_hash == _hash(cookie), UserSession.expires_at > now, col(User.active))
    ).first()
    if row is None or row[0] is None:
        return None
    return Visitor(row[0], row[1], row[2])


def end(session: Session, cookie: str) -> None:
    """Log out: the cookie opens nothing any more."""
    session.execute(delete(UserSession).where(col(UserSession.token_hash) == _hash(cookie)))


def names(session: Session) -> list[str]:
    """Who may log in, by name."""
    return list(session.exec(select(User.name).where(col(User.active)).order_by(User.name)))


def _named(session: Session, name: str) -> User | None:
    return session.exec(select(User).where(User.name == name)).first()


def _hash(cookie: str) -> str:
    # The cookie is 256 random bits: a plain digest is enough, nothing can be guessed.
    return hashlib.sha256(cookie.encode()).hexdigest()


@cache
def _decoy() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
