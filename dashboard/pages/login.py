"""`/inloggen`, `/uitloggen` and, for the very first user, `/welkom`."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from dashboard.rendering import page
from dashboard.security import local_path, same
from dashboard.site import NotFound, OwnForm, Posted, Site, SiteNow, cookie_name, over_https, value
from storage import users
from storage.database import Session
from storage.models import User

router = APIRouter()
LOGGED_OUT = "uitgelogd"


@dataclass(frozen=True)
class LoginPage:
    """`problem` is a key of the catalogue under `login.`, empty when there is none."""

    next: str
    name: str = ""
    problem: str = ""
    wait: timedelta | None = None
    logged_out: bool = False
    first: bool = False
    """There is nobody who could log in yet."""


@dataclass(frozen=True)
class WelcomePage:
    """`problem` is a key of the catalogue under `account.`, empty when there is none."""

    code: str
    name: str = ""
    problem: str = ""
    shortest: int = users.SHORTEST_PASSWORD

    @property
    def limit(self) -> int:
        return users.limit(self.problem)


@router.get("/inloggen")
def show_login(request: Request, site: SiteNow, naar: str = "/", gedaan: str = "") -> Response:
    with site.database.read() as session:
        first = not users.any_user(session)
    return page(request, "login", LoginPage(local_path(naar), logged_out=gedaan == LOGGED_OUT, first=first))


@router.post("/inloggen")
def log_in(request: Request, site: SiteNow, form: OwnForm) -> Response:
    name, back = value(form, "naam"), local_path(value(form, "naar"))
    address, now = request.client.host if request.client else "", site.clock()
    wait = site.attempts.wait(name, address, now)
    if wait is not None:
        return page(request, "login", LoginPage(back, name, "too_often", wait), status=429)
    with site.hashing, site.database.read() as session:
        user = users.verified(session, name, str(form.get("wachtwoord", "")))
    if user is None:
        site.attempts.failed(name, address, now)
        return page(request, "login", LoginPage(back, name, "wrong"), status=401)
    site.attempts.succeeded(name, address)
    return _let_in(request, site, user, back)


@router.post("/uitloggen")
def log_out(request: Request, site: SiteNow, form: Posted) -> Response:
    cookie = request.cookies.get(cookie_name(request, site), "")
    site.database.transact(lambda session: users.end(session, cookie))
    answer = RedirectResponse(f"/inloggen?gedaan={LOGGED_OUT}", status_code=303)
    answer.delete_cookie(cookie_name(request, site), path="/", secure=over_https(request, site))
    return answer


@router.get("/welkom")
def show_welcome(request: Request, site: SiteNow, code: str = "") -> Response:
    with site.database.read() as session:
        if users.any_user(session):
            return RedirectResponse("/inloggen", status_code=303)
    if not same(code, site.setup_code):
        raise NotFound
    return page(request, "welcome", WelcomePage(code))


@router.post("/welkom")
def make_first_user(request: Request, site: SiteNow, form: OwnForm) -> Response:
    code, name = value(form, "code"), value(form, "naam")
    if not same(code, site.setup_code):
        raise NotFound
    password, again = str(form.get("wachtwoord", "")), str(form.get("nogmaals", ""))
    if password != again:
        return page(request, "welcome", WelcomePage(code, name, "different"), status=422)

    def work(session: Session) -> User | None:
        # Two people may hold the same code: only the first becomes the first user.
        return None if users.any_user(session) else users.create_user(session, name, password, site.clock())

    try:
        with site.hashing:
            user = site.database.transact(work)
    except users.UserError as error:
        return page(request, "welcome", WelcomePage(code, name, error.key), status=422)
    if user is None:
        return RedirectResponse("/inloggen", status_code=303)
    return _let_in(request, site, user, "/")


def _let_in(request: Request, site: Site, user: User, back: str) -> Response:
    login = site.database.transact(lambda session: users.begin(session, user, site.clock()))
    answer = RedirectResponse(back, status_code=303)
    answer.set_cookie(
        cookie_name(request, site),
        login.cookie,
        max_age=int(users.SESSION_LASTS.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=over_https(request, site),
    )
    return answer
