"""`/gezond`: for machines that watch whether the dashboard can do its work."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from dashboard.site import SiteNow
from storage.database import DatabaseError

router = APIRouter()


@router.get("/gezond")
def ready(site: SiteNow) -> JSONResponse:
    """200 when the database answers, else 503."""
    try:
        reachable = site.database.revision() is not None
    except DatabaseError:
        reachable = False
    if not reachable:
        return JSONResponse({"status": "unavailable", "database": "unreachable"}, status_code=503)
    return JSONResponse({"status": "ok", "database": "reachable"})
