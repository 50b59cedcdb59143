"""A site's map and the pages with reviews that it names.

The map is an index of two: one with ordinary pages, which hold no reviews (that of contact guards its form with a
captcha), and a packed one with a page for each `place` of the posts. robots.txt does not name it.
"""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from demo.replica import schema_org
from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/sitemap", "/klanten/", "/over-ons/")
ORDINARY = {
    "over-ons/missie": "<title>Over ons</title><p>Welkom.</p>",
    "over-ons/contact": '<title>Contact</title><form method="post"><input type="email" name="van">'
    '<textarea name="vraag"></textarea><div class="g-recaptcha" data-sitekey="6LcReplica"></div></form>',
}
SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
DEPLOYED = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """The map, a part of it, or a page."""
    base = f"http://{request.headers.get('host', '127.0.0.1')}"
    pages = _pages(posts)
    if request.path == "/sitemap.xml":
        names = ("sitemap-pagina.xml", "sitemap-klanten.xml.gz")
        entries = "".join(f"<sitemap><loc>{base}/{name}</loc></sitemap>" for name in names)
        return _xml(f'<sitemapindex xmlns="{SPACE}">{entries}</sitemapindex>', fault)
    if request.path == "/sitemap-pagina.xml":
        shown = {} if fault is Fault.EMPTY else dict.fromkeys(ORDINARY, DEPLOYED)
        return _xml(_urlset(base, shown, fault), fault)
    if request.path == "/sitemap-klanten.xml.gz":
        changed = {f"klanten/{place}": _changed(ones) for place, ones in pages.items()}
        body = _xml(_urlset(base, {} if fault is Fault.EMPTY else changed, fault), fault).body
        return Answer(200, gzip.compress(body), {"Content-Type": "application/gzip"})
    place = request.path.removeprefix("/klanten/")
    if place in pages:
        return schema_org.page(request, place, pages[place], fault)
    if ordinary := ORDINARY.get(request.path.strip("/")):
        return Answer.of("text/html", f"<!DOCTYPE html><html lang=nl>{ordinary}</html>")
    return Answer.of("text/html", "<!DOCTYPE html><title>404</title><h1>Niet gevonden</h1>", 404)


def _pages(posts: Board) -> dict[str, list[Post]]:
    found: dict[str, list[Post]] = {}
    for post in posts.seen(Kind.SITEMAP):
        found.setdefault(post.place, []).append(post)
    return found


def _changed(posts: list[Post]) -> datetime:
    return max(post.changed_at for post in posts) + timedelta(seconds=len(posts))


def _urlset(base: str, pages: Mapping[str, datetime], fault: Fault | None) -> str:
    entries = "".join(
        f"<url><loc>{base}/{name}</loc>"
        + ("" if fault is Fault.NO_DATES else f"<lastmod>{changed.isoformat()}</lastmod>")
        + "</url>"
        for name, changed in pages.items()
    )
    return f'<urlset xmlns="{SPACE}">{entries}</urlset>'


def _xml(body: str, fault: Fault | None) -> Answer:
    if fault is Fault.CHANGED:
        body = body.replace("urlset", "adressen").replace("sitemapindex", "kaarten")
    return Answer.of("application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{body}')
