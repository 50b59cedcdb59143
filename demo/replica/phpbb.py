"""A phpBB 3.3 forum in the "prosilver" style: a list of topics, topics of ten posts a page, and its feed.

Posts of one `place` stand in one topic. Every link has a `sid`, topics can be asked for by both forms of address, an
announcement is pinned on top, and the first page of a topic has a poll.
"""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/viewforum.php", "/viewtopic.php", "/app.php/feed", "/feed", "/internet-")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FORUM = 69
PER_PAGE = 10
LISTED = 25
IN_FEED = 15
SID = "sid=0123456789abcdef0123456789abcdef"
REWRITTEN = re.compile(r"/internet-[\w-]*-([ft])(\d+)(?:/|\.html)")
DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")
MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")

Threads = Mapping[int, list[Post]]


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """Whatever the forum says to this address."""
    threads = _threads(posts)
    if request.path in ("/app.php/feed", "/feed"):
        return _feed(request, posts, threads, fault) if request.path.startswith("/app") else NOT_FOUND
    match = REWRITTEN.fullmatch(request.path)
    what, number = (match[1], match[2]) if match else ("", "")
    start = int(request.first("start", "0"))
    if what == "f" or request.path == "/viewforum.php":
        return _list(threads, start, fault) if (number or request.first("f")) == str(FORUM) else NOT_FOUND
    if post := request.first("p"):
        thread = next(
            (place for place, ones in threads.items() if any(one.key == post for one in ones)), None
        )
        number = str(thread or 0)
    topic = int(number or request.first("t", "0"))
    if topic not in threads:
        return NOT_FOUND
    return _page("viewtopic", _topic(request, topic, threads[topic], start, fault), fault)


def topic_id(place: str) -> int:
    """The number of the topic of a place."""
    return 1_000 + int(digest("topic", place)[:6], 16)


def _threads(posts: Board) -> dict[int, list[Post]]:
    """The posts of every topic, oldest first; topics with the newest post first."""
    found: dict[int, list[Post]] = {}
    for post in posts.seen(Kind.PHPBB):
        found.setdefault(topic_id(post.place), []).insert(0, post)
    return found


def _list(threads: Threads, start: int, fault: Fault | None) -> Answer:
    shown = [] if fault is Fault.EMPTY else list(threads.items())[start : start + LISTED]
    rows = "".join(_row(topic, posts, "row bg1", fault) for topic, posts in shown)
    if not shown:
        body = '<div class="panel"><div class="inner"><strong>Er zijn geen onderwerpen.</strong></div></div>'
        return _page("viewforum", body, fault)
    oldest = min(threads, key=lambda topic: threads[topic][-1].published_at)
    pinned = _row(oldest, threads[oldest], "row bg2 announce", fault)
    address = f"./viewforum.php?f={FORUM}&amp;{SID}"
    body = (
        f'<ul class="topiclist topics">{pinned}{rows}</ul>{_pagination(address, start, len(threads), LISTED)}'
    )
    return _page("viewforum", body, fault)


def _row(topic: int, posts: list[Post], classes: str, fault: Fault | None) -> str:
    first, last = posts[0], posts[-1]
    link = f"./viewtopic.php?t={topic}&amp;{SID}"
    return (
        f'<li class="{classes}"><dl class="row-item topic_read"><dt><div class="list-inner">'
        f'<a href="{link}" class="topictitle">{html.escape(_title(posts))}</a><br>door {_user(first.author)}'
        f'</div></dt><dd class="posts">{len(posts) - 1} <dfn>Reacties</dfn></dd><dd class="views">81 '
        f'<dfn>Bekeken</dfn></dd><dd class="lastpost"><span><dfn>Laatste bericht </dfn>door {_user(last.author)} '
        f'<a href="./viewtopic.php?p={last.key}&amp;{SID}#p{last.key}" title="Ga naar laatste bericht">'
        f'<i class="icon"></i></a><br>» {_time(last.published_at, fault)}</span></dd></dl></li>'
    )


