"""Posts of a Discourse forum: its newest ones, those of a topic, and what its search finds."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from crawlers.causes import Cause
from crawlers.dates import instant
from crawlers.parsers.addresses import safe
from crawlers.parsers.answers import json_answer
from crawlers.parsers.blocks import SAID
from crawlers.parsers.markup import TooLong, plain
from crawlers.parsers.page import Blocked, FormatChanged, Gathering, Page
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.values import (
    at,
    count,
    headed,
    identifier,
    listed,
    number,
    text,
)
from crawlers.parsers.wordless import ForumGathering
from storage.records import Kind, Reply, Status

ACTION, WHISPER = 3, 4
"""Kinds of posts that nobody wrote for the public."""
MOST_STREAM = 20_000

Node = dict[str, object]
Answers = Mapping[tuple[int, int], Reply]
"""Replies of the company by topic and the number of the post that they answer."""


@dataclass(frozen=True)
class Posts(Stretch):
    """Posts with what else their page says.

    `answers` holds the company's replies to posts that are not on the page, `answering` all of its posts as pairs
    of topic and post. `title` is that of a topic, and `stream` has the ids of all its posts, oldest first; `places` is
    topic and post of what a search found, and `titles` has the titles of its topics.
    """

    answers: Answers = field(default_factory=dict)
    answering: tuple[tuple[int, int], ...] = ()
    title: str | None = None
    stream: tuple[int, ...] = ()
    places: tuple[tuple[int, int], ...] = ()
    titles: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Topics(Page):
    """A list of topics; `newest` is the one in which somebody wrote last."""

    newest: int | None = None


def namespace(site: str) -> str:
    """The space of a forum's post ids."""
    parts = urlsplit(site)
    return f"discourse:{parts.netloc.lower()}{parts.path.rstrip('/')}"


def latest(body: bytes, site: str, groups: Collection[str] = ()) -> Posts:
    """The newest posts of a whole forum; `next` is the lowest id, to go on from.

    Posts of staff, or of a member of one of `groups`, are the company's replies. Raises Blocked or FormatChanged.
    """
    posts = at(_json(body), "latest_posts")
    if not isinstance(posts, list):
        raise FormatChanged("no list under latest_posts")
    found = _posts(posts, site, groups, None, {})
    ids = [one for post in posts if (one := _number(at(post, "id"))) is not None]
    return Posts(**vars(found) | {"next": str(min(ids)) if ids else None})


def topic(
    body: bytes,
    site: str,
    groups: Collection[str] = (),
    answers: Answers | None = None,
    title: str | None = None,
) -> Posts:
    """Posts of one topic, with `answers` of the company that were found on other pages of it.

    `title` is for pages that do not say their own.
    """
    data = _json(body)
    posts = at(data, "post_stream", "posts")
    if not isinstance(posts, list):
        raise FormatChanged("no list under post_stream.posts")
    title = text(at(data, "title")) or title
    found = _posts(posts, site, groups, title, answers or {})
    return Posts(**vars(found) | {"title": title, "stream": _stream(data)})


def stream(body: bytes) -> Posts:
    """Where the posts of a topic stand, without the posts."""
    data = _json(body)
    posts = at(data, "post_stream", "posts")
    if not isinstance(posts, list):
        raise FormatChanged("no list under post_stream.posts")
    return Posts(passed=len(posts), stream=_stream(data))


def topics(body: bytes) -> Topics:
    """The topics of a page of a list, none of which is a record."""
    found = at(_json(body), "topic_list", "topics")
    if not isinstance(found, list):
        raise FormatChanged("no list under topic_list.topics")
    times = {
        topic: time
        for one in found
        if (topic := _number(at(one, "id"))) and (time := instant(at(one, "last_posted_at")))
    }
    # What is pinned stands on top.
    return Topics(passed=len(found), newest=max(times, key=lambda topic: times[topic], default=None))


def search(body: bytes) -> Posts:
    """Where a page of search results leads. Results show only a part of each text, so none is a record.

    `next` is there when more pages follow.
    """
    data = _json(body)
    result = at(data, "grouped_search_result")
    if not isinstance(data, dict) or not (isinstance(result, dict) or "posts" in data):
        raise FormatChanged("no search result")
    hits = [hit for hit in listed(data.get("posts")) if isinstance(hit, dict)]
    places = [
        (topic, post)
        for hit in hits
        if (topic := _number(hit.get("topic_id"))) and (post := _number(hit.get("id")))
    ]
    times = tuple(
        (str(post), time)
        for hit in hits
        if (post := _number(hit.get("id"))) and (time := instant(hit.get("created_at")))
    )
    titles = {
        topic: title
        for one in listed(data.get("topics"))
        if (topic := _number(at(one, "id"))) and (title := text(at(one, "title")))
    }
    more = "more" if at(result, "more_full_page_results") else None
    return Posts(passed=len(hits), shown=times, places=tuple(places), titles=titles, next=more)


def is_taken_away(body: bytes) -> bool:
    """Whether a post that was asked for by itself says that the public does not see it."""
    try:
        return _is_hidden(_json(body))
    except (Blocked, FormatChanged):
        return False


def is_withheld(body: bytes) -> bool:
    """Whether a refusal says that the public may not see what was asked for: it stands in a closed category."""
    try:
        return at(json_answer(body), "error_type") == "invalid_access"
    except (Blocked, FormatChanged):
        return False


def _stream(data: object) -> tuple[int, ...]:
    ids = map(_number, listed(at(data, "post_stream", "stream"))[:MOST_STREAM])
    return tuple(one for one in ids if one)


