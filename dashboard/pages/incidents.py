"""`/meldingen`: what is going on, and `/meldingen/{id}`: why, since when, with what evidence, told to whom."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from dashboard.rendering import link, page
from dashboard.site import LoggedIn, NotFound, Posted, Reading, SiteNow, whole
from storage import bulletins, incidents
from storage.bulletins import IncidentRow
from storage.listings import MentionRow
from storage.models import Delivery, DeliveryState, IncidentEvent

router = APIRouter()
RECENT = timedelta(days=7)
"""A message that failed longer ago is history."""
DONE = {"gezien": "acknowledged", "opnieuw": "retried"}


@dataclass(frozen=True)
class IncidentsPage:
    open: list[IncidentRow]
    over: list[IncidentRow]
    failing: list[Delivery]
    next: str | None
    """The address of older ones."""
    fresh: bool
    """The first page, which begins with what goes on now."""


@dataclass(frozen=True)
class IncidentPage:
    row: IncidentRow
    events: list[IncidentEvent]
    evidence: tuple[MentionRow, ...]
    deliveries: list[Delivery]
    done: str = ""

    @property
    def refused(self) -> bool:
        return any(one.state is DeliveryState.FAILED for one in self.deliveries)


@router.get("/meldingen")
def show_incidents(request: Request, site: SiteNow, visitor: LoggedIn, session: Reading) -> Response:
    before = whole(request.query_params.get("voor", "")) or None
    over = bulletins.incidents(session, still_open=False, before=before)
    full = len(over) == bulletins.PAGE
    return page(
        request,
        "incidents",
        IncidentsPage(
            open=[] if before else bulletins.incidents(session, still_open=True),
            over=over,
            failing=[] if before else bulletins.failing(session, site.clock() - RECENT),
            next=link("/meldingen", voor=over[-1].incident.id) if full else None,
            fresh=before is None,
        ),
    )


@router.get("/meldingen/{incident_id}")
def show_incident(
    request: Request, incident_id: str, visitor: LoggedIn, session: Reading, gedaan: str = ""
) -> Response:
    row = bulletins.incident(session, whole(incident_id))
    if row is None:
        raise NotFound
    return page(
        request,
        "incidents_one",
        IncidentPage(
            row=row,
            events=bulletins.events(session, whole(incident_id)),
            evidence=bulletins.evidence(session, row.incident),
            deliveries=bulletins.deliveries(session, whole(incident_id)),
            done=DONE.get(gedaan, ""),
        ),
    )


@router.post("/meldingen/{incident_id}/gezien")
def acknowledge(
    request: Request, incident_id: str, site: SiteNow, visitor: LoggedIn, form: Posted
) -> Response:
    """Note who looks after the incident. The first one stays."""
    number, now = whole(incident_id), site.clock()
    taken = site.database.transact(lambda session: incidents.acknowledge(session, number, visitor.name, now))
    # A second click, or a click on one that is over: the page shows how it stands.
    return RedirectResponse(f"/meldingen/{number}{'?gedaan=gezien' if taken else ''}", status_code=303)


@router.post("/meldingen/{incident_id}/opnieuw")
def tell_again(incident_id: str, site: SiteNow, visitor: LoggedIn, form: Posted) -> Response:
    """Send what a channel refused once more, for instance after its token was replaced."""
    number, now = whole(incident_id), site.clock()
    tried = site.database.transact(lambda session: bulletins.retry(session, number, now))
    return RedirectResponse(f"/meldingen/{number}{'?gedaan=opnieuw' if tried else ''}", status_code=303)
