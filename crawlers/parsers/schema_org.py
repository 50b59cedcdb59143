"""Reviews that a page marks up for search engines: schema.org as JSON-LD or microdata."""

import hashlib
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from urllib.parse import urljoin, urlsplit, urlunsplit

from lxml import etree

from crawlers.dates import AMSTERDAM, precision, written
from crawlers.parsers.addresses import safe, site, untracked
from crawlers.parsers.blocks import SAID, wall_on_site
from crawlers.parsers.markup import LONGEST_LINE, TooLong, unescaped, whole_tree
from crawlers.parsers.microdata import microdata_of
from crawlers.parsers.page import Blocked, FormatChanged, Gathering, Page
from crawlers.parsers.values import (
    NotJson,
    at,
    count,
    everything,
    headed,
    json_of,
    language,
    listed,
    number,
    text,
)
from storage.records import LONGEST_ID, Kind

MOST_VALUES = 50_000
DEEPEST = 60
DEFAULT_BEST, DEFAULT_WORST = 5.0, 1.0
"""schema.org/Rating: what holds when a page does not say."""
_WRAPPING = re.compile(
    r"^[\s\ufeff]*(?:<!--|(?://\s*|/\*\s*)?<!\[CDATA\[(?:\s*\*/)?)?"
    r"|(?:-->|(?://\s*|/\*\s*)?\]\]>(?:\s*\*/)?|;)\s*$"
)
"""What templates put round JSON as round a script: comments, CDATA, a byte order mark and a closing semicolon."""
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_YEAR = re.compile(r"(?:19|20)\d\d")
_REVIEWS = frozenset({"Review", "UserReview", "CriticReview", "EmployerReview"})
"""schema.org/Review and the narrower types of it that are about a company or what it sells."""
_REVIEW_KEYS = frozenset({"reviewBody", "reviewRating"})
_PAGING = re.compile(
    r"(?:\w*[_-])?(?:page|paged|pagina|pg)(?:[_-]?(?:no|nr|num|number|index))?|currentpage|p|start|offset|sort|order",
    re.IGNORECASE,
)
"""Names in an address that say which part of a list is shown, and how it is sorted."""
_PAGED_PATH = re.compile(r"/(?:page|pagina)[/-]?\d{1,9}/?$", re.IGNORECASE)

Node = dict[str, object]
_Content = tuple[object, ...]
_Named = tuple[str, str | None]
"""What is reviewed, and the id of its own."""
_Copies = dict[_Named, list[int]]
"""The places on a page of reviews with one content: without an id, those of one thing are one review."""


@dataclass(frozen=True)
class _Marked:
    """A review as the page has it, and what holds it as its `review`. In JSON-LD `entities` stand escaped."""

    node: Node
    holder: Node | None
    entities: bool


class NothingMarked(FormatChanged):
    """The page has no data of this kind at all, as most pages of a site."""


def parse(body: bytes, url: str, now: datetime, content_type: str = "") -> Page:
    """The reviews marked up on the page at `url`, read at `now`.

    `expected` is the number of reviews that the page claims to stand for; most pages show only some. A broken
    block is a note and the others count. Raises FormatChanged when the page has no readable data of this
    kind, or reviews under another type; Blocked for a wall.
    """
    gathering = Gathering()
    root = whole_tree(body, content_type)
    blocks = list(_json_ld(root, gathering)) if root is not None else []
    nodes = _linked([node for block in blocks for node in everything(block, MOST_VALUES, DEEPEST)])
    marked = _microdata(root, url, gathering) if root is not None and b"itemscope" in body else []
    written_out = [node for item in marked for node in everything(item, MOST_VALUES, DEEPEST)]
    if not nodes and not written_out:
        if cause := wall_on_site(body):
            raise Blocked(cause, SAID[cause])
        if gathering.notes:
            raise FormatChanged("the page's schema.org data is not readable")
        raise NothingMarked("the page has no schema.org data")
    reviews = _reviews(nodes, entities=True) + _reviews(written_out, entities=False)
    if not reviews and any(_REVIEW_KEYS & node.keys() for node in nodes + written_out):
        raise FormatChanged("the page marks its reviews up as another type")
    _gather(gathering, gathering.bounded(reviews), url, now)
    return gathering.page(expected=_claimed(nodes + written_out))


def _json_ld(root: etree._Element, gathering: Gathering) -> Iterator[object]:
    for script in root.iter("script"):
        # "application/ld+json; charset=utf-8" occurs and counts as well.
        if (script.get("type") or "").split(";")[0].strip().lower() != "application/ld+json":
            continue
        raw = script.text or ""
        try:
            yield _read(raw)
        except NotJson:
            gathering.note("a block of schema.org data is not readable JSON; the others were read")


def _read(raw: str) -> object:
    try:
        return json_of(raw)
    except NotJson:
        return json_of(_TRAILING_COMMA.sub(r"\1", _WRAPPING.sub("", _WRAPPING.sub("", raw))))


