"""One complaint that matters by itself: its reach, its rating or its threat is far out of the ordinary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from storage.evidence import Complaint, Floors, Ordinary
from storage.incidents import Finding
from storage.models import Severity

NAME = "severe_mention"
BACK = timedelta(days=7)
"""A post may go viral days after it was written."""
FLOORS = Floors(followers=10_000, engagement=100, views=50_000)
MULTIPLE = 5.0
"""Out of the ordinary: this many times the 95th percentile of the source."""
LEAST_KNOWN = 20
"""Fewer figures than this do not say what is ordinary; twice the floor must do."""
RARE, LEAST_RATED = 0.02, 50
"""The lowest rating stands out where at most one in fifty gives it, among at least fifty."""
CRITICAL_REACH = 10.0
EXAMPLES = 5


@dataclass(frozen=True)
class Severe:
    """A severe complaint and why: `reach` is its largest figure as a multiple of the limit for it."""

    complaint: Complaint
    reasons: tuple[str, ...]
    reach: float

    @property
    def critical(self) -> bool:
        return self.reach >= CRITICAL_REACH or (self.reach >= 1 and "escalation" in self.reasons)


def key(brand_id: int) -> str:
    return f"{NAME}:{brand_id}"


def weigh(complaint: Complaint, ordinary: Ordinary) -> Severe | None:
    """What makes a complaint severe, given what is ordinary for its source; None when nothing does.

    Reach alone does not, where the model is unsure that it is a complaint at all.
    """
    reach = {
        "followers": _share(complaint.followers, FLOORS.followers, ordinary.followers),
        "engagement": _share(complaint.engagement, FLOORS.engagement, ordinary.engagement),
        "views": _share(complaint.views, FLOORS.views, ordinary.views),
    }
    reasons = [name for name, share in reach.items() if share >= 1]
    if _rarely_so_low(complaint, ordinary):
        reasons.append("rating")
    if complaint.escalation:
        reasons.append("escalation")
    if not reasons or (complaint.unsure and not {"rating", "escalation"} & set(reasons)):
        return None
    return Severe(complaint, tuple(reasons), max(reach.values()))


def judge(brand_id: int, severe: Sequence[Severe], known: Mapping[str, Any]) -> Finding | None:
    """All severe complaints of a brand are one finding; `known` are the facts of its open incident, if any."""
    if not severe:
        return None
    ranked = sorted(severe, key=lambda one: (one.reach, one.complaint.published_at), reverse=True)
    started = min(one.complaint.published_at for one in severe)
    return Finding(
        rule=NAME,
        key=key(brand_id),
        severity=Severity.CRITICAL if any(one.critical for one in severe) else Severity.ATTENTION,
        started_at=started,
        facts=_facts(ranked, known) | {"since": known.get("since") or started.isoformat()},
        brand_id=brand_id,
        mentions=tuple(one.complaint.mention_id for one in ranked),
    )


def _facts(ranked: Sequence[Severe], known: Mapping[str, Any]) -> dict[str, Any]:
    """The largest figures so far, and the newest severe complaints before the ones already told."""
    reasons = {reason for one in ranked for reason in one.reasons} | set(known.get("reasons", ()))
    examples = [one.complaint.mention_id for one in ranked] + list(known.get("examples", ()))
    figures = {
        name: max([known.get(name) or 0, *(getattr(one.complaint, name) or 0 for one in ranked)])
        for name in ("followers", "engagement", "views")
    }
    return {"reasons": sorted(reasons), **figures, "examples": examples[:EXAMPLES]}


def limit(floor: int, ordinary: Sequence[int]) -> float:
    """From where a reach figure is out of the ordinary. `ordinary` is sorted."""
    if len(ordinary) < LEAST_KNOWN:
        return 2.0 * floor
    return max(float(floor), MULTIPLE * ordinary[int(0.95 * (len(ordinary) - 1))])


def _share(value: int | None, floor: int, ordinary: Sequence[int]) -> float:
    return (value or 0) / limit(floor, ordinary)


def _rarely_so_low(complaint: Complaint, ordinary: Ordinary) -> bool:
    if complaint.rating is None or complaint.rating_min is None or complaint.rating > complaint.rating_min:
        return False
    return ordinary.rated >= LEAST_RATED and ordinary.lowest <= RARE * ordinary.rated
