"""Friendly pages for what goes wrong; what exactly went wrong goes to the log, never to the page."""

import logging
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.rendering import page
from dashboard.security import BodyTooLarge
from dashboard.site import LoginNeeded, NotFound, NotOurForm

log = logging.getLogger(__name__)
_KNOWN = (400, 403, 404, 405, 413, 422, 500)


@dataclass(frozen=True)
class ErrorPage:
    """`status` chooses the words."""

    status: int


def answer(request: Request, status: int) -> HTMLResponse:
    """The page for an HTTP status."""
    return page(request, "error", ErrorPage(status if status in _KNOWN else 500), status=status)


class FriendlyFailures:
    """Middleware: what nobody foresaw becomes a page that says so, with the cause in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            log.exception("page failed", extra={"action": "page_failed", "error": type(error).__name__})
            await answer(Request(scope), 500)(scope, receive, send)


def install(app: FastAPI) -> None:
    """Have every error end in one of these pages."""
    app.add_exception_handler(LoginNeeded, _to_login)
    app.add_exception_handler(NotOurForm, lambda request, _: answer(request, 403))
    app.add_exception_handler(NotFound, lambda request, _: answer(request, 404))
    app.add_exception_handler(BodyTooLarge, lambda request, _: answer(request, 413))
    app.add_exception_handler(RequestValidationError, lambda request, _: answer(request, 422))
    app.add_exception_handler(HTTPException, _http)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    found = answer(request, status)
    if isinstance(error, HTTPException) and error.headers:
        found.headers.update(error.headers)
    return found


def _to_login(request: Request, _: Exception) -> Response:
    back = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        back += f"?{request.url.query}"
    address = "/inloggen" if back == "/" else f"/inloggen?naar={quote(back, safe='')}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=303)
