"""Apple's customer-review feed in JSON: 50 reviews a page, 10 pages, every scalar in a `label`."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Post, digest

PER_PAGE = 50
LAST_PAGE = 10
OFFICE = ZoneInfo("America/Los_Angeles")


def feed(
    request: Request, country: str, number: int, app: str, posts: list[Post], fault: Fault | None
) -> Answer:
    """One page of the feed; `posts` are all public reviews of the app in that country's store."""
    newest = sorted(posts, key=lambda post: (post.changed_at, post.key), reverse=True)
    start = (number - 1) * PER_PAGE
    shown = newest[start : start + PER_PAGE] if 1 <= number <= LAST_PAGE else []
    entries = [] if fault is Fault.EMPTY else [_entry(post, country, app, fault) for post in shown]
    if fault is Fault.APP_ENTRY:
        entries.insert(0, _app_entry(app))
    more = start + PER_PAGE < len(newest) and number < LAST_PAGE
    document = _document(request, country, number, app, entries, more)
    if fault is Fault.CHANGED and "entry" in document["feed"]:
        document["feed"]["reviews"] = document["feed"].pop("entry")
    body = json.dumps(document, ensure_ascii=False)
    return Answer.of("text/javascript", body, Cache_Control="max-age=43200")


def _document(
    request: Request, country: str, number: int, app: str, entries: list[dict[str, Any]], more: bool
) -> dict[str, Any]:
    feed: dict[str, Any] = {
        "author": {"name": _label("iTunes Store"), "uri": _label(f"http://www.apple.com/{country}/itunes/")}
    }
    # One review is an object, none is no key at all: so the real feed does it.
    if entries:
        feed["entry"] = entries[0] if len(entries) == 1 else entries
    this = _address(request, country, number, app, "json")
    feed |= {
        "updated": _label(_office(request.at)),
        "rights": _label("Copyright 2008 Apple Inc."),
        "title": _label("iTunes Store: Customer Reviews"),
        "icon": _label("http://itunes.apple.com/favicon.ico"),
        "link": _links(request, country, number, app, more),
        "id": _label(this),
    }
    return {"feed": feed}


def _links(request: Request, country: str, number: int, app: str, more: bool) -> list[dict[str, Any]]:
    following = number + 1 if more else number
    pages = {
        "self": _address(request, country, number, app, "json"),
        "first": _address(request, country, 1, app, "xml?urlDesc=/customerreviews"),
        "next": _address(request, country, following, app, "xml?urlDesc=/customerreviews"),
    }
    return [{"attributes": {"rel": rel, "href": href}} for rel, href in pages.items()]


def _address(request: Request, country: str, number: int, app: str, form: str) -> str:
    host = request.headers.get("host", "itunes.apple.com")
    return f"http://{host}/{country}/rss/customerreviews/page={number}/id={app}/sortby=mostrecent/{form}"


def _entry(post: Post, country: str, app: str, fault: Fault | None) -> dict[str, Any]:
    reader = int(digest("apple", post.author)[:8], 16)
    entry = {
        "author": {
            "uri": _label(f"https://itunes.apple.com/{country}/reviews/id{reader}"),
            "name": _label(post.author),
            "label": "",
        },
        "updated": _label(_office(post.changed_at)),
        "im:rating": _label(str(int(post.rating or 1))),
        "im:version": _label("8.14.2"),
        "id": _label(post.key),
        "title": _label(post.title),
        "content": {"label": post.text, "attributes": {"type": "text"}},
        "link": {
            "attributes": {
                "rel": "related",
                "href": f"https://itunes.apple.com/{country}/review?id={app}&type=Purple%20Software",
            }
        },
        "im:voteSum": _label(str(post.likes)),
        "im:contentType": {"attributes": {"term": "Application", "label": "Application"}},
        "im:voteCount": _label(str(post.likes + post.likes // 4)),
    }
    if fault is Fault.NO_DATES:
        del entry["updated"]
    return entry


def _app_entry(app: str) -> dict[str, Any]:
    return {
        "im:name": _label("Mijn Snelveld"),
        "rights": _label("© Snelveld B.V."),
        "im:price": {"label": "Get", "attributes": {"amount": "0", "currency": "EUR"}},
        "title": _label("Mijn Snelveld - Snelveld B.V."),
        "link": {
            "attributes": {
                "rel": "alternate",
                "type": "text/html",
                "href": f"https://apps.apple.com/nl/app/id{app}",
            }
        },
        "id": {"label": f"https://apps.apple.com/nl/app/id{app}", "attributes": {"im:id": app}},
    }


def _label(value: str) -> dict[str, str]:
    return {"label": value}


def _office(instant: datetime) -> str:
    return instant.astimezone(OFFICE).isoformat(timespec="seconds")
