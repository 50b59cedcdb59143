"""Trustpilot's public review page: HTML with the data in `__NEXT_DATA__`, 20 reviews a page."""

import html
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Post, digest

PER_PAGE = 20
LAST_PUBLIC_PAGE = 10
SITE_LANGUAGE = "nl"
# A code outside this list is ignored by the site, which then shows everything.
LANGUAGES = {"nl": "Nederlands", "en": "Engels", "de": "Duits", "fr": "Frans", "pl": "Pools", "tr": "Turks"}
PERIODS = {"last30days": 30, "last3months": 91, "last6months": 182, "last12months": 365}


def page(request: Request, domain: str, posts: list[Post], fault: Fault | None) -> Answer:
    """The page of one company; `posts` are all its public reviews, newest first."""
    if fault is Fault.MOVED:
        return Answer(301, b"", {"Location": f"/review/nieuw-{domain}"})
    number = int(request.first("page", "1")) if request.first("page", "1").isdigit() else 1
    chosen = _selected(request, posts, fault)
    if fault is Fault.SIGN_IN or number > LAST_PUBLIC_PAGE:
        props = _sign_in(request, domain)
    else:
        props = _page_props(request, domain, posts, chosen, number, fault)
    return Answer.of("text/html", _html(domain, props))


def permalink(post: Post) -> Answer:
    """The page of one review."""
    return Answer.of("text/html", _html(post.place, {"review": review(post, None)}))


def review(post: Post, fault: Fault | None) -> dict[str, Any]:
    """One review as the page's data holds it."""
    dated = fault is not Fault.NO_DATES
    return {
        "id": post.key,
        "rating": int(post.rating or 1),
        "title": post.title,
        "text": post.text,
        "language": post.language,
        "location": None,
        "likes": post.likes,
        "source": "Organic",
        "consumer": {
            "id": digest("consumer", post.author)[:24],
            "displayName": post.author,
            "countryCode": "NL",
            "numberOfReviews": 1 + int(digest(post.author)[0], 16),
            "isVerified": False,
        },
        "dates": {
            "experiencedDate": _day(post.experienced_on or post.published_at.date()),
            "publishedDate": _instant(post.published_at) if dated else None,
            "updatedDate": _instant(post.edited_at),
        },
        "reply": _reply(post),
        "labels": {
            "verification": {
                "isVerified": False,
                "verificationLevel": "not-verified",
                "reviewSourceName": "Organic",
            }
        },
    }


def _reply(post: Post) -> dict[str, Any] | None:
    if not post.reply:
        return None
    return {"message": post.reply.text, "publishedDate": _instant(post.reply.at), "updatedDate": None}


def _selected(request: Request, posts: list[Post], fault: Fault | None) -> list[Post]:
    language = request.first("languages", SITE_LANGUAGE)
    if language in LANGUAGES and fault is not Fault.IGNORED_LANGUAGE:
        posts = [post for post in posts if post.language == language]
    stars = request.query.get("stars", [])
    if stars:
        posts = [post for post in posts if str(int(post.rating or 1)) in stars]
    days = PERIODS.get(request.first("date"))
    if days:
        posts = [post for post in posts if post.published_at > request.at - timedelta(days=days)]
    if request.first("sort") != "recency":
        posts = sorted(posts, key=lambda post: post.likes, reverse=True)
    return sorted(posts, key=lambda post: not post.pinned)


def _page_props(
    request: Request, domain: str, posts: list[Post], chosen: list[Post], number: int, fault: Fault | None
) -> dict[str, Any]:
    start = (number - 1) * PER_PAGE
    shown = [] if fault is Fault.EMPTY else chosen[start : start + PER_PAGE]
    listed = "reviewList" if fault is Fault.CHANGED else "reviews"
    return {
        "businessUnit": _business_unit(domain, posts),
        "filters": {
            "pagination": {
                "currentPage": number,
                "perPage": PER_PAGE,
                "totalCount": len(chosen),
                "totalPages": -(-len(chosen) // PER_PAGE),
            },
            "selected": {
                "languages": request.first("languages", SITE_LANGUAGE),
                "stars": request.query.get("stars"),
                "date": request.first("date") or None,
            },
            "reviewStatistics": _statistics(posts),
        },
        listed: [review(post, fault) for post in shown],
    }


def _business_unit(domain: str, posts: list[Post]) -> dict[str, Any]:
    ratings = [post.rating for post in posts if post.rating is not None]
    return {
        "id": digest("business", domain)[:24],
        "displayName": domain.split(".")[0].capitalize(),
        "identifyingName": domain,
        "numberOfReviews": len(posts),
        "trustScore": round(sum(ratings) / len(ratings), 1) if ratings else 0,
    }


def _statistics(posts: list[Post]) -> dict[str, Any]:
    counts = {code: sum(post.language == code for post in posts) for code in LANGUAGES}
    found = [
        {"isoCode": code, "displayName": LANGUAGES[code], "reviewCount": count}
        for code, count in counts.items()
        if count
    ]
    return {"hasMultipleLanguages": len(found) > 1, "reviewLanguages": found}


def _sign_in(request: Request, domain: str) -> dict[str, Any]:
    back = f"%2Freview%2F{domain}%3Fpage%3D{request.first('page', '1')}"
    return {"__N_REDIRECT": f"/users/connect?redirect={back}", "__N_REDIRECT_STATUS": 307}


def _html(domain: str, props: dict[str, Any]) -> str:
    data = {
        "props": {"pageProps": props, "__N_SSP": True},
        "page": "/review/[businessUnit]",
        "isFallback": False,
    }
    name = html.escape(domain)
    return (
        '<!DOCTYPE html><html lang="nl-NL"><head><meta charset="utf-8"/>'
        f"<title>{name} beoordelingen | Lees klantbeoordelingen van {name}</title></head>"
        f'<body><div id="__next"><main class="styles_main__a1B2c"><h1>{name}</h1></main></div>'
        f'<script id="__NEXT_DATA__" type="application/json">{_script_json(data)}</script></body></html>'
    )


def _script_json(data: object) -> str:
    # As Next.js does it: nothing in a text may end the script element.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _instant(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _day(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000Z"
