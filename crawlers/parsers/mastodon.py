"""Statuses of a Mastodon instance, newest first: a page of a hashtag, or of what its search finds."""

import re
from collections.abc import Collection
from datetime import datetime

from crawlers.causes import Cause
from crawlers.dates import instant
from crawlers.parsers.addresses import safe
from crawlers.parsers.answers import json_answer
from crawlers.parsers.markup import TooLong, plain
from crawlers.parsers.page import Blocked, FormatChanged, Gathering
from crawlers.parsers.stretch import Stretch, span
from crawlers.parsers.values import (
    at,
    count,
    headed,
    identifier,
    language,
    primary,
    text,
)
from storage.records import Kind, Status, clean

NAMESPACE = "mastodon"
PUBLIC = frozenset({"public", "unlisted"})
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?(\w+)"?')
_MARK = re.compile(r"[?&](max_id|min_id)=(\d{1,30})(?:&|$)")


def parse(
    body: bytes, link: str = "", languages: Collection[str] = (), bots: bool = False, full: int = 0
) -> Stretch:
    """The statuses of one page of a timeline that their authors let be found.

    Left out: boosts, statuses that are not public, authors who do not want to be indexed or discovered, bots
    unless asked for, pictures without a word, and other languages than `languages` when those are given (none
    stated passes). `next` is the `max_id` of the older page: as `link`, the header of that name, has it, else the
    lowest id of a page of `full` statuses or more. Raises Blocked or FormatChanged.
    """
    statuses = _listed(_answer(body))
    numbers = [number for status in statuses if (number := _number(status)) is not None]
    below = str(min(numbers)) if numbers and 0 < full <= len(statuses) else None
    return _stretch(statuses, older(link) or below, languages, bots)


def parse_search(body: bytes, languages: Collection[str] = (), bots: bool = False) -> Stretch:
    """The statuses that a search found, as `parse` gives those of a timeline; how it goes on is not told."""
    return _stretch(_listed(at(_answer(body), "statuses")), None, languages, bots)


def parse_one(body: bytes) -> Stretch:
    """A status that was looked up by itself, passed when its author took it back from those who collect.

    One by a bot or in another language is not: it was not taken back. Raises Blocked or FormatChanged.
    """
    found = _answer(body)
    if not isinstance(found, dict):
        raise FormatChanged("the answer is not a status")
    return _stretch([found], None, (), bots=True)


def _stretch(
    statuses: list[object], following: str | None, languages: Collection[str], bots: bool
) -> Stretch:
    """A page; what it shows is known by the instance's own id and the `uri`, with a space between."""
    gathering = Gathering()
    shown: list[tuple[str, datetime]] = []
    times: list[datetime] = []
    for place, status in enumerate(gathering.bounded(statuses), 1):
        made = instant(at(status, "created_at"))
        times += [made] if made else []
        left_out = isinstance(status, dict) and _is_left_out(status, languages, bots)
        if left_out or not _says_something(gathering, f"status {place}", status):
            gathering.passed += 1
            continue
        number, uri = _number(status), text(at(status, "uri"))
        if number is not None and uri and made:
            shown.append((f"{number} {uri}", made))
    return Stretch(**vars(gathering.page(following)), shown=tuple(shown), span=span(times))


def older(link: str) -> str | None:
    """The `max_id` in the `Link` header. Only the number is taken: the address could lead anywhere."""
    for address, relation in _LINK.findall(link[:10_000]):
        mark = _MARK.search(address)
        if relation == "next" and mark and mark[1] == "max_id":
            return mark[2]
    return None


def _answer(body: bytes) -> object:
    found = json_answer(body)
    if isinstance(at(found, "error"), str):
        raise Blocked(Cause.SIGN_IN, "the instance refuses its timeline to outsiders")
    return found


def _listed(found: object) -> list[object]:
    if not isinstance(found, list):
        raise FormatChanged("the answer is not a list of statuses")
    return found


def _number(status: object) -> int | None:
    found = identifier(at(status, "id"))
    return int(found) if found and found.isascii() and found.isdigit() and len(found) <= 30 else None


def _is_left_out(status: dict[str, object], languages: Collection[str], bots: bool) -> bool:
    account = status.get("account")
    if status.get("reblog") is not None or at(account, "indexable") is False:
        return True
    if at(account, "discoverable") is False or text(status.get("visibility")) not in {*PUBLIC, None}:
        return True
    if not bots and at(account, "bot") is True:
        return True
    tongue = language(status.get("language"))
    return bool(languages) and tongue is not None and primary(tongue) not in languages


def _says_something(gathering: Gathering, where: str, status: object) -> bool:
    """Add the status, or refuse it; False when it is a picture, a film, a poll or what somebody else said alone."""
    content, uri = at(status, "content"), text(at(status, "uri"))
    if not isinstance(content, str):
        gathering.refuse(where, "no text under content", uri)
        return True
    try:
        words = plain(content)
    except TooLong as error:
        gathering.refuse(where, str(error), uri)
        return True
    warning = text(at(status, "spoiler_text"))
    if not warning and _is_blank(words):
        return False
    if text(at(status, "visibility")) is None:
        gathering.refuse(where, "no word under visibility", uri)
        return True
    edited = instant(at(status, "edited_at"))
    account = at(status, "account")
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=uri,
        kind=Kind.POST if at(status, "in_reply_to_id") is None else Kind.COMMENT,
        url=safe(at(status, "url")) or safe(uri),
        **headed(warning, words),
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
    return True


def _is_blank(words: str) -> bool:
    """Whether nothing of it can be seen. Most words have a letter right away, and are not tidied for this."""
    return not any(map(str.isalnum, words)) and not clean(words)
