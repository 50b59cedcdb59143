"""A page of an instance's hashtag timeline, newest first."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from crawlers.causes import Cause
from crawlers.dates import instant
from crawlers.parsers.addresses import safe
from crawlers.parsers.blocks import unlike
from crawlers.parsers.markup import TooLong, plain
from crawlers.parsers.page import Blocked, FormatChanged, Gathering, Page
from crawlers.parsers.values import (
    NotJson,
    at,
    count,
    decoded,
    headed,
    identifier,
    json_of,
    language,
    primary,
    text,
)
from storage.records import Kind, Status

NAMESPACE = "mastodon"
PUBLIC = frozenset({"public", "unlisted"})
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?(\w+)"?')
_MARK = re.compile(r"[?&](max_id|min_id)=(\d{1,30})(?:&|$)")


@dataclass(frozen=True)
class Timeline(Page):
    """`newest` and `oldest` are the ids of the page as numbers, local to the instance; None when it is empty.

    `next` is the `max_id` of the following, older page. `shown` has the id and the `uri` of every record.
    """

    newest: int | None = None
    oldest: int | None = None
    shown: tuple[tuple[int, str], ...] = ()


def parse(body: bytes, link: str = "", languages: Collection[str] = (), bots: bool = False) -> Timeline:
    """The statuses of one page that their authors let be found.

    Left out: boosts, statuses that are not public, authors who do not want to be indexed or discovered, bots
    unless asked for, and other languages than `languages` when those are given (none stated passes). `link`
    is the header of that name. Raises Blocked or FormatChanged.
    """
    statuses = _statuses(body)
    gathering = Gathering()
    for place, status in enumerate(gathering.bounded(statuses), 1):
        if isinstance(status, dict) and _is_left_out(status, languages, bots):
            gathering.passed += 1
        else:
            _add(gathering, f"status {place}", status)
    page = gathering.page(older(link))
    numbered = [
        (number, text(at(status, "uri"))) for status in statuses if (number := _number(status)) is not None
    ]
    ids = [number for number, _ in numbered]
    kept = {record.external_id for record in page.records}
    shown = tuple((number, uri) for number, uri in numbered if uri in kept)
    return Timeline(**vars(page), newest=max(ids, default=None), oldest=min(ids, default=None), shown=shown)


def older(link: str) -> str | None:
    """The `max_id` in the `Link` header. Only the number is taken: the address could lead anywhere."""
    for address, relation in _LINK.findall(link[:10_000]):
        mark = _MARK.search(address)
        if relation == "next" and mark and mark[1] == "max_id":
            return mark[2]
    return None


def _statuses(body: bytes) -> list[object]:
    try:
        found = json_of(decoded(body))
    except NotJson as error:
        raise unlike(body, f"the answer is {error}") from None
    if not isinstance(found, list):
        if isinstance(at(found, "error"), str):
            raise Blocked(Cause.SIGN_IN, "the instance refuses its timeline to outsiders")
        raise FormatChanged("the answer is not a list of statuses")
    return found


def _number(status: object) -> int | None:
    found = identifier(at(status, "id"))
    return int(found) if found and found.isascii() and found.isdigit() and len(found) <= 30 else None


def _is_left_out(status: dict[str, object], languages: Collection[str], bots: bool) -> bool:
    account = status.get("account")
    if status.get("reblog") is not None or at(account, "indexable") is False:
        return True
    if at(account, "discoverable") is False or text(status.get("visibility")) not in PUBLIC:
        return True
    if not bots and at(account, "bot") is True:
        return True
    tongue = language(status.get("language"))
    return bool(languages) and tongue is not None and primary(tongue) not in languages


def _add(gathering: Gathering, where: str, status: object) -> None:
    content = at(status, "content")
    if not isinstance(content, str):
        gathering.refuse(where, "no text under content")
        return
    try:
        words = plain(content)
    except TooLong as error:
        gathering.refuse(where, str(error))
        return
    edited = instant(at(status, "edited_at"))
    account = at(status, "account")
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=text(at(status, "uri")),
        kind=Kind.POST if at(status, "in_reply_to_id") is None else Kind.COMMENT,
        url=safe(at(status, "url")),
        **headed(text(at(status, "spoiler_text")), words),
        language=language(at(status, "language")),
        author_id=text(at(account, "url")) or text(at(account, "acct")),
        author_name=text(at(account, "display_name")) or text(at(account, "username")),
        published_at=instant(at(status, "created_at")),
        updated_at=edited,
        likes=count(at(status, "favourites_count")),
        shares=count(at(status, "reblogs_count")),
        replies=count(at(status, "replies_count")),
        followers=count(at(account, "followers_count")),
        status=Status.EDITED if edited else Status.VISIBLE,
    )
