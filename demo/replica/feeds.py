"""News feeds: RSS 2, Atom and the Atom dialect of an alert service; with conditional GET."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Post, digest

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MOST_ITEMS = 20
# Characters that XML 1.0 does not allow; a proper publisher leaves them out.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed(request: Request, name: str, form: str, posts: list[Post], fault: Fault | None) -> Answer:
    """The newest items in `form` (rss, atom or alerts), or 304 when the reader has them."""
    shown = [] if fault is Fault.EMPTY else posts[:MOST_ITEMS]
    body = FORMS[form](request, name, shown, fault)
    if fault is Fault.CHANGED:
        body = body.replace("<item>", "<artikel>").replace("</item>", "</artikel>")
        body = body.replace("<entry>", "<artikel>").replace("</entry>", "</artikel>")
    changed = max((post.changed_at for post in shown), default=datetime(2026, 1, 1, tzinfo=UTC))
    tags = {"ETag": f'"{digest(body)[:20]}"', "Last_Modified": _http_date(changed)}
    if fault is Fault.NOT_MODIFIED or _is_known(request, tags["ETag"], changed):
        return Answer(304, b"", {name.replace("_", "-"): value for name, value in tags.items()})
    kind = "application/rss+xml" if form == "rss" else "application/atom+xml"
    return Answer.of(kind, body, 200, **tags)


def article_address(request: Request, post: Post) -> str:
    """Where the article itself stands on this server."""
    return f"http://{request.headers.get('host', '127.0.0.1')}/nieuws/{post.key}"


def _is_known(request: Request, etag: str, changed: datetime) -> bool:
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return etag in [part.strip().removeprefix("W/") for part in asked.split(",")]
    since = request.headers.get("if-modified-since")
    return since is not None and parsedate_to_datetime(since) >= changed.replace(microsecond=0)


def _rss(request: Request, name: str, posts: list[Post], fault: Fault | None) -> str:
    items = "".join(_rss_item(request, post, fault) for post in posts)
    address = f"http://{request.headers.get('host', '127.0.0.1')}{request.target}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{_text(name.capitalize())} - nieuws</title><link>{_text(address)}</link>"
        "<description>Nieuws en blogs</description><language>nl-nl</language><ttl>60</ttl>"
        f'<atom:link href={quoteattr(address)} rel="self" type="application/rss+xml"/>'
        f"{items}</channel></rss>"
    )


def _rss_item(request: Request, post: Post, fault: Fault | None) -> str:
    link = article_address(request, post)
    date = "" if fault is Fault.NO_DATES else f"<pubDate>{_rfc822(post.published_at)}</pubDate>"
    return (
        f"<item><title>{_text(post.title)}</title><link>{_text(link)}</link>"
        f"<description>{_text(_text(post.text))}</description>{date}"
        f'<guid isPermaLink="false">{_text(post.key)}</guid>'
        f"<dc:creator>{_text(post.author)}</dc:creator><category>Economie</category></item>"
    )


def _atom(request: Request, name: str, posts: list[Post], fault: Fault | None) -> str:
    entries = "".join(_atom_entry(request, post, fault) for post in posts)
    return _atom_frame(request, f"{name.capitalize()} - nieuws", entries)


def _atom_entry(request: Request, post: Post, fault: Fault | None) -> str:
    dates = "" if fault is Fault.NO_DATES else _atom_dates(post)
    return (
        f"<entry><id>tag:nieuws.example,2026:{_text(post.key)}</id><title>{_text(post.title)}</title>"
        f"<link href={quoteattr(article_address(request, post))}/>{dates}"
        f'<summary type="html">{_text(f"<p>{_text(post.text)}</p>")}</summary>'
        f"<author><name>{_text(post.author)}</name></author></entry>"
    )


def _alerts(request: Request, name: str, posts: list[Post], fault: Fault | None) -> str:
    entries = "".join(_alerts_entry(request, post, fault) for post in posts)
    return _atom_frame(request, f"Google-melding - {name.capitalize()}", entries)


def _alerts_entry(request: Request, post: Post, fault: Fault | None) -> str:
    dates = "" if fault is Fault.NO_DATES else _atom_dates(post)
    real = quote(article_address(request, post), safe=":/")
    wrapped = f"https://www.google.com/url?rct=j&sa=t&url={real}&ct=ga&cd=CAIyHA&usg=AOvVaw0"
    return (
        f"<entry><id>tag:google.com,2013:googlealerts/feed:{int(digest(post.key)[:15], 16)}</id>"
        f'<title type="html">{_text(_bold(post.title))}</title><link href={quoteattr(wrapped)}/>{dates}'
        f'<content type="html">{_text(_bold(post.text))}&amp;nbsp;...</content>'
        "<author><name/></author></entry>"
    )


def _atom_frame(request: Request, title: str, entries: str) -> str:
    address = f"http://{request.headers.get('host', '127.0.0.1')}{request.target}"
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{_text(address)}</id><title>{_text(title)}</title>"
        f'<link href={quoteattr(address)} rel="self"/>{entries}</feed>'
    )


def _atom_dates(post: Post) -> str:
    return f"<published>{_iso(post.published_at)}</published><updated>{_iso(post.changed_at)}</updated>"


def _bold(text: str) -> str:
    return re.sub(r"(?i)\b(snelveld|belpunt)\b", r"<b>\1</b>", _text(text))


def _text(text: str) -> str:
    return escape(ILLEGAL.sub("", text))


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rfc822(instant: datetime) -> str:
    # Dutch publishers give local time with its offset.
    return format_datetime(instant.astimezone(AMSTERDAM))


def _http_date(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC), usegmt=True)


FORMS: dict[str, Callable[[Request, str, list[Post], Fault | None], str]] = {
    "rss": _rss,
    "atom": _atom,
    "alerts": _alerts,
}
