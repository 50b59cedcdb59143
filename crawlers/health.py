"""How a crawl went: a pure judgement of what it found and of Scrapy's figures."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from crawlers import monitors
from crawlers.causes import LEAVE_ALONE, Cause, Failure
from crawlers.findings import Findings
from crawlers.sources import SOURCES
from storage.models import Health
from storage.runs import Outcome, Past

DELAY = "delay"
"""Beside Scrapy's figures: the seconds that it was told to keep between two requests."""
FEW = 5
"""Refused records that say nothing yet about the form of the page."""

# Every cause, its health and what is said of it. The order is that of weight: the first that occurred counts.
CAUSES: dict[Cause, tuple[Health, str]] = {
    Cause.CONFIGURATION: (Health.BROKEN, "the source is not configured well"),
    Cause.PERMISSION: (Health.BLOCKED, "the site's terms ask for permission, which is not given"),
    Cause.ROBOTS: (Health.BLOCKED, "robots.txt does not allow us to read this"),
    Cause.ROBOTS_UNAVAILABLE: (Health.BLOCKED, "robots.txt could not be had, so nothing was read for now"),
    Cause.RATE_LIMITED: (Health.BLOCKED, "the site asks for fewer requests"),
    Cause.WAF: (Health.BLOCKED, "a firewall of the site keeps us out"),
    Cause.CAPTCHA: (Health.BLOCKED, "the site wants proof that a person is reading"),
    Cause.CONSENT: (Health.BLOCKED, "the site shows a consent page instead"),
    Cause.KEY: (Health.BLOCKED, "the site does not accept the key"),
    Cause.SIGN_IN: (Health.BLOCKED, "the site wants visitors to sign in"),
    Cause.FORBIDDEN: (Health.BLOCKED, "the site refuses us"),
    Cause.FORMAT: (Health.FORMAT_CHANGED, "the page has another form than it had"),
    Cause.ALL_REFUSED: (Health.FORMAT_CHANGED, "none of the records could be used"),
    Cause.MANY_REFUSED: (Health.FORMAT_CHANGED, "half of the records or more could not be used"),
    Cause.NO_DATES: (Health.FORMAT_CHANGED, "none of the records has a time of publication any more"),
    Cause.FIELD_LOST: (Health.FORMAT_CHANGED, "the records lack what they used to have"),
    Cause.ERROR: (Health.BROKEN, "the crawl failed on a fault of its own"),
    Cause.TIME_LIMIT: (Health.BROKEN, "the crawl took longer than it may"),
    Cause.STOPPED: (Health.BROKEN, "the crawl was stopped before it was done"),
    Cause.MOVED: (Health.BROKEN, "the page has moved"),
    Cause.NO_FILE: (Health.BROKEN, "the file cannot be read"),
    Cause.NOT_FOUND: (Health.BROKEN, "the page does not exist"),
    Cause.TIMEOUT: (Health.BROKEN, "the site does not answer in time"),
    Cause.CONNECTION: (Health.BROKEN, "the site cannot be reached"),
    Cause.SERVER_ERROR: (Health.BROKEN, "the site has a fault"),
    Cause.STATUS: (Health.BROKEN, "the site gives an answer that we do not know"),
    Cause.TOO_LARGE: (Health.BROKEN, "the answer is larger than we take"),
    Cause.DAMAGED: (Health.BROKEN, "the answer is damaged; what could be read is kept"),
    Cause.EMPTY_BEFORE: (Health.EMPTY, "nothing is shown where posts were before"),
    Cause.EMPTY: (Health.EMPTY, "nothing was found; check the source's parameters"),
    Cause.FEWER: (Health.SUSPICIOUS, "a page shows far fewer posts than usual"),
    Cause.FALTERING: (
        Health.SUSPICIOUS,
        "many answers were refusals or faults, though all was read in the end",
    ),
    Cause.SLOW: (Health.SUSPICIOUS, "reading took far longer than usual"),
}
_WEIGHT = {cause: place for place, cause in enumerate(CAUSES)}
_SOON, _LATER, _MUCH_LATER = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=2)
RESTS: Mapping[Cause, timedelta] = {
    Cause.RATE_LIMITED: _SOON,
    Cause.ROBOTS_UNAVAILABLE: _SOON,
    Cause.KEY: _LATER,
    Cause.SIGN_IN: _LATER,
    Cause.FORBIDDEN: _LATER,
    Cause.CONSENT: _MUCH_LATER,
    Cause.CAPTCHA: _MUCH_LATER,
    Cause.WAF: _MUCH_LATER,
    Cause.ROBOTS: _MUCH_LATER,
}
"""How long a site is left alone that refuses us for the first time and does not say for how long."""
_ENDINGS = {
    "finished": None,
    "closespider_timeout": Cause.TIME_LIMIT,
    "shutdown": Cause.STOPPED,
    "left_alone": None,
}
_FIGURES = {
    "bytes": "downloader/response_bytes",
    "retries": "retry/count",
    "robots": "robotstxt/request_count",
    "seconds": "elapsed_time_seconds",
    "delay": DELAY,
}


