"""Posts on X, as the recent search of its API gives them."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from crawlers.dates import instant
from crawlers.parsers.answers import answer
from crawlers.parsers.page import FormatChanged, Gathering
from crawlers.parsers.stretch import Stretch, span, stretch
from crawlers.parsers.values import at, count, identifier, language, listed, text
from storage.records import Kind, Status

NAMESPACE = "x"
_ID = re.compile(r"[0-9]{1,25}")
_NAME = re.compile(r"[A-Za-z0-9_]{1,50}")
_NO_TONGUE = frozenset({"und", "art", "qam", "qct", "qht", "qme", "qst", "zxx"})
"""What X writes for a text of only links, emoji, hashtags and the like."""


@dataclass(frozen=True)
class Found(Stretch):
    """`lowest` is the lowest id of the page."""

    lowest: str | None = None


def parse(body: bytes) -> Found:
    """The posts of one page. `mark` is the newest id, from where the next search goes on.

    Without hits there is no list at all. Reposts are left out, but count for how far the page goes. An edit has an id
    of its own; a post is known here by the first one. Raises Blocked or FormatChanged.
    """
    found = answer(body)
    total = count(at(found, "meta", "result_count"))
    posts = found.get("data")
    if posts is None and total == 0:
        posts = []
    if not isinstance(posts, list):
        raise FormatChanged("the answer has neither posts nor a count of zero")
    gathering = Gathering()
    users = {identifier(at(one, "id")): one for one in listed(at(found, "includes", "users"))}
    for place, post in enumerate(posts := gathering.bounded(posts), 1):
        if _referred(post, "retweeted"):
            gathering.passed += 1
        else:
            _add(gathering, f"post {place}", post, users)
    newest, lowest = _id(at(found, "meta", "newest_id")), _id(at(found, "meta", "oldest_id"))
    page = stretch(gathering.page(text(at(found, "meta", "next_token"))), mark=newest)
    times = [made for post in posts if (made := instant(at(post, "created_at")))]
    return Found(**vars(page) | {"span": span(times)}, lowest=lowest)


def _id(value: object) -> str | None:
    found = identifier(value)
    return found if found and _ID.fullmatch(found) else None


def _referred(post: object, how: str) -> bool:
    return any(at(one, "type") == how for one in listed(at(post, "referenced_tweets"))[:20])


def _add(gathering: Gathering, where: str, post: object, users: Mapping[str | None, object]) -> None:
    here, words = _id(at(post, "id")), text(at(post, "note_tweet", "text")) or at(post, "text")
    if here is None or not isinstance(words, str):
        gathering.refuse(where, "neither an id nor a text", here)
        return
    history = [one for value in listed(at(post, "edit_history_tweet_ids")) if (one := _id(value))]
    writer, figures = users.get(identifier(at(post, "author_id"))), at(post, "public_metrics")
    name = text(at(writer, "username"))
    tongue = language(at(post, "lang"))
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=history[0] if history else here,
        kind=Kind.COMMENT if _referred(post, "replied_to") else Kind.POST,
        url=f"https://x.com/{name if name and _NAME.fullmatch(name) else 'i'}/status/{here}",
        text=html.unescape(words),
        language=None if tongue in _NO_TONGUE else tongue,
        author_id=identifier(at(post, "author_id")),
        author_name=text(at(writer, "name")) or name,
        published_at=instant(at(post, "created_at")),
        likes=count(at(figures, "like_count")),
        shares=count(at(figures, "retweet_count")),
        replies=count(at(figures, "reply_count")),
        views=count(at(figures, "impression_count")),
        followers=count(at(writer, "public_metrics", "followers_count")),
        status=Status.EDITED if len(history) > 1 else Status.VISIBLE,
    )
