"""`/wachtwoord`: somebody changes their own password."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from dashboard.rendering import page
from dashboard.site import LoggedIn, Posted, SiteNow, cookie_name
from storage import users

router = APIRouter()
DONE = "gewijzigd"


@dataclass(frozen=True)
class PasswordPage:
    """`problem` is a key of the catalogue under `account.`, empty when there is none."""

    problem: str = ""
    wait: timedelta | None = None
    changed: bool = False
    shortest: int = users.SHORTEST_PASSWORD

    @property
    def limit(self) -> int:
        return users.limit(self.problem)


@router.get("/wachtwoord")
def show_form(request: Request, visitor: LoggedIn, gedaan: str = "") -> Response:
    return page(request, "password", PasswordPage(changed=gedaan == DONE))


@router.post("/wachtwoord")
def change_password(request: Request, site: SiteNow, visitor: LoggedIn, form: Posted) -> Response:
    """Needs the present password: a browser that was left open must not be enough. Other sessions end."""
    address, now = request.client.host if request.client else "", site.clock()
    wait = site.attempts.wait(visitor.name, address, now)
    if wait is not None:
        return page(request, "password", PasswordPage("too_often", wait), status=429)
    present, wanted, again = (str(form.get(name, "")) for name in ("huidig", "wachtwoord", "nogmaals"))
    if wanted != again:
        return page(request, "password", PasswordPage("different"), status=422)
    with site.hashing, site.database.read() as session:
        known = users.verified(session, visitor.name, present) is not None
    if not known:
        site.attempts.failed(visitor.name, address, now)
        return page(request, "password", PasswordPage("wrong"), status=422)
    site.attempts.succeeded(visitor.name, address)
    try:
        with site.hashing:
            password_hash = users.hashed(wanted)
    except users.UserError as error:
        return page(request, "password", PasswordPage(error.key), status=422)
    cookie = request.cookies.get(cookie_name(request, site), "")
    site.database.transact(
        lambda session: users.change_password(session, visitor.user_id, password_hash, keep=cookie)
    )
    return RedirectResponse(f"/wachtwoord?gedaan={DONE}", status_code=303)
