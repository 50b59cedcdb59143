"""Comments, tagging posts and recommendations of a Facebook page, as the Graph API gives them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawlers.dates import instant
from crawlers.parsers.addresses import safe
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.page import Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import NotJson, at, count, decoded, everything, identifier, json_of, number, text
from storage.records import Kind, Reply, clean

NAMESPACE = "meta"
MOST_USES = 1_000
MINUTES_A_DAY = 24 * 60
_ID = re.compile(r"[0-9]{1,30}(?:_[0-9]{1,30}){0,2}")
_QUERY = "?"
"""How a mark begins that is a query; no `after` does."""
_SECRETS = frozenset({"access_token", "appsecret_proof"})
_OPINIONS = {"positive": 1, "negative": 0}


@dataclass(frozen=True)
class Comments(Stretch):
    """`answers` has the page's own replies by the comment that they answer, which may stand further on."""

    answers: Mapping[str, Reply] = field(default_factory=dict)


def parse_comments(
    body: bytes, page: str | None = None, answers: Mapping[str, Reply] = MappingProxyType({})
) -> Comments:
    """The comments under one post, without those of `page` itself, which become the reply to what they answer.

    Of two answers to one comment the earlier one counts: it stands further on. `answers` were found before. Raises
    Blocked or FormatChanged, as the others do.
    """
    found = answer(body)
    gathering, nodes = Gathering(), entries(found, "data")
    own = ((_id(at(node, "parent", "id")), _reply(node)) for node in nodes if _is_by(node, page))
    answers = {**answers, **{parent: said for parent, said in own if parent and said}}
    for place, node in enumerate(gathering.bounded(nodes), 1):
        if _is_by(node, page) or _is_wordless(node):
            gathering.passed += 1
        else:
            _add(gathering, f"comment {place}", node, Kind.COMMENT, answers.get(_id(at(node, "id")) or ""))
    return Comments(**vars(_ended(gathering, found)), answers=answers)


def _reply(node: object) -> Reply | None:
    return reply(at(node, "message"), instant(at(node, "created_time")))


def parse_tagged(body: bytes) -> Stretch:
    """The posts of others that tag the page."""
    found = answer(body)
    gathering = Gathering()
    for place, node in enumerate(gathering.bounded(entries(found, "data")), 1):
        if _is_wordless(node):
            gathering.passed += 1
        else:
            _add(gathering, f"post {place}", node, Kind.POST)
    return _ended(gathering, found)


def parse_ratings(body: bytes, page: str) -> Stretch:
    """The recommendations of the page: 1 for yes and 0 for no, or the stars of older ones."""
    found = answer(body)
    gathering = Gathering()
    for place, node in enumerate(gathering.bounded(entries(found, "data")), 1):
        _recommend(gathering, f"recommendation {place}", node, page)
    return _ended(gathering, found)


def posts(body: bytes) -> tuple[str, ...]:
    """The ids of the page's own posts, newest first."""
    found = (_id(at(node, "id")) for node in entries(answer(body), "data"))
    return tuple(dict.fromkeys(key for key in found if key))


def refusal(body: bytes) -> int | None:
    """The number of the error that the Graph API answers; None when there is none."""
    try:
        return count(at(json_of(decoded(body)), "error", "code"))
    except NotJson:
        return None


def wait(header: str) -> timedelta | None:
    """How long until the interface may be asked again, by what it says of its use so far; None when it does not."""
    try:
        said = json_of(header)
    except NotJson:
        return None
    minutes = (
        count(one.get("estimated_time_to_regain_access"))
        for one in everything(said, most=MOST_USES, deepest=3)
    )
    longest = max((one for one in minutes if one), default=0)
    return timedelta(minutes=min(longest, MINUTES_A_DAY)) or None


def asked_for(mark: str) -> dict[str, str]:
    """What the query of the page holds to which a mark leads."""
    return dict(parse_qsl(mark.removeprefix(_QUERY))) if mark.startswith(_QUERY) else {"after": mark}


def _ended(gathering: Gathering, found: dict[str, object]) -> Stretch:
    following = text(at(found, "paging", "next"))
    mark = _mark(following, text(at(found, "paging", "cursors", "after"))) if following else None
    damage = "where the following page stands cannot be read" if following and mark is None else None
    return stretch(gathering.page(mark, damage=damage))


def _mark(following: str, after: str | None) -> str | None:
    """The mark of the following page: `after`, or its whole query where it goes by times and not by that.

    Nothing else is taken, as the address could lead anywhere. It holds the token, which is kept nowhere.
    """
    try:
        asked = dict(parse_qsl(urlsplit(following).query, max_num_fields=100))
    except ValueError:
        return after
    if "after" in asked:
        return after or asked["after"]
    query = urlencode({name: value for name, value in asked.items() if name not in _SECRETS})
    return f"{_QUERY}{query}" if query else after


def _id(value: object) -> str | None:
    found = identifier(value)
    return found if found and _ID.fullmatch(found) else None


def _is_by(node: object, page: str | None) -> bool:
    return page is not None and identifier(at(node, "from", "id")) == page


def _is_wordless(node: object) -> bool:
    """Whether it is a picture or a sticker alone; then there is no text, or one of nothing that can be seen."""
    said = at(node, "message")
    return _id(at(node, "id")) is not None and (said is None or (isinstance(said, str) and not clean(said)))


def _add(gathering: Gathering, where: str, node: object, kind: Kind, answered: Reply | None = None) -> None:
    key, words = _id(at(node, "id")), text(at(node, "message"))
    if key is None or words is None:
        gathering.refuse(where, "neither an id nor a message", key)
        return
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=key,
        kind=kind,
        url=safe(at(node, "permalink_url")) or f"https://www.facebook.com/{key}",
        text=words,
        author_id=identifier(at(node, "from", "id")),
        author_name=text(at(node, "from", "name")),
        published_at=instant(at(node, "created_time")),
        likes=count(at(node, "like_count")),
        replies=count(at(node, "comment_count")),
        reply=answered,
    )


def _recommend(gathering: Gathering, where: str, node: object, page: str) -> None:
    opinion, stars = text(at(node, "recommendation_type")), number(at(node, "rating"))
    words, created = text(at(node, "review_text")) or "", instant(at(node, "created_time"))
    scale: dict[str, float | None] = {"rating": None}
    if opinion in _OPINIONS:
        scale = {"rating": _OPINIONS[opinion], "rating_min": 0, "rating_max": 1}
    elif stars is not None:
        scale = {"rating": stars, "rating_min": 1, "rating_max": 5}
    if not words and scale["rating"] is None:
        gathering.refuse(where, "neither an opinion nor a text")
        return
    story = _id(at(node, "open_graph_story", "id"))
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=story or _made_up(page, node, created, words),
        kind=Kind.REVIEW,
        url=f"https://www.facebook.com/{story}" if story else None,
        text=words,
        author_id=identifier(at(node, "reviewer", "id")),
        author_name=text(at(node, "reviewer", "name")),
        published_at=created,
        **scale,
    )


def _made_up(page: str, node: object, created: datetime | None, words: str) -> str:
    """An id for a recommendation without a story; an edit of it is a new record."""
    writer = identifier(at(node, "reviewer", "id")) or ""
    parts = (
        page,
        writer,
        created.isoformat() if created else "",
        str(at(node, "recommendation_type")),
        words,
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
