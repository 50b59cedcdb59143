"""What the interfaces that ask for a key have in common."""

import json
from datetime import UTC, datetime

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request

KEY = "sleutel-van-de-klant"
"""The key, token or secret that the replica takes, whichever is asked for."""
SIGNED_IN = "toegang-tot-de-replica"
"""The token that signing in gives."""
RENEWED = "latere-toegang-tot-de-replica"
"""The token that it gives once the first has run out for good."""


def access(fault: Fault | None) -> str:
    """The token that signing in gives now; no other is taken."""
    return RENEWED if fault is Fault.OUTLIVED else SIGNED_IN


def bears(request: Request, token: str = SIGNED_IN) -> bool:
    """Whether the request carries this bearer token."""
    return request.headers.get("authorization") == f"Bearer {token}"


def said(value: object, status: int = 200) -> Answer:
    """`value` as JSON."""
    return Answer.of("application/json", json.dumps(value, ensure_ascii=False), status)


def utc(instant: datetime | None) -> str | None:
    """A time as most interfaces write it: `2026-11-18T09:41:22.000Z`."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def asked_time(request: Request, name: str) -> datetime | None:
    """A time among the query's parameters; None when it is not there."""
    given = request.first(name)
    return datetime.fromisoformat(given) if given else None
