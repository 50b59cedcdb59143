"""Who may run the schedule on this database, and how steps keep out of each other's way."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from storage.models import Lease

LENGTH = timedelta(seconds=30)
_STEPS = 7_413_902
"""Any number, as long as it is always this one: PostgreSQL's advisory locks are named by numbers."""


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
    exclusive(session)
    lease = session.get(Lease, name, with_for_update=True)
    if lease is None:
        session.add(Lease(name=name, holder=str(holder), expires_at=now + length))
        return None
    free = lease.expires_at <= now or not lives(Holder.parse(lease.holder))
    if lease.holder != str(holder) and not free:
        return lease
    lease.holder, lease.expires_at = str(holder), now + length
    session.add(lease)
    return None


def release(session: Session, name: str, holder: Holder) -> None:
    """Give the lease up, if it is still ours."""
    lease = session.get(Lease, name)
    if lease is not None and lease.holder == str(holder):
        session.delete(lease)


def exclusive(session: Session) -> None:
    """Wait until no other pipeline step writes, until the end of this transaction.

    SQLite has one writer at a time anyway; on PostgreSQL this keeps `judge` and `watch` from deciding
    the same thing twice.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STEPS})