def outcome(kind: str, found: Findings, stats: Mapping[str, Any], history: Sequence[Past] = ()) -> Outcome:
    """The health of a crawl, with its reason and figures. `history` is how the last ones went, newest first.

    `stats` are Scrapy's. The `stats` of the outcome hold `cause` (a `Cause`, absent when all is well), the HTTP
    `status` that goes with it, `notes` and figures, none of them a text of a post.
    """
    failures = sorted(_failures(kind, found, stats), key=lambda failure: _WEIGHT[failure.cause])
    counts, figures = _counts(found, stats), _measured(found, stats)
    if not failures:
        odd = list(monitors.oddities(kind, figures, counts["requests"], stats, history, found.looked_up))
        failures = [Failure(one.cause, "", one.detail) for one in odd]
        figures |= odd[0].figures if odd else {}
    worst = failures[0] if failures else None
    if worst is not None:
        figures |= _key(worst)
    waits = [failure.retry_after for failure in failures if failure.retry_after]
    return Outcome(
        health=CAUSES[worst.cause][0] if worst else Health.OK,
        reason=reason(worst, len(failures)) if worst else None,
        counts=counts,
        stats=figures,
        retry_after=max(waits, default=None),
        broken_off=_ENDINGS.get(_ending(stats)) is Cause.STOPPED,
        rest=_rest(worst, found) if worst else None,
    )


def _measured(found: Findings, stats: Mapping[str, Any]) -> dict[str, Any]:
    figures: dict[str, Any] = {"pages": found.pages, "entries": found.entries, "passed": found.passed}
    figures |= {name: stats[key] for name, key in _FIGURES.items() if key in stats}
    figures["not_modified"], figures["erased"] = found.not_modified, found.counts.erased
    figures["fullest"], figures["standing"] = found.fullest, found.standing
    figures["reread"] = found.reread
    figures["holding"] = dict(found.holding)
    return figures | ({"notes": list(found.notes)} if found.notes else {})


def _rest(worst: Failure, found: Findings) -> timedelta | None:
    """How long to leave the site alone at first; None when it did not refuse us as a whole."""
    if (found.entries or found.not_modified) and worst.cause not in LEAVE_ALONE:
        return None
    return RESTS.get(worst.cause)


def failed(failure: Failure) -> Outcome:
    """The outcome of a crawl that never began."""
    return Outcome(CAUSES[failure.cause][0], reason(failure), {}, _key(failure))


def _key(failure: Failure) -> dict[str, Any]:
    """What pages and messages need to say the same in their own language."""
    status = {} if failure.status is None else {"status": failure.status}
    return {"cause": failure.cause.value} | status


def reason(failure: Failure, failures: int = 1) -> str:
    """A sentence in English: what, where, and how it shows."""
    said = CAUSES[failure.cause][1]
    if failure.where:
        said = f"{failure.where}: {said}"
    if failure.detail:
        said = f"{said} ({failure.detail})"
    if failure.retry_after:
        said = f"{said}; left alone for {_length(failure.retry_after)}"
    return said if failures == 1 else f"{said}; and {failures - 1} more"


def _length(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _counts(found: Findings, stats: Mapping[str, Any]) -> dict[str, int]:
    counts = found.counts
    return {
        "new": counts.new,
        "edited": counts.edited,
        "unchanged": counts.unchanged,
        "replied": counts.replied,
        "removed": counts.removed,
        "unmatched": counts.unmatched,
        "refused": found.refused,
        "requests": int(stats.get("downloader/request_count", 0)),
    }


def _failures(kind: str, found: Findings, stats: Mapping[str, Any]) -> list[Failure]:
    failures = list(found.failures)
    ending = _ending(stats)
    ended = _ENDINGS.get(ending, Cause.ERROR)
    if ended is not None and all(failure.cause is not ended for failure in failures):
        failures.append(Failure(ended, "", None if ending in _ENDINGS else f"ended by {ending}"))
    if exceptions := _exceptions(stats):
        failures.append(Failure(Cause.ERROR, "", exceptions))
    if wrong := shape(kind, found):
        failures.append(Failure(wrong, "", f"{found.refused + found.undated} of {found.entries}"))
    if not failures and not found.entries and not found.not_modified:
        failures.append(Failure(Cause.EMPTY, ""))
    return failures


def _ending(stats: Mapping[str, Any]) -> str:
    # Figures without an ending are of a crawl that was forced to stop; no figures at all, of none that began.
    return str(stats.get("finish_reason", "shutdown" if stats else "nothing"))


def _exceptions(stats: Mapping[str, Any]) -> str | None:
    prefix = "spider_exceptions/"
    names = sorted(
        key.removeprefix(prefix) for key in stats if key.startswith(prefix) and key != f"{prefix}count"
    )
    if names:
        return ", ".join(names)
    return "see the log" if stats.get("spider_exceptions/count") else None


def shape(kind: str, found: Findings) -> Cause | None:
    """What the records themselves say is wrong with the form of what was read; None when it is well."""
    usable = found.kept + found.unsought
    if found.refused and not usable:
        return Cause.ALL_REFUSED
    if found.refused >= FEW and found.refused >= usable:
        return Cause.MANY_REFUSED
    if SOURCES[kind].dated and found.kept and found.undated == found.kept:
        return Cause.NO_DATES
    return None
