"""What every page works with: the database, the configuration, the clock, and who is looking."""

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from starlette.datastructures import FormData

from alerts.catalogue import Catalogue
from dashboard.explaining import Explaining
from dashboard.hearing import Hearing
from dashboard.security import Attempts, own_origin, same
from storage import users
from storage.configuration import Configuration
from storage.database import Database, Session
from storage.users import Visitor

COOKIE = "klachtenradar"
Clock = Callable[[], datetime]


class LoginNeeded(Exception):
    """Only somebody who is logged in may see this."""


class NotOurForm(Exception):
    """A change that was not asked for from one of our own pages, or from one that is too old."""


class NotFound(Exception):
    """There is nothing at this address."""


@dataclass(frozen=True)
class Site:
    """One dashboard. `setup_code` opens the page where the first user is made."""

    database: Database
    configuration: Configuration
    clock: Clock
    text: Catalogue
    attempts: Attempts = field(default_factory=Attempts)
    explaining: Explaining | None = None
    hearing: Hearing = field(default_factory=Hearing)
    setup_code: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    # A password hash takes 64 MiB on purpose: never more than two at once.
    hashing: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(2))

    @property
    def public_url(self) -> str | None:
        return self.configuration.dashboard.url


def site_of(request: Request) -> Site:
    return cast(Site, request.app.state.site)


SiteNow = Annotated[Site, Depends(site_of)]


def _reading(site: SiteNow) -> Iterator[Session]:
    with site.database.read() as session:
        yield session


Reading = Annotated[Session, Depends(_reading)]


def cookie_name(request: Request, site: Site) -> str:
    # Browsers keep the __Host- prefix to this host, https and the whole path.
    return f"__Host-{COOKIE}" if over_https(request, site) else COOKIE


def over_https(request: Request, site: Site) -> bool:
    return request.url.scheme == "https" or (site.public_url or "").startswith("https:")


def _visitor(request: Request, site: SiteNow, session: Reading) -> Visitor:
    cookie = request.cookies.get(cookie_name(request, site))
    visitor = users.visitor(session, cookie, site.clock())
    if visitor is None:
        raise LoginNeeded
    request.state.visitor = visitor
    return visitor


LoggedIn = Annotated[Visitor, Depends(_visitor)]


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=50)


AnyForm = Annotated[FormData, Depends(_form)]


def _own_form(request: Request, site: SiteNow, form: AnyForm) -> FormData:
    if not own_origin(request, site.public_url):
        raise NotOurForm
    return form


OwnForm = Annotated[FormData, Depends(_own_form)]
"""A form from our own pages, by somebody who need not be logged in."""


def _posted(form: OwnForm, visitor: LoggedIn) -> FormData:
    if not same(value(form, "csrf"), visitor.csrf_token):
        raise NotOurForm
    return form


Posted = Annotated[FormData, Depends(_posted)]
"""A form from our own pages, by the person who is logged in, with the token of this session."""


def value(form: FormData, name: str) -> str:
    """A field of a form as text, empty when absent."""
    found = form.get(name, "")
    return found.strip() if isinstance(found, str) else ""


def whole(text: str, default: int = 0) -> int:
    """A whole number as people and links write it, `default` for anything else, also what no row can have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