def _microdata(root: etree._Element, url: str, gathering: Gathering) -> list[object]:
    try:
        items = microdata_of(root, url)
    except Exception:
        # Third-party code over a hostile page: whatever it stumbles on is the page's fault.
        gathering.note("the page's microdata is not readable")
        return []
    made: dict[int, Node] = {}
    return [_as_node(item, made) for item in items]


def _as_node(value: object, made: dict[int, Node]) -> object:
    """Microdata in the shape of JSON-LD. `made` are the nodes so far, by the identity of their items.

    An item that is a property under several names is one node: copies of copies would fill any memory.
    """
    if isinstance(value, list):
        return [_as_node(one, made) for one in value]
    if not isinstance(value, dict):
        return value
    if id(value) not in made:
        properties = value.get("properties")
        inner = properties.items() if isinstance(properties, dict) else ()
        made[id(value)] = {
            "@type": value.get("type"),
            "@id": value.get("id"),
            **{key: _as_node(one, made) for key, one in inner},
        }
    return made[id(value)]


def _linked(nodes: list[Node]) -> list[Node]:
    """The nodes with references `{"@id": …}` made to point at what they name."""
    index: dict[str, Node] = {}
    for node in nodes:
        key = node.get("@id")
        if isinstance(key, str) and len(node) > 1:
            index.setdefault(key, node)
    for node in nodes:
        for key, value in node.items():
            if isinstance(value, list):
                node[key] = [_referred(one, index) for one in value]
            else:
                node[key] = _referred(value, index)
    return nodes


def _referred(value: object, index: dict[str, Node]) -> object:
    if isinstance(value, dict) and len(value) == 1:
        key = value.get("@id")
        return index.get(key, value) if isinstance(key, str) else value
    return value


def _types(node: Node) -> set[str]:
    names = (name for name in listed(node.get("@type")) if isinstance(name, str))
    return {re.split("[/#:]", name)[-1] for name in names}


def _reviews(nodes: list[Node], *, entities: bool) -> list[_Marked]:
    """Every review once: by its type, or because something has it as a `review`."""
    found: dict[int, Node] = {}
    holders: dict[int, Node] = {}
    for node in nodes:
        if _REVIEWS & _types(node):
            found.setdefault(id(node), node)
        for one in (*listed(node.get("review")), *listed(node.get("reviews"))):
            if isinstance(one, dict):
                holders.setdefault(id(one), node)
                if not _types(one) and _REVIEW_KEYS & one.keys():
                    found.setdefault(id(one), one)
    return [_Marked(node, holders.get(key), entities) for key, node in found.items()]


def _claimed(nodes: list[Node]) -> int | None:
    totals = (
        count(rating.get("reviewCount")) or count(rating.get("ratingCount"))
        for node in nodes
        for rating in listed(node.get("aggregateRating"))
        if isinstance(rating, dict)
    )
    return max((total for total in totals if total is not None), default=None)


def _gather(gathering: Gathering, reviews: list[_Marked], url: str, now: datetime) -> None:
    own = [_own_id(review, url) for review in reviews]
    shared = {identity for identity, times in Counter(own).items() if times > 1}
    named = [None if identity in shared else identity for identity in own]
    again = _again(reviews, named, url, now)
    for place, (review, identity) in enumerate(zip(reviews, named, strict=True)):
        if place in again:
            continue
        try:
            _add(gathering, f"review {place + 1}", review, identity, url, now)
        except TooLong as error:
            gathering.refuse(f"review {place + 1}", str(error))


def _again(reviews: list[_Marked], named: list[str | None], url: str, now: datetime) -> set[int]:
    """The places of reviews that the page has in its other form as well: of the two, the one with an id stays."""
    if len({review.entities for review in reviews}) < 2:
        return set()
    alike: dict[_Content, tuple[_Copies, _Copies]] = {}
    for place, (review, identity) in enumerate(zip(reviews, named, strict=True)):
        if said := _content(review, now):
            copies = alike.setdefault(said, ({}, {}))[review.entities]
            copies.setdefault((_about(review, url), identity), []).append(place)
    found: set[int] = set()
    for written_out, in_json in alike.values():
        for one, other in _pairs(in_json, written_out):
            found.update(in_json[one] if other[1] and not one[1] else written_out[other])
    return found


def _pairs(ones: _Copies, others: _Copies) -> Iterator[tuple[_Named, _Named]]:
    """Each of `ones` with one of `others`: where the same thing is reviewed, else as they come."""
    waiting: dict[str, deque[_Named]] = {}
    for other in others:
        waiting.setdefault(other[0], deque()).append(other)
    alone = []
    for one in ones:
        same = waiting.get(one[0])
        if same:
            yield one, same.popleft()
        else:
            alone.append(one)
    yield from zip(alone, chain.from_iterable(waiting.values()), strict=False)


def _content(review: _Marked, now: datetime) -> _Content | None:
    """By which two are one: author, day, text and rating. A text may be broken into lines in one form only."""
    try:
        author, _, words = _words(review)
    except TooLong:
        return None
    published = written(_first_text(review.node.get("datePublished")), now)
    day = published and published.astimezone(AMSTERDAM).date()
    rating = _rating(review.node.get("reviewRating"))
    return (author, day, " ".join(words.split()), rating) if author or words else None


