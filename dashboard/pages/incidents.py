"""`/meldingen`: what is going on, and `/meldingen/{id}`: why, since when, with what evidence, told to whom."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from dashboard.rendering import page
from dashboard.site import LoggedIn, NotFound, Posted, Reading, SiteNow, whole
from storage import bulletins, incidents
from storage.bulletins import IncidentRow
from storage.listings import MentionRow
from storage.models import Delivery, DeliveryState, IncidentEvent

router = APIRouter()
DONE = {"gezien": "acknowledged", "opnieuw": "retried"}


@dataclass(frozen=True)
class IncidentsPage:
    open: list[IncidentRow]
    over: list[IncidentRow]
    failing: list[Delivery]


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
def show_incidents(request: Request, visitor: LoggedIn, session: Reading) -> Response:
    return page(
        request,
        "incidents",
        IncidentsPage(
            open=bulletins.incidents(session, still_open=True),
            over=bulletins.incidents(session, still_open=False),
            failing=bulletins.failing(session),
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
