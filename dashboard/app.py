"""The dashboard as an ASGI application."""

import mimetypes

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from dashboard import errors
from dashboard.explaining import Explaining, Model
from dashboard.formats import words
from dashboard.pages import (
    cases,
    corrections,
    incidents,
    login,
    mentions,
    overview,
    password,
    ready,
    slack,
    sources,
    why,
)
from dashboard.rendering import STATIC, environment
from dashboard.security import SafeAnswers
from dashboard.site import Clock, Site
from storage.configuration import Configuration
from storage.database import Database

PAGES = (overview, mentions, corrections, why, cases, incidents, sources, slack, login, password, ready)


def create_app(
    database: Database, configuration: Configuration, *, clock: Clock, model: Model | None = None
) -> FastAPI:
    """The pages over one database. `clock` gives the present moment, aware UTC; `model` explains its verdicts."""
    # What the machine's own table says of these types must not matter: nosniff makes browsers strict.
    mimetypes.add_type("text/javascript", ".js")
    mimetypes.add_type("text/css", ".css")
    text = words(configuration.language)
    app = FastAPI(title="Klachtenradar", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site(
        database, configuration, clock, text, explaining=Explaining(model) if model else None
    )
    app.state.templates = environment(configuration.language)
    errors.install(app)
    for page in PAGES:
        app.include_router(page.router)
    app.mount("/static", _Kept(directory=STATIC), name="static")
    app.add_middleware(errors.FriendlyFailures)
    app.add_middleware(SafeAnswers)
    return app


class _Kept(StaticFiles):
    """Files that browsers may keep: their address changes when they do."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        kept = b"v=" in scope.get("query_string", b"")
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
        return answer
