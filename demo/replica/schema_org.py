"""A company's own page with schema.org reviews, as awkward as such pages are.

The first block holds a `@graph` with the newer half of the reviews, the second is broken JSON and
the third, with a charset in its type, holds the older half. Entities stand escaped in the strings,
fractions are text with a decimal comma, dates have no time.
"""

import html
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Post, digest

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
BROKEN = '<script type="application/ld+json">{"@type": "WebSite", "name": </script>'


def page(request: Request, name: str, posts: list[Post], fault: Fault | None) -> Answer:
    """The page `name`; `posts` are its public reviews, newest first."""
    shown = [] if fault is Fault.EMPTY else posts
    half = -(-len(shown) // 2)
    address = f"http://{request.headers.get('host', '127.0.0.1')}{request.target}"
    first = _block("application/ld+json", _company(address, name, posts, shown[:half], fault))
    rest = _company(address, name, posts, shown[half:], fault)
    third = _block("application/ld+json; charset=utf-8", rest) if shown[half:] else ""
    body = (
        f'<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>{html.escape(name)}</title>'
        f"{first}{BROKEN}{third}</head><body><h1>Wat klanten zeggen</h1></body></html>"
    )
    form = f'"{digest(body)[:20]}"'
    if request.headers.get("if-none-match") == form and fault is None:
        return Answer(304, b"", {"ETag": form})
    return Answer.of("text/html", body, 200, ETag=form)


def _company(
    address: str, name: str, everything: list[Post], shown: list[Post], fault: Fault | None
) -> dict[str, Any]:
    company: dict[str, Any] = {
        "@type": "LocalBusiness",
        "@id": f"{address}#bedrijf",
        "name": name.capitalize(),
        "aggregateRating": _aggregate(everything),
    }
    reviews = [_review(post, fault) for post in shown]
    key = "klantverhalen" if fault is Fault.CHANGED else "review"
    if reviews:
        company[key] = reviews[0] if len(reviews) == 1 else reviews
    return {"@context": "https://schema.org", "@graph": [company]}


def _aggregate(posts: list[Post]) -> dict[str, Any]:
    values = [10 * post.rating / post.rating_max for post in posts if post.rating is not None]
    mean = sum(values) / len(values) if values else 0.0
    return {
        "@type": "AggregateRating",
        "ratingValue": f"{mean:.1f}".replace(".", ","),
        "bestRating": "10",
        "worstRating": "1",
        "ratingCount": str(len(values)),
        "reviewCount": len(posts),
    }


def _review(post: Post, fault: Fault | None) -> dict[str, Any]:
    review: dict[str, Any] = {
        "@type": "Verhaal" if fault is Fault.CHANGED else "Review",
        "author": {"@type": "Person", "name": _escaped(post.author)},
        "datePublished": _day(post.published_at),
        "name": _escaped(post.title),
        "reviewBody": _escaped(post.text),
    }
    if post.rating is not None:
        review["reviewRating"] = _rating(post.rating, post.rating_max)
    if post.edited_at:
        review["dateModified"] = _day(post.edited_at)
    if fault is Fault.NO_DATES:
        del review["datePublished"]
    return review


def _rating(rating: float, best: int) -> dict[str, Any]:
    value: Any = int(rating) if rating == int(rating) else f"{rating:.1f}".replace(".", ",")
    return {"@type": "Rating", "ratingValue": value, "bestRating": best, "worstRating": 1}


def _block(kind: str, data: dict[str, Any]) -> str:
    return f'<script type="{kind}">{json.dumps(data, ensure_ascii=False)}</script>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _day(instant: datetime) -> str:
    return instant.astimezone(AMSTERDAM).date().isoformat()
