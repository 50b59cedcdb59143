"""What can go wrong at a source, on command."""

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from demo.replica.posts import Kind

ROBOTS = "robots"
PERMALINKS = "permalinks"
"""Posts by themselves, at addresses that readers follow."""


class Fault(StrEnum):
    """Ways in which a source misbehaves; most hold for every kind, some for one."""

    FIREWALL = "firewall"
    """403 with the short JSON of a web application firewall."""
    INTERSTITIAL = "interstitial"
    """200 with an HTML page "Verifying Connection" and none of the data."""
    SIGN_IN = "sign_in"
    """The redirect object that Trustpilot gives from page 11, on every page."""
    EMPTY = "empty"
    """A well-formed answer that holds nothing, by mistake."""
    CHANGED = "changed"
    """The same content under other keys, as after a release."""
    RATE_LIMITED = "rate_limited"
    """429 with Retry-After."""
    UNAVAILABLE = "unavailable"
    """503 with Retry-After."""
    SERVER_ERROR = "server_error"
    """500."""
    HANG = "hang"
    """The connection is taken and nothing is ever said."""
    RESET = "reset"
    """The connection is reset before an answer."""
    TRUNCATED = "truncated"
    """Half of the promised bytes, then the end."""
    MALFORMED = "malformed"
    """XML or JSON that breaks off in the middle, with a correct length."""
    BAD_BYTES = "bad_bytes"
    """Bytes that are no UTF-8 inside every text."""
    OVERSIZE = "oversize"
    """The right answer with 32 MiB of blanks behind it."""
    NO_DATES = "no_dates"
    """The publication dates are missing."""
    NOT_MODIFIED = "not_modified"
    """304 whatever was asked (feeds)."""
    NOT_FOUND = "not_found"
    """404: the feed was switched off, the page moved."""
    MOVED = "moved"
    """301 to the page of another domain (Trustpilot)."""
    IGNORED_LANGUAGE = "ignored_language"
    """Every language, whichever was asked (Trustpilot)."""
    CLOSED = "closed"
    """401: the instance closed its timelines to outsiders (Mastodon)."""
    EXPIRED = "expired"
    """The token that signing in gave has run out."""
    OUTLIVED = "outlived"
    """So it has, and whoever signs in anew is given another, which holds."""
    APP_ENTRY = "app_entry"
    """An entry about the app itself in front of the reviews (Apple)."""
    GATEWAY = "gateway"
    """The error PlayGatewayError in the place of the reviews (Google Play)."""
    SHORTENED = "shortened"
    """Reviews that end before their text (Google Play)."""
    CONSENT = "consent"
    """A redirect to the publisher's consent page (Tweakers)."""
    ROBOTS_DISALLOW = "robots_disallow"
    """robots.txt forbids the addresses of this kind."""


ONLY_FOR: dict[Fault, frozenset[str]] = {
    Fault.CONSENT: frozenset({Kind.TWEAKERS}),
    Fault.SIGN_IN: frozenset({Kind.TRUSTPILOT}),
    Fault.MOVED: frozenset({Kind.TRUSTPILOT}),
    Fault.IGNORED_LANGUAGE: frozenset({Kind.TRUSTPILOT}),
    Fault.CLOSED: frozenset({Kind.MASTODON, Kind.REDDIT, Kind.BLUESKY, Kind.X, Kind.YOUTUBE, Kind.META}),
    Fault.EXPIRED: frozenset(
        {
            Kind.BLUESKY,
            Kind.REDDIT,
            Kind.FEEDBACK_COMPANY,
            Kind.TRUSTED_SHOPS,
            Kind.GOOGLE_BUSINESS,
            Kind.PLAY_DEVELOPER,
        }
    ),
    Fault.OUTLIVED: frozenset({Kind.BLUESKY, Kind.REDDIT, Kind.GOOGLE_BUSINESS}),
    Fault.APP_ENTRY: frozenset({Kind.APPLE}),
    Fault.GATEWAY: frozenset({Kind.GOOGLE_PLAY}),
    Fault.SHORTENED: frozenset({Kind.GOOGLE_PLAY}),
    Fault.NOT_MODIFIED: frozenset({Kind.FEED, Kind.REDDIT}),
}
TARGETS = frozenset({*Kind, ROBOTS, PERMALINKS})


@dataclass
class Plan:
    """One fault that was asked for: from the request `after`, for `times` requests (None: for good)."""

    fault: Fault
    times: int | None = None
    after: int = 0
    retry_after: int = 1

    def next(self) -> bool:
        """Counts one request and says whether it is struck."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    """The faults of one replica, one per kind (or `robots`, `permalinks`); safe to set while it answers."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._plans: dict[str, Plan] = {}

    def set(
        self, target: str, fault: Fault, times: int | None = None, after: int = 0, retry_after: int = 1
    ) -> None:
        """Lets `target` misbehave; ValueError when that fault does not exist there."""
        if target not in TARGETS:
            raise ValueError(f"there is no {target!r} here: choose one of {', '.join(sorted(TARGETS))}")
        if target not in ONLY_FOR.get(fault, TARGETS):
            raise ValueError(f"{fault} does not happen to {target}")
        with self._lock:
            self._plans[str(target)] = Plan(Fault(fault), times, after, retry_after)

    def clear(self, target: str | None = None) -> None:
        """Mends one target, or all."""
        with self._lock:
            if target is None:
                self._plans.clear()
            else:
                self._plans.pop(str(target), None)

    def strike(self, target: str) -> Plan | None:
        """The plan that hits this request, or None."""
        with self._lock:
            plan = self._plans.get(str(target))
            return plan if plan and plan.next() else None

    def standing(self, fault: Fault) -> frozenset[str]:
        """The targets for which `fault` holds, without counting a request."""
        with self._lock:
            return frozenset(target for target, plan in self._plans.items() if plan.fault is fault)