def _own_id(review: _Marked, url: str) -> str | None:
    """What names this review and no other: its `@id`, else an address of its own."""
    named = review.node.get("@id")
    key = _absolute(named, url)
    if key and _is_of_its_page(str(named)):
        return _hashed(url, key)
    if key and len(key) <= LONGEST_ID:
        return key
    address = safe(_first_text(review.node.get("url")), url)
    if not address or _unpaged(address) == _unpaged(url):
        return None
    # Many sites give every review one address, such as that of all reviews.
    return _hashed(_about(review, url), address)


def _is_of_its_page(named: str) -> bool:
    """Whether other pages may name another review so: "#r1", "review1" and "/#r1", but no address of the site."""
    parts = urlsplit(named.strip())
    return not parts.scheme and (bool(parts.fragment) or not parts.path.startswith("/"))


def _absolute(key: object, url: str) -> str | None:
    """An `@id` as JSON-LD has it: a relative one, or a mere fragment, counts from its page; `_:b0` names nothing."""
    if not isinstance(key, str) or not key.strip() or key.startswith("_:"):
        return None
    try:
        return urljoin(url, key.strip())
    except ValueError:
        return None


def _about(review: _Marked, url: str) -> str:
    """What is reviewed, in the same words on each page that shows the review: a name, an address, else the page."""
    for thing in (*listed(review.node.get("itemReviewed")), review.holder):
        name = text(thing) or _first_text(at(thing, "name"))
        if name:
            return _said(name[:LONGEST_LINE], review.entities) or name
        address = _absolute(at(thing, "@id"), url) or safe(_first_text(at(thing, "url")), url)
        if address:
            return _unpaged(address)
    return _unpaged(url)


def _unpaged(address: str) -> str:
    """What the pages of one list share of their addresses."""
    try:
        parts = urlsplit(untracked(address))
    except ValueError:
        return address
    kept = [part for part in parts.query.split("&") if not _PAGING.fullmatch(part.partition("=")[0])]
    path = _PAGED_PATH.sub("", parts.path).rstrip("/")
    return urlunsplit(("", site(address), path, "&".join(kept), parts.fragment))


def _add(
    gathering: Gathering, where: str, review: _Marked, identity: str | None, url: str, now: datetime
) -> None:
    node = review.node
    author, title, words = _words(review)
    published = _first_text(node.get("datePublished"))
    rating, worst, best = _rating(node.get("reviewRating"))
    gathering.add(
        where,
        namespace=namespace(url),
        external_id=identity or _hashed(_about(review, url), author, _fixed(published), rating, title, words),
        kind=Kind.REVIEW,
        url=safe(_first_text(node.get("url")), url) or safe(url),
        **headed(title, words),
        language=language(_first_text(node.get("inLanguage"))),
        rating=rating,
        rating_min=worst,
        rating_max=best,
        author_name=author,
        published_at=written(published, now),
        published_precision=precision(published),
        updated_at=written(_first_text(node.get("dateModified")), now),
    )


def _words(review: _Marked) -> tuple[str | None, str | None, str]:
    """Author, title and text, as a reader sees them. Raises TooLong."""
    node, entities = review.node, review.entities
    author = _said(_author(node.get("author")), entities)
    title = _said(_first_text(node.get("name")) or _first_text(node.get("headline")), entities)
    words = _said(_first_text(node.get("reviewBody")) or _first_text(node.get("description")), entities)
    return author, title, words or ""


def namespace(url: str) -> str:
    """The space of a site's ids: a review is often on several of its pages, and moves on when newer ones come."""
    return f"schema_org:{site(url)}"


def _first_text(value: object) -> str | None:
    for one in listed(value):
        found = text(one) or text(at(one, "@value"))
        if found:
            return found
    return None


def _author(value: object) -> str | None:
    for one in listed(value):
        found = text(one) or _first_text(at(one, "name"))
        if found:
            return found
    return None


def _said(value: str | None, entities: bool) -> str | None:
    """A text as a reader sees it. In JSON-LD entities stand escaped, in microdata they no longer do."""
    return unescaped(value) if value and entities else value


def _rating(value: object) -> tuple[float | None, float, float | None]:
    """Rating, worst and best; without a rating when it does not fit its own scale."""
    given = next(iter(listed(value)), None)
    if not isinstance(given, dict):
        given = {"ratingValue": given}
    found = number(given.get("ratingValue"))
    best, worst = number(given.get("bestRating")), number(given.get("worstRating"))
    best = DEFAULT_BEST if best is None else best
    worst = DEFAULT_WORST if worst is None else worst
    if found is None or not worst <= found <= best or not -1_000 <= worst < best <= 1_000:
        return None, DEFAULT_WORST, None
    return found, worst, best


def _fixed(published: str | None) -> str | None:
    """A date that stays the same every day; "3 dagen geleden" is another one tomorrow, and no part of an id."""
    return published if published and _YEAR.search(published) else None


def _hashed(*parts: object) -> str:
    """An id for a review that has none. Editing it makes another one: nothing else tells them apart."""
    joined = "\x1f".join(" ".join(unicodedata.normalize("NFC", str(part or "")).split()) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()
