"""Pages of a phpBB forum in its "prosilver" style: lists of topics, topics, and the feed."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from lxml import etree
from lxml.cssselect import CSSSelector

from crawlers.causes import Cause
from crawlers.dates import instant, written
from crawlers.parsers import feed
from crawlers.parsers.addresses import safe
from crawlers.parsers.blocks import SAID, unlike, wall
from crawlers.parsers.markup import TooLong, line_of, page_tree, set_apart, words_in
from crawlers.parsers.page import Blocked, FormatChanged, Page, ParseError
from crawlers.parsers.values import count, headed
from crawlers.parsers.wordless import ForumGathering
from storage.records import Kind, Record, Status

_BASE = CSSSelector("base[href]")
_ROWS = CSSSelector("ul.topiclist.topics li.row")
_NO_TOPICS = CSSSelector("div.panel > div.inner > strong")
_SIGN_IN = CSSSelector("div.panel input[type=password]")
_TITLE = CSSSelector("a.topictitle")
_LAST = CSSSelector("dd.lastpost")
_REPLIES = CSSSelector("dd.posts")
_TIME = CSSSelector("time[datetime]")
_BREAK = CSSSelector("br")
_POSTS = CSSSelector("div.post[id^=p]")
_AUTHOR_LINE = CSSSelector("p.author")
_AUTHOR = CSSSelector("p.author strong a, p.author strong span")
_BODY = CSSSelector("div.postbody")
_HEADING = CSSSelector("h3 a")
_CONTENT = CSSSelector("div.content")
_NOTICE = CSSSelector("div.notice")
_DELETED_MESSAGE = CSSSelector(".post_deleted_msg")
_TOPIC_TITLE = CSSSelector("h2.topic-title, h2.topic-title a")
_NEXT = CSSSelector("li.next a[rel=next], fieldset.display-options a.right-box")
"""The second is of boards before 3.1."""
_UNSORTED = frozenset({"announce", "global-announce", "sticky"})
_REPEATED = re.compile(r"^(?:Re|Antw):\s*", re.IGNORECASE)
_EDITED = re.compile(r"\b(?:op|on)\s+(.{6,60}?),\s*(?:edited\s+)?\d+\s+(?:keer|time)", re.IGNORECASE)
_WRITTEN = re.compile(r"»\s*(.{6,60}?)\s*$", re.DOTALL)
_STATISTICS = re.compile(r"\n*^(?:Statistieken|Statistics)\s*:[^\n]*\s*\Z", re.MULTILINE)
_USER = re.compile(r"[?&]u=(\d{1,18})|-u(\d{1,18})(?:[/.]|$)")
_POST = re.compile(r"[?&#]p=?(\d{1,18})")


@dataclass(frozen=True)
class Row:
    """A topic in a list. `mark` changes when somebody writes in it; `sorted` is False for what is pinned on top."""

    topic: str
    address: str
    mark: str
    last: datetime | None
    replies: int | None
    sorted: bool


@dataclass(frozen=True)
class Topics(Page):
    """A page of a list of topics; none of them is a record."""

    rows: tuple[Row, ...] = ()


def namespace(site: str) -> str:
    """The space of a forum's post ids."""
    parts = urlsplit(site)
    return f"phpbb:{parts.netloc.lower()}{parts.path.rstrip('/')}"


def topics(body: bytes, address: str, now: datetime, content_type: str = "") -> Topics:
    """The topics of a page of a forum at `address`. Raises FormatChanged or Blocked."""
    root = page_tree(body, content_type)
    address = _base(root, address)
    said_none, onward, nodes = bool(_NO_TOPICS(root)), _next(root, address), _ROWS(root)
    set_apart(nodes)
    rows = tuple(row for node in nodes if (row := _row(node, address, now)))
    if not rows and (_SIGN_IN(root) or not said_none):
        raise _unlike(body, root, "no topics, and no word that there are none")
    return Topics(rows=rows, passed=len(rows), next=onward)


