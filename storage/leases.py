"""Who may run the schedule, crawl a source or ask a host, and how steps keep out of each other's way."""

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from storage.models import Lease

LENGTH = timedelta(seconds=30)
_STEPS, _LEASES = 7_413_902, 7_413_903
"""Any numbers, as long as they are always these: PostgreSQL's advisory locks are named by numbers."""
NOBODY = "-"
"""Holds the lease of a host that must be left in peace for a moment."""


@dataclass(frozen=True)
class Holder:
    """A process on a machine, as `host:pid`."""

    host: str
    pid: int

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"

    @classmethod
    def parse(cls, text: str) -> "Holder":
        host, _, pid = text.rpartition(":")
        return cls(host, int(pid) if pid.isdigit() else 0)


def this_process() -> Holder:
    return Holder(socket.gethostname()[:150], os.getpid())


def alive(holder: Holder) -> bool:
    """False only when it is known to be dead: a process of this machine that is no more."""
    if holder.host != this_process().host:
        return True
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def acquire(
    session: Session,
    name: str,
    holder: Holder,
    now: datetime,
    lives: Callable[[Holder], bool] = alive,
    length: timedelta = LENGTH,
) -> Lease | None:
    """Take or renew the lease; returns None when it is ours now, else the lease that another holds.

    A lease that ran out, or whose holder died on this machine, is free. Needs a write session.
    """
    _one_at_a_time(session, _LEASES)
    lease = session.get(Lease, name)
    if lease is not None and lease.holder != str(holder) and _is_held(lease, now, lives):
        return lease
    session.merge(Lease(name=name, holder=str(holder), expires_at=now + length))
    return None


def take(
    session: Session,
    names: Iterable[str],
    holder: Holder,
    now: datetime,
    length: timedelta,
    lives: Callable[[Holder], bool] = alive,
) -> bool:
    """Take all of these leases, or none; returns whether they are ours now. Needs a write session.

    What this process holds already is refused too: it is another thread's.
    """
    _one_at_a_time(session, _LEASES)
    wanted = list(names)
    found = session.exec(select(Lease).where(col(Lease.name).in_(wanted)))
    if any(_is_held(lease, now, lives) for lease in found):
        return False
    for name in wanted:
        session.merge(Lease(name=name, holder=str(holder), expires_at=now + length))
    return True


def holder_of(
    session: Session, name: str, now: datetime, lives: Callable[[Holder], bool] = alive
) -> Holder | None:
    """Who holds a lease; None when it is free."""
    lease = session.get(Lease, name)
    return Holder.parse(lease.holder) if lease is not None and _is_held(lease, now, lives) else None


def held_here(session: Session, prefix: str, now: datetime, lives: Callable[[Holder], bool] = alive) -> int:
    """How many leases whose name begins so are held by processes of this machine."""
    found = session.exec(select(Lease).where(col(Lease.name).startswith(prefix, autoescape=True)))
    here = this_process().host
    return sum(Holder.parse(one.holder).host == here and _is_held(one, now, lives) for one in found)


def hand_over(session: Session, names: Iterable[str], giver: Holder, taker: Holder) -> None:
    """Make `taker` the holder of what `giver` holds of these."""
    for lease in _of(session, names, giver):
        lease.holder = str(taker)
        session.add(lease)


def release(session: Session, name: str, holder: Holder, peace_until: datetime | None = None) -> None:
    """Give the lease up, if it is still ours. With `peace_until`, nobody gets it before that moment."""
    for lease in _of(session, [name], holder):
        if peace_until is None:
            session.delete(lease)
        else:
            lease.holder, lease.expires_at = NOBODY, peace_until
            session.add(lease)


def _of(session: Session, names: Iterable[str], holder: Holder) -> list[Lease]:
    _one_at_a_time(session, _LEASES)
    query = select(Lease).where(col(Lease.name).in_(list(names)), Lease.holder == str(holder))
    return list(session.exec(query))


def _is_held(lease: Lease, now: datetime, lives: Callable[[Holder], bool]) -> bool:
    return lease.expires_at > now and lives(Holder.parse(lease.holder))


def exclusive(session: Session) -> None:
    """Wait until no other pipeline step writes, until the end of this transaction.

    This keeps `judge` and `watch` from deciding the same thing twice.
    """
    _one_at_a_time(session, _STEPS)


def _one_at_a_time(session: Session, lock: int) -> None:
    """SQLite has one writer at a time anyway; PostgreSQL gives the lock until the end of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})
