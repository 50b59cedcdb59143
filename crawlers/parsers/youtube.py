"""Comments on YouTube, and what a search for videos finds, as the Data API gives them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawlers.dates import instant
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.markup import TooLong, unescaped
from crawlers.parsers.page import Gathering
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import NotJson, at, count, decoded, json_of, listed, text
from storage.records import Kind, Status

NAMESPACE = "youtube"
VIDEO = re.compile(r"[A-Za-z0-9_-]{6,20}")
COMMENT = re.compile(r"[A-Za-z0-9_.-]{1,200}")


@dataclass(frozen=True)
class Threads(Stretch):
    """`answers` has, by thread, the ids of the replies that it shows; `unread`, by id, the number of replies of each
    that shows only part of them; `videos`, by id, the video under which such a thread stands.
    """

    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[tuple[str, int], ...] = ()
    videos: Mapping[str, str] = field(default_factory=dict)


def parse(body: bytes) -> Threads:
    """The comments of one page of threads, with the replies that it shows; times are of the threads.

    Raises Blocked or FormatChanged.
    """
    found = answer(body)
    gathering = Gathering()
    times: dict[str, datetime] = {}
    unread: list[tuple[str, int]] = []
    answers: dict[str, tuple[str, ...]] = {}
    under: dict[str, str] = {}
    for place, thread in enumerate(gathering.bounded(entries(found, "items")), 1):
        top, total = at(thread, "snippet", "topLevelComment"), count(at(thread, "snippet", "totalReplyCount"))
        replies, video = listed(at(thread, "replies", "comments")), text(at(thread, "snippet", "videoId"))
        # A thread has the id of its first comment.
        key = text(at(top, "id")) or text(at(thread, "id"))
        _add(gathering, f"thread {place}", top, replies=total, video=video, known=key)
        for number, reply in enumerate(gathering.bounded(replies), 1):
            _add(gathering, f"thread {place}, reply {number}", reply, video=video)
        posted = instant(at(top, "snippet", "publishedAt"))
        if key and posted:
            times.setdefault(key, posted)
            answers[key] = tuple(one for reply in replies if (one := text(at(reply, "id"))))
        if key and COMMENT.fullmatch(key) and (total or 0) > len(replies):
            unread.append((key, total or 0))
            under |= {key: video} if video and VIDEO.fullmatch(video) else {}
    page = stretch(gathering.page(text(found.get("nextPageToken"))), times)
    return Threads(**vars(page), answers=answers, unread=tuple(unread), videos=under)


def parse_replies(body: bytes, video: str | None = None) -> Stretch:
    """The replies of one page of a thread, of which not all say under which `video` they stand.

    Raises Blocked or FormatChanged.
    """
    found = answer(body)
    gathering = Gathering()
    for place, reply in enumerate(gathering.bounded(entries(found, "items")), 1):
        _add(gathering, f"reply {place}", reply, video=video)
    return stretch(gathering.page(text(found.get("nextPageToken"))))


def videos(body: bytes) -> tuple[str, ...]:
    """The ids of the videos that a search found. Raises Blocked or FormatChanged."""
    found = (text(at(one, "id", "videoId")) for one in entries(answer(body), "items"))
    return tuple(dict.fromkeys(key for key in found if key and VIDEO.fullmatch(key)))


def refusal(body: bytes) -> str | None:
    """The interface's own word for why it refuses, such as `quotaExceeded`; None when it gives none."""
    try:
        errors = listed(at(json_of(decoded(body)), "error", "errors"))
    except NotJson:
        return None
    return text(at(errors[0], "reason")) if errors else None


def _add(
    gathering: Gathering,
    where: str,
    comment: object,
    replies: int | None = None,
    video: str | None = None,
    known: str | None = None,
) -> None:
    """`known` is the id that a comment has which says none itself."""
    key, said = text(at(comment, "id")), at(comment, "snippet")
    original, shown = at(said, "textOriginal"), at(said, "textDisplay")
    if key is None or not COMMENT.fullmatch(key) or not isinstance(original or shown, str):
        gathering.refuse(where, "neither an id nor a text of a comment", key or known)
        return
    try:
        words = original if isinstance(original, str) and original else unescaped(str(shown))
    except TooLong as error:
        gathering.refuse(where, str(error), key)
        return
    published, updated = instant(at(said, "publishedAt")), instant(at(said, "updatedAt"))
    edited = updated if published and updated and updated > published else None
    video = text(at(said, "videoId")) or video
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=key,
        kind=Kind.COMMENT,
        url=f"https://www.youtube.com/watch?v={video}&lc={key}" if video and VIDEO.fullmatch(video) else None,
        text=words,
        author_id=text(at(said, "authorChannelId", "value")),
        author_name=text(at(said, "authorDisplayName")),
        published_at=published,
        updated_at=edited,
        likes=count(at(said, "likeCount")),
        replies=replies,
        status=Status.EDITED if edited else Status.VISIBLE,
    )
