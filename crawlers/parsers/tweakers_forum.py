"""The Tweakers forum ("Gathering of Tweakers"): feeds, and the pages of topics and of its search."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lxml import etree
from lxml.cssselect import CSSSelector

from crawlers.dates import sensible, written
from crawlers.parsers import feed
from crawlers.parsers.addresses import safe
from crawlers.parsers.blocks import unlike
from crawlers.parsers.markup import TooLong, line_of, page_tree, set_apart, words_in
from crawlers.parsers.page import FormatChanged, Page, holding
from crawlers.parsers.values import count, headed
from crawlers.parsers.wordless import FEW, ForumGathering
from storage.records import Kind, Record, Status

NAMESPACE = "tweakers"
_MESSAGES = CSSSelector("div.message[data-message-id]")
_TIME = CSSSelector("[data-timestamp]")
_LINK = CSSSelector(".date a[href*=list_message]")
_AUTHOR = CSSSelector(".username a")
_CONTENT = CSSSelector("div.messagecontent")
_RATING = CSSSelector(".ratingcount")
_NEXT = CSSSelector(".pageDistribution a.next")
_FOUND = CSSSelector("table.forumlisting a[href]")
_LISTING = CSSSelector("table.forumlisting")
_TITLE = CSSSelector("title")
_TOPIC = re.compile(r"/list_messages/([1-9]\d{0,17})(?:[/?#]|$)")
_MESSAGE = re.compile(r"/list_message/([1-9]\d{0,17})|#([1-9]\d{0,17})$")
_MEMBER = re.compile(r"/gallery/(\d{1,18})")
_EDITED = re.compile(
    r"\n*\[\s*(?:Voor \d{1,3}% )?gewijzigd door .{1,100}? op (.{6,30}?)\s*\]\s*\Z", re.IGNORECASE
)


@dataclass(frozen=True)
class Topics(Page):
    """Numbers of topics, from the feed of active ones or a search. None of them is a record."""

    topics: tuple[str, ...] = ()


def messages(body: bytes, url: str, now: datetime, content_type: str = "") -> Page:
    """The newest messages of a topic, from its feed. Raises FormatChanged or Blocked."""
    page = feed.parse(body, url, now, content_type)
    records = [_of_feed(record) for record in page.records]
    said = tuple(one for one in records if one.text or one.kind is not Kind.COMMENT)
    wordless = len(records) - len(said)
    if wordless >= FEW and not said:
        raise FormatChanged("the messages have no words")
    return replace(page, records=said, passed=page.passed + wordless)


def active(body: bytes, url: str, query: str, now: datetime, content_type: str = "") -> Topics:
    """The topics in the feed of active ones that hold every word of `query`."""
    page = holding(feed.parse(body, url, now, content_type), query)
    found = _numbers(record.url or "" for record in page.records)
    return Topics(topics=found, passed=page.entries, notes=page.notes, damage=page.damage)


def search(body: bytes, url: str, content_type: str = "") -> Topics:
    """The topics on a page of search results."""
    root = page_tree(body, content_type)
    if not _LISTING(root):
        raise unlike(body, "no list of results")
    found = _numbers(safe(link.get("href"), url) or "" for link in _FOUND(root))
    return Topics(topics=found, passed=len(found))


def topic(body: bytes, url: str, first: bool, content_type: str = "") -> Page:
    """The messages of a page of a topic; the first one opens the topic when `first`."""
    root = page_tree(body, content_type)
    found = _MESSAGES(root)
    if not found:
        raise unlike(body, "no messages")
    title = next((line_of(node).rsplit(" - ", 2)[0] for node in _TITLE(root)), "")
    onward = next((to for link in _NEXT(root) if (to := safe(link.get("href"), url))), None)
    set_apart(found)
    gathering = ForumGathering()
    for place, node in enumerate(gathering.bounded(found), 1):
        _add(
            gathering,
            f"message {place}",
            node,
            Kind.POST if first and place == 1 else Kind.COMMENT,
            title,
            url,
        )
    return gathering.page_of_topic(first, onward)


def _numbers(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match[1] for address in addresses if (match := _TOPIC.search(address))))


def _add(
    gathering: ForumGathering, where: str, node: etree._Element, kind: Kind, title: str, url: str
) -> None:
    number, content = node.get("data-message-id") or "", next(iter(_CONTENT(node)), None)
    if not re.fullmatch(r"[1-9]\d{0,17}", number):
        gathering.refuse(where, "no number")
        return
    if content is None:
        gathering.refuse(where, "no content", number)
        return
    try:
        words = words_in(content)
    except TooLong as error:
        gathering.refuse(where, str(error), number)
        return
    posted = next((time for one in _TIME(node) if (time := _moment(one.get("data-timestamp")))), None)
    if kind is Kind.COMMENT and not _EDITED.sub("", words):
        gathering.says_nothing(where, number)
        return
    author = next(iter(_AUTHOR(node)), None)
    member = _MEMBER.search(author.get("href") or "") if author is not None else None
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=number,
        kind=kind,
        url=next(filter(None, (safe(link.get("href"), url) for link in _LINK(node))), None)
        or safe(f"/forum/list_message/{number}#{number}", url),
        **_said(title or None, words, posted),
        author_id=node.get("data-owner-id") or (member[1] if member else None),
        author_name=line_of(author) if author is not None else None,
        published_at=posted,
        likes=next((count(line_of(one)) for one in _RATING(node)), None),
    )


def _said(title: str | None, words: str, posted: datetime | None) -> dict[str, object]:
    """Title and text without the line that says of an edit, which says it in the forum's own time."""
    match = _EDITED.search(words)
    if match is None:
        return {**headed(title, words)}
    changed = written(match[1], posted) if posted else None
    return headed(title, words[: match.start()]) | {"status": Status.EDITED, "updated_at": changed}


def _moment(stamp: str | None) -> datetime | None:
    if stamp is None or not re.fullmatch(r"\d{1,11}", stamp):
        return None
    return sensible(datetime.fromtimestamp(int(stamp), UTC))


def _of_feed(record: Record) -> Record:
    match = _MESSAGE.search(record.url or "") or _MESSAGE.search(record.external_id)
    if match is None:
        return record.model_copy(update={"kind": Kind.POST})
    number = match[1] or match[2]
    known = {"namespace": NAMESPACE, "external_id": number, "of_topic": True}
    return record.model_copy(update={**known, "kind": Kind.COMMENT})