def thread(
    body: bytes, address: str, site: str, now: datetime, opening: bool, content_type: str = ""
) -> Page:
    """The posts of a page of a topic at `address`; the first one opens the topic when `opening`."""
    root = page_tree(body, content_type)
    address = _base(root, address)
    posts = _POSTS(root)
    if not posts:
        raise _unlike(body, root, "no posts")
    title = next((line_of(node) for node in _TOPIC_TITLE(root) if line_of(node)), "")
    onward = _next(root, address)
    set_apart(posts)
    gathering = ForumGathering()
    for place, post in enumerate(gathering.bounded(posts), 1):
        kind = Kind.POST if opening and place == 1 else Kind.COMMENT
        _add(gathering, f"post {place}", post, kind, title, address, site, now)
    return gathering.page_of_topic(opening, onward)


def asks_in(body: bytes, content_type: str = "") -> bool:
    """Whether the forum asks visitors to sign in, in the place of a topic. Topics may be about signing in, too."""
    titled = wall(body) is Cause.SIGN_IN
    if not titled and b"password" not in body:
        return False
    try:
        root = page_tree(body, content_type)
    except FormatChanged:
        return False
    return not _POSTS(root) and (titled or bool(_SIGN_IN(root)))


def newest(body: bytes, site: str, now: datetime, content_type: str = "") -> Page:
    """The newest posts of the whole forum, from its feed."""
    page = feed.parse(body, f"{site}/feed", now, content_type)
    records = tuple(found for record in page.records if (found := _of_feed(record, site)))
    return replace(page, records=records, passed=page.passed + len(page.records) - len(records))


def numbers(address: str, parameter: str) -> str | None:
    """The number of a forum (`f`), topic (`t`) or post (`p`) in either form of address, never the slug."""
    match = re.search(rf"[?&#]{parameter}=([1-9]\d{{0,17}})", address) or re.search(
        rf"-{parameter}([1-9]\d{{0,17}})(?:[/?#]|\.html|$)", address
    )
    return match[1] if match else None


def without_session(address: str) -> str:
    """`address` without `sid`, which makes each page look new."""
    parts = urlsplit(address)
    kept = [part for part in parts.query.split("&") if not part.startswith("sid=")]
    return urlunsplit(parts._replace(query="&".join(part for part in kept if part)))


def _unlike(body: bytes, root: etree._Element, what: str) -> ParseError:
    """Why a page is not what was asked for. A form to sign in may stand under any title: "Login", or the forum's."""
    return Blocked(Cause.SIGN_IN, SAID[Cause.SIGN_IN]) if _SIGN_IN(root) else unlike(body, what)


def _base(root: etree._Element, address: str) -> str:
    """What the links count from: boards with rewritten addresses say that it is their root."""
    return next((found for node in _BASE(root) if (found := safe(node.get("href"), address))), address)


def _row(node: etree._Element, address: str, now: datetime) -> Row | None:
    link = next(iter(_TITLE(node)), None)
    href = _link(link, address)
    topic = numbers(href, "t") if href else None
    if href is None or topic is None:
        return None
    last = next(iter(_LAST(node)), None)
    time = None if last is None else _time(last, now)
    replies = next((re.match(r"\d+", line_of(one)) for one in _REPLIES(node)), None)
    said = time.isoformat() if time else line_of(last) if last is not None else ""
    return Row(
        topic=topic,
        address=href,
        mark=f"{said[:100]} {replies[0] if replies else ''}".strip(),
        last=time,
        replies=count(replies[0]) if replies else None,
        sorted=_UNSORTED.isdisjoint((node.get("class") or "").split()),
    )


