"""A Mastodon instance's public hashtag timeline, single statuses, and its search for those with a token."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, bears, said
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Post, digest

# A status is known everywhere by its uri, whatever the port of this server happens to be.
INSTANCE = "https://mastodon.example"
DEFAULT_LIMIT = 20
MAX_LIMIT = 40
SEARCH = "/api/v2/search"
HASHTAG = re.compile(r"#(\w+)")


def timeline(request: Request, hashtag: str, posts: list[Post], fault: Fault | None) -> Answer:
    """One page of a hashtag, newest first; `posts` are all statuses of the instance."""
    if fault is Fault.CLOSED:
        return _error(401, "This method requires an authenticated user")
    limit = min(_number(request, "limit") or DEFAULT_LIMIT, MAX_LIMIT)
    found = [post for post in posts if post.visibility == "public" and _matches(request, hashtag, post)]
    shown = [] if fault is Fault.EMPTY else _window(request, found, limit)
    statuses = [status(request, post, fault) for post in shown]
    headers = _limits(request) | _links(request, shown)
    return Answer.of("application/json", json.dumps(statuses, ensure_ascii=False), 200, **headers)


def search(request: Request, posts: list[Post], fault: Fault | None) -> Answer:
    """Statuses with all words of `q`, newest first, from `offset` on; nobody is searched without a token."""
    if fault is Fault.CLOSED or not bears(request, KEY):
        return _error(401, "The access token is invalid")
    words, offset = request.first("q").lower().split(), _number(request, "offset") or 0
    limit = min(_number(request, "limit") or DEFAULT_LIMIT, MAX_LIMIT)
    found = [post for post in posts if all(word in post.text.lower() for word in words)]
    shown = [] if fault is Fault.EMPTY else sorted(found, key=lambda post: -int(post.key))[offset:]
    statuses = [status(request, post, fault) for post in shown[:limit]]
    return said({"accounts": [], "statuses": statuses, "hashtags": []})


def one(request: Request, post: Post | None, fault: Fault | None) -> Answer:
    """`/api/v1/statuses/{id}`; gone and private ones are 404."""
    if post is None or post.visibility not in ("public", "unlisted"):
        return _error(404, "Record not found")
    body = json.dumps(status(request, post, fault), ensure_ascii=False)
    return Answer.of("application/json", body, 200, **_limits(request))


def context(request: Request, post: Post | None) -> Answer:
    """`/api/v1/statuses/{id}/context`: the company's answer is the only descendant."""
    if post is None:
        return _error(404, "Record not found")
    answers = [_answer(request, post)] if post.reply else []
    return Answer.of("application/json", json.dumps({"ancestors": [], "descendants": answers}))


def status(request: Request, post: Post, fault: Fault | None) -> dict[str, Any]:
    """One status as the API gives it: ids are strings, times UTC with milliseconds."""
    name, base = username(post.author), _base(request)
    content = "body" if fault is Fault.CHANGED else "content"
    created = "createdAt" if fault is Fault.CHANGED else "created_at"
    return {
        "id": post.key,
        created: None if fault is Fault.NO_DATES else _instant(post.published_at),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": post.title,
        "visibility": post.visibility,
        "language": post.language,
        "uri": f"{INSTANCE}/users/{name}/statuses/{post.key}",
        "url": f"{base}/@{name}/{post.key}",
        "replies_count": post.replies + (1 if post.reply else 0),
        "reblogs_count": post.shares,
        "favourites_count": post.likes,
        "quotes_count": 0,
        "edited_at": _instant(post.edited_at),
        content: _content(request, post),
        "reblog": None,
        "account": _account(post),
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"{base}/tags/{tag}"} for tag in sorted(hashtags(post))],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def hashtags(post: Post) -> set[str]:
    """The hashtags of a post in lower case, without #."""
    return {tag.lower() for tag in (*HASHTAG.findall(post.text), *post.tags)}


def username(author: str) -> str:
    """The account name of a displayed name."""
    return re.sub(r"[^a-z0-9_]+", "_", author.lower()).strip("_") or "iemand"


def _matches(request: Request, hashtag: str, post: Post) -> bool:
    mine = hashtags(post)
    any_of = {hashtag.lower(), *(tag.lower() for tag in request.query.get("any[]", []))}
    all_of = {tag.lower() for tag in request.query.get("all[]", [])}
    none_of = {tag.lower() for tag in request.query.get("none[]", [])}
    return bool(mine & any_of) and all_of <= mine and not mine & none_of


def _window(request: Request, posts: list[Post], limit: int) -> list[Post]:
    newest = sorted(posts, key=lambda post: int(post.key), reverse=True)
    below, marker = _number(request, "max_id"), _number(request, "min_id")
    above = max(_number(request, "since_id") or 0, marker or 0)
    within = [p for p in newest if int(p.key) > above and (below is None or int(p.key) < below)]
    # min_id gives the oldest after the marker, since_id the newest of all: the first leaves no gap.
    return within[:limit] if marker is None else within[-limit:]


def _number(request: Request, name: str) -> int | None:
    text = request.first(name)
    return int(text) if text.isdecimal() else None


def _links(request: Request, shown: list[Post]) -> dict[str, str]:
    if not shown:
        return {}
    base = f"{_base(request)}{request.target.split('?')[0]}"
    limit = request.first("limit") or str(DEFAULT_LIMIT)
    older = f'<{base}?limit={limit}&max_id={shown[-1].key}>; rel="next"'
    newer = f'<{base}?limit={limit}&min_id={shown[0].key}>; rel="prev"'
    return {"Link": f"{older}, {newer}"}


def _limits(request: Request) -> dict[str, str]:
    reset = _instant(request.at + timedelta(minutes=5)) or ""
    return {"X_RateLimit_Limit": "300", "X_RateLimit_Remaining": "297", "X_RateLimit_Reset": reset}


def _content(request: Request, post: Post) -> str:
    base = _base(request)

    def link(match: re.Match[str]) -> str:
        tag = match.group(1)
        address = f"{base}/tags/{tag}"
        return f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'

    safe = HASHTAG.sub(link, html.escape(post.text, quote=False))
    paragraphs = safe.split("\n\n")
    return "".join(f"<p>{paragraph.replace(chr(10), '<br />')}</p>" for paragraph in paragraphs)


def _account(post: Post) -> dict[str, Any]:
    name = username(post.author)
    number = int(digest("account", name)[:8], 16)
    return {
        "id": str(110_000_000_000_000_000 + number),
        "username": name,
        "acct": name,
        "display_name": post.author,
        "locked": False,
        "bot": post.bot,
        "discoverable": True,
        "indexable": post.indexable,
        "created_at": "2022-11-05T00:00:00.000Z",
        "note": "",
        "url": f"{INSTANCE}/@{name}",
        "followers_count": post.followers,
        "following_count": number % 400,
        "statuses_count": number % 3000,
    }


def _answer(request: Request, post: Post) -> dict[str, Any]:
    reply = post.reply
    if reply is None:
        raise ValueError(f"the post {post.key} has no answer")
    key = str(int(post.key) + 1)
    said = Post(post.kind, reply.text, reply.at, author=reply.author, key=key)
    return status(request, said, None) | {"in_reply_to_id": post.key}


def _error(code: int, message: str) -> Answer:
    return Answer.of("application/json", json.dumps({"error": message}), code)


def _base(request: Request) -> str:
    return f"http://{request.headers.get('host', '127.0.0.1')}"


def _instant(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
