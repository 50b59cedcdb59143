"""Turning a page's context into HTML. A context is a frozen dataclass; the template sees it as `page`."""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import cast
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from alerts.obstacles import obstacle
from dashboard.facts import advice, headline, why
from dashboard.formats import Formats, words
from dashboard.site import site_of
from storage.users import Visitor

HERE = Path(__file__).parent
STATIC = HERE / "static"
NAVIGATION = (
    ("overview", "/"),
    ("cases", "/klachten"),
    ("mentions", "/berichten"),
    ("incidents", "/meldingen"),
    ("sources", "/bronnen"),
    ("slack", "/slack"),
)


@dataclass(frozen=True)
class Shell:
    """What stands around every page."""

    visitor: Visitor | None
    here: str
    """The entry of the navigation that this page belongs to."""
    path: str
    navigation: tuple[tuple[str, str], ...] = NAVIGATION


def page(request: Request, template: str, context: object, *, status: int = 200) -> HTMLResponse:
    """`context` shown by `templates/<template>.html`."""
    site = site_of(request)
    shell = Shell(getattr(request.state, "visitor", None), template.partition("_")[0], request.url.path)
    templates = cast(Environment, request.app.state.templates)
    content = templates.get_template(f"{template}.html").render(
        page=context, shell=shell, f=Formats(site.text, site.clock())
    )
    return HTMLResponse(content, status_code=status)


@cache
def environment(language: str) -> Environment:
    """The templates in one language. Everything is escaped, whatever a template is called."""
    text = words(language)
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        t=text,
        known=text.__contains__,
        static=static,
        link=link,
        language=text.language,
        headline=headline,
        why=why,
        advice=partial(advice, text),
        obstacle=partial(obstacle, say=text),
    )
    found.filters.update(json=_json, safe_link=safe_link, host=host, folded=folded, coded=coded)
    return found


@cache
def static(name: str) -> str:
    """The address of a static file, which changes when the file does, so that browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def link(path: str, **values: object) -> str:
    """A path with the values that are set as its query."""
    query = urlencode({name: str(value) for name, value in values.items() if value not in (None, "")})
    return f"{path}?{query}" if query else path


def safe_link(url: str | None) -> str | None:
    """An address that may be clicked: http or https, nothing that runs."""
    return url if url and url.lower().startswith(("http://", "https://")) else None


def host(url: str) -> str:
    """The site of an address, as a person would name it."""
    try:
        return (urlsplit(url).hostname or url).removeprefix("www.")
    except ValueError:
        return url


def folded(text: str, length: int = 420) -> tuple[str, str]:
    """A text in two: what is read at once, and what is unfolded; cut between words where there are any."""
    if len(text) <= length * 1.4:
        return text, ""
    space = max(text.rfind(mark, length // 2, length) for mark in (" ", "\n"))
    cut = space if space > 0 else length
    return text[:cut], text[cut:].lstrip()


def coded(text: str) -> Markup:
    """A text of ours in which `commands` look like ones."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