def _add(
    gathering: ForumGathering,
    where: str,
    post: etree._Element,
    kind: Kind,
    title: str,
    address: str,
    site: str,
    now: datetime,
) -> None:
    number = (post.get("id") or "")[1:]
    if not re.fullmatch(r"[1-9]\d{0,17}", number):
        gathering.refuse(where, "no number")
        return
    same = {"namespace": namespace(site), "external_id": number}
    if "deleted" in (post.get("class") or "").split() or _DELETED_MESSAGE(post):
        gathering.add(where, **same, text="-", status=Status.REMOVED, published_at=_posted(post, now))
        return
    # One selector for both would look at all pairs of nested nodes at once.
    body = next((body for body in _BODY(post) if _CONTENT(body)), None)
    if body is None:
        gathering.refuse(where, "no content", number)
        return
    try:
        words = words_in(_CONTENT(body)[0])
    except TooLong as error:
        gathering.refuse(where, str(error), number)
        return
    if kind is Kind.COMMENT and not words:
        gathering.says_nothing(where, number)
        return
    heading = next(iter(_HEADING(body)), None)
    name, key = _author(post)
    edited, changed = _edited(body, now)
    gathering.add(
        where,
        **same,
        kind=kind,
        url=_link(heading, address) or safe(f"{site}/viewtopic.php?p={number}#p{number}"),
        **headed(
            _REPEATED.sub("", line_of(heading) if heading is not None else title) or title or None, words
        ),
        author_id=key,
        author_name=name,
        published_at=_posted(post, now),
        updated_at=changed,
        status=Status.EDITED if edited else Status.VISIBLE,
    )


def _author(post: etree._Element) -> tuple[str | None, str | None]:
    """The author's name and number; a guest has no number."""
    node = next(iter(_AUTHOR(post)), None)
    if node is None:
        return None, None
    name = line_of(node) or None
    match = _USER.search(node.get("href") or "")
    return name, (match[1] or match[2]) if match else name


def _posted(post: etree._Element, now: datetime) -> datetime | None:
    return next((time for line in _AUTHOR_LINE(post) if (time := _time(line, now))), None)


def _time(node: etree._Element, now: datetime) -> datetime | None:
    """The machine's time; on boards before 3.2, the written one, which is taken for Dutch time."""
    for time in _TIME(node):
        if found := instant(time.get("datetime")):
            return found
    if match := _WRITTEN.search(line_of(node)):
        return written(match[1], now)
    # In the lists of those boards it is the last line, without the mark that stands before it in a topic.
    lines = [one.tail for one in _BREAK(node) if one.tail and one.tail.strip()]
    return written(lines[-1].strip(), now) if lines else None


def _edited(body: etree._Element, now: datetime) -> tuple[bool, datetime | None]:
    for notice in _NOTICE(body):
        if match := _EDITED.search(line_of(notice)):
            return True, written(match[1], now)
    return False, None


def _next(root: etree._Element, address: str) -> str | None:
    return next((found for link in _NEXT(root) if (found := _link(link, address))), None)


def _link(node: etree._Element | None, address: str) -> str | None:
    """Where a link leads, without its session."""
    href = None if node is None else node.get("href")
    found = safe(href, address) if href else None
    return without_session(found) if found else None


def _of_feed(record: Record, site: str) -> Record | None:
    """An entry as the post that it is; None for one that says nothing, such as an answer without words of its own."""
    match = _POST.search(record.url or "") or _POST.search(record.external_id)
    title = (record.title or "").partition(" • ")[2] or record.title or ""
    kind = Kind.COMMENT if _REPEATED.match(title) else Kind.POST
    words = _STATISTICS.sub("", record.text).strip()
    title = _REPEATED.sub("", title).strip()
    if not words and (kind is Kind.COMMENT or not title):
        return None
    changes: dict[str, object] = {
        "namespace": namespace(site) if match else record.namespace,
        "external_id": match[1] if match else record.external_id,
        "url": without_session(record.url) if record.url else None,
        "title": title or None,
        "text": words,
        "kind": kind,
        "of_topic": match is not None,
    }
    return record.model_copy(update=changes)
