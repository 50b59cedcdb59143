"""Why a crawl was not an ordinary one: stable keys that the pages translate."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Cause(StrEnum):
    """What stood in the way. The value is kept in the run's figures as `cause`."""

    WAF = "waf"
    CAPTCHA = "captcha"
    CONSENT = "consent"
    SIGN_IN = "sign_in"
    FORBIDDEN = "forbidden"
    KEY = "key"
    RATE_LIMITED = "rate_limited"
    ROBOTS = "robots"
    ROBOTS_UNAVAILABLE = "robots_unavailable"
    PERMISSION = "permission"
    FORMAT = "format"
    ALL_REFUSED = "all_refused"
    MANY_REFUSED = "many_refused"
    NO_DATES = "no_dates"
    FIELD_LOST = "field_lost"
    NOT_FOUND = "not_found"
    MOVED = "moved"
    NO_FILE = "no_file"
    SERVER_ERROR = "server_error"
    STATUS = "status"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    DAMAGED = "damaged"
    TIME_LIMIT = "time_limit"
    STOPPED = "stopped"
    CONFIGURATION = "configuration"
    ERROR = "error"
    EMPTY = "empty"
    EMPTY_BEFORE = "empty_before"
    FEWER = "fewer"
    FALTERING = "faltering"
    SLOW = "slow"


LEAVE_ALONE = frozenset({Cause.RATE_LIMITED, Cause.WAF, Cause.CAPTCHA, Cause.CONSENT, Cause.KEY})
"""These are about all of the site; another refusal may be about one part of a source, while the others can be read."""


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong while reading `where`; `detail` holds no text of a post, `status` is of HTTP."""

    cause: Cause
    where: str
    detail: str | None = None
    retry_after: timedelta | None = None
    status: int | None = None