def _topic(request: Request, topic: int, posts: list[Post], start: int, fault: Fault | None) -> str:
    last = (len(posts) - 1) // PER_PAGE * PER_PAGE
    start = min(start // PER_PAGE * PER_PAGE, last)
    shown = posts[start : start + PER_PAGE]
    poll = (
        '<form class="topic_poll"><div class="panel"><div class="content"><h2>Ook last van een storing?</h2>'
        "<fieldset class=polls>Ja, elke dag</fieldset></div></div></form>"
        if start == 0
        else ""
    )
    own = request.path if REWRITTEN.fullmatch(request.path) else f"./viewtopic.php?t={topic}"
    address = f"{own}{'&amp;' if '?' in own else '?'}{SID}"
    title = html.escape(_title(posts))
    return (
        f'<h2 class="topic-title"><a href="{address}">{title}</a></h2>{poll}'
        f"{''.join(_post(post, title, fault) for post in shown)}{_pagination(address, start, len(posts), PER_PAGE)}"
    )


def _post(post: Post, title: str, fault: Fault | None) -> str:
    key = post.key
    link = f"./viewtopic.php?p={key}&amp;{SID}#p{key}"
    notice = (
        f'<div class="notice">Laatst gewijzigd door {_user(post.author)} op {_words(post.edited_at)}, 1 keer totaal '
        "gewijzigd.</div>"
        if post.edited_at
        else ""
    )
    return (
        f'<div id="p{key}" class="post has-profile bg2"><div class="inner"><dl class="postprofile" id="profile{key}">'
        f'<dt class="no-profile-rank no-avatar">{_user(post.author)}</dt></dl><div class="postbody">'
        f'<div id="post_content{key}"><h3 class="first"><a href="{link}">Re: {title}</a></h3>'
        f'<p class="author"><span class="responsive-hide">door <strong>{_user(post.author)}</strong> &raquo; </span>'
        f'{_time(post.published_at, fault)}</p><div class="content"><blockquote><div><cite>anna schreef:</cite>'
        f"Hier werkt alles</div></blockquote>{html.escape(post.text, quote=False)}</div>{notice}</div>"
        f'<div id="sig{key}" class="signature">Groeten uit Zwolle</div></div></div></div>'
    )


def _user(author: str) -> str:
    number = int(digest("user", author)[:5], 16)
    return (
        f'<a href="./memberlist.php?mode=viewprofile&amp;u={number}&amp;{SID}" class="username">'
        f"{html.escape(author)}</a>"
    )


def _time(instant: datetime, fault: Fault | None) -> str:
    if fault is Fault.NO_DATES:
        return ""
    stamp = instant.astimezone(UTC).isoformat(timespec="seconds")
    return f'<time datetime="{stamp}">{_words(instant)}</time>'


def _words(instant: datetime | None) -> str:
    if instant is None:
        return ""
    local = instant.astimezone(AMSTERDAM)
    day, month = DAYS[local.weekday()], MONTHS[local.month - 1]
    return f"{day} {local.day} {month} {local.year}, {local:%H:%M}"


def _pagination(address: str, start: int, total: int, size: int) -> str:
    arrows = ""
    if start:
        arrows += f'<li class="arrow previous"><a href="{address}&amp;start={start - size}" rel="prev">Vorige</a></li>'
    if start + size < total:
        arrows += f'<li class="arrow next"><a href="{address}&amp;start={start + size}" rel="next">Volgende</a></li>'
    jump = f'<input type="number" name="page-number" data-per-page="{size}" data-start-name="start">'
    return f'<div class="pagination">{total} berichten <ul>{jump}{arrows}</ul></div>'


def _title(posts: list[Post]) -> str:
    return posts[0].title or "Zonder onderwerp"


def _feed(request: Request, posts: Board, threads: Threads, fault: Fault | None) -> Answer:
    base = f"http://{request.headers.get('host', '127.0.0.1')}"
    shown = [] if fault is Fault.EMPTY else posts.seen(Kind.PHPBB)[:IN_FEED]
    entries = "".join(_entry(base, post, _title(threads[topic_id(post.place)])) for post in shown)
    form = f'"{digest(entries)[:20]}"'
    if request.headers.get("if-none-match") == form and fault is None:
        return Answer(304, b"", {"ETag": form})
    return Answer.of(
        "application/atom+xml",
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="nl">'
        f'<link rel="self" type="application/atom+xml" href="{base}{request.path}"/><title>Forum</title>'
        f"<id>{base}{request.path}</id>{entries}</feed>",
        200,
        ETag=form,
    )


def _entry(base: str, post: Post, title: str) -> str:
    link = escape(f"{base}/viewtopic.php?p={post.key}#p{post.key}")
    stamp = post.published_at.astimezone(UTC).isoformat(timespec="seconds")
    text = html.escape(post.text, quote=False)
    said = (
        f"<p>Statistieken: Geplaatst door {html.escape(post.author)} — {_words(post.published_at)}</p><hr />"
    )
    return (
        f"<entry><author><name><![CDATA[{post.author}]]></name></author><updated>{stamp}</updated>"
        f'<published>{stamp}</published><id>{link}</id><link href="{link}"/>'
        f'<title type="html"><![CDATA[Internet en bellen • Re: {html.escape(title)}]]></title>'
        f'<content type="html" xml:base="{link}"><![CDATA[{text}{said}]]></content></entry>'
    )


def _page(section: str, body: str, fault: Fault | None) -> Answer:
    if fault is Fault.CHANGED:
        body = body.replace('class="post ', 'class="bericht ').replace("topiclist", "onderwerpen")
    return Answer.of(
        "text/html",
        '<!DOCTYPE html><html dir="ltr" lang="nl"><head><meta charset="utf-8"><title>Forum - Bekijk</title></head>'
        f'<body id="phpbb" class="nojs notouch section-{section} ltr"><div id="page-body">{body}</div></body></html>',
    )


NOT_FOUND = Answer.of(
    "text/html",
    '<!DOCTYPE html><html lang="nl"><head><title>Informatie</title></head><body id="phpbb"><div class="panel" '
    'id="message"><p>Het opgevraagde onderwerp bestaat niet.</p></div></body></html>',
    404,
)