def _json(body: bytes) -> object:
    found = json_answer(body)
    if isinstance(at(found, "errors"), list):
        if at(found, "error_type") == "not_logged_in":
            raise Blocked(Cause.SIGN_IN, SAID[Cause.SIGN_IN])
        raise FormatChanged("the forum answers with an error")
    return found


def _posts(
    posts: list[object], site: str, groups: Collection[str], title: str | None, answers: Answers
) -> Posts:
    gathering = ForumGathering()
    entries = gathering.bounded(posts)
    said = _merged(answers, _answers(entries, groups))
    for place, post in enumerate(entries, 1):
        if isinstance(post, dict) and _is_left_out(post, groups):
            gathering.passed += 1
        else:
            _add(gathering, f"post {place}", post, site, title, said)
    times = [(str(_number(at(post, "id"))), instant(at(post, "created_at"))) for post in entries]
    on_page = {(_number(at(post, "topic_id")), _number(at(post, "post_number"))) for post in entries}
    return Posts(
        **vars(gathering.page()),
        shown=tuple((key, time) for key, time in times if key != "None" and time),
        answers={place: reply for place, reply in said.items() if place not in on_page},
        answering=tuple(_answering(entries, groups)),
    )


def _answers(posts: list[object], groups: Collection[str]) -> dict[tuple[int, int], Reply]:
    found: dict[tuple[int, int], Reply] = {}
    for post in posts:
        if not isinstance(post, dict) or not _speaks(post, groups) or _is_hidden(post):
            continue
        topic, own = _number(post.get("topic_id")), _number(post.get("post_number"))
        asked = _number(post.get("reply_to_post_number")) or 1
        reply = _reply(post)
        if topic and reply and asked != own:
            found = _merged(found, {(topic, asked): reply})
    return found


def _answering(posts: list[object], groups: Collection[str]) -> Iterator[tuple[int, int]]:
    for post in posts:
        if isinstance(post, dict) and _speaks(post, groups):
            topic, one = _number(post.get("topic_id")), _number(post.get("id"))
            if topic and one:
                yield topic, one


def _reply(post: Node) -> Reply | None:
    try:
        return Reply(text=plain(str(post.get("cooked") or "")), at=instant(post.get("created_at")))
    except ValueError:
        return None


def _merged(first: Answers, second: Answers) -> dict[tuple[int, int], Reply]:
    """Of two replies to one post the earlier one counts."""
    both = dict(first)
    for place, reply in second.items():
        known = both.get(place)
        if known is None or _when(reply) < _when(known):
            both[place] = reply
    return both


def _when(reply: Reply) -> float:
    return reply.at.timestamp() if reply.at else float("inf")


def _is_company(post: Node, groups: Collection[str]) -> bool:
    return post.get("staff") is True or text(post.get("primary_group_name")) in groups


def _is_unspoken(post: Node) -> bool:
    """Whether nobody wrote it for the public. An action has words too, such as that the forum closed the topic."""
    return _number(post.get("post_type")) in (ACTION, WHISPER)


def _speaks(post: Node, groups: Collection[str]) -> bool:
    """Whether the company said this to the public."""
    return _is_company(post, groups) and not _is_unspoken(post)


def _is_left_out(post: Node, groups: Collection[str]) -> bool:
    return _is_unspoken(post) or _is_company(post, groups)


def _is_hidden(post: object) -> bool:
    return (
        at(post, "hidden") is True or at(post, "user_deleted") is True or at(post, "deleted_at") is not None
    )


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    found = identifier(value)
    return int(found) if found and found.isascii() and found.isdigit() and len(found) <= 18 else None


def _add(
    gathering: ForumGathering, where: str, post: object, site: str, title: str | None, answers: Answers
) -> None:
    one, topic = _number(at(post, "id")), _number(at(post, "topic_id"))
    cooked, published = at(post, "cooked"), instant(at(post, "created_at"))
    if one is None:
        gathering.refuse(where, "no id")
        return
    if _is_hidden(post):
        # Of what is withdrawn, some answers leave out the text.
        _add_removed(gathering, where, site, one, published)
        return
    if not isinstance(cooked, str):
        gathering.refuse(where, "no text under cooked", str(one))
        return
    try:
        words = plain(cooked)
    except TooLong as error:
        gathering.refuse(where, str(error), str(one))
        return
    place = _number(at(post, "post_number"))
    if place != 1 and not words:
        gathering.says_nothing(where, str(one))
        return
    edited = (number(at(post, "version")) or 1) > 1
    gathering.add(
        where,
        namespace=namespace(site),
        external_id=str(one),
        kind=Kind.POST if place == 1 else Kind.COMMENT,
        url=_address(post, site, topic, place),
        **headed(text(at(post, "topic_title")) or title, words),
        author_id=identifier(at(post, "user_id")) or text(at(post, "username")),
        author_name=text(at(post, "username")),
        published_at=published,
        updated_at=instant(at(post, "updated_at")) if edited else None,
        reply=answers.get((topic or 0, place or 0)),
        replies=count(at(post, "reply_count")),
        views=count(at(post, "reads")),
        status=Status.EDITED if edited else Status.VISIBLE,
    )


def _add_removed(gathering: Gathering, where: str, site: str, one: int, published: datetime | None) -> None:
    gathering.add(
        where,
        namespace=namespace(site),
        external_id=str(one),
        text="-",
        published_at=published,
        status=Status.REMOVED,
    )


def _address(post: object, site: str, topic: int | None, place: int | None) -> str | None:
    own = text(at(post, "post_url"))
    if own and own.startswith("/t/"):
        return safe(f"{site}{own}")
    return safe(f"{site}/t/{topic}/{place}") if topic and place else None
