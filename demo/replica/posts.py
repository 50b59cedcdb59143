"""What the replica shows: posts that can be added, edited, answered and removed while it runs."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from threading import RLock
from uuid import UUID

from demo.clock import Clock


class Kind(StrEnum):
    """The kinds of source the replica plays."""

    TRUSTPILOT = "trustpilot_web"
    GOOGLE_BUSINESS = "google_business"
    APPLE = "apple_app"
    APP_STORE_CONNECT = "app_store_connect"
    GOOGLE_PLAY = "google_play"
    PLAY_DEVELOPER = "play_developer"
    MASTODON = "mastodon"
    FEED = "feed"
    SCHEMA_ORG = "schema_org"
    KIYOH = "kiyoh"
    FEEDBACK_COMPANY = "feedback_company"
    TRUSTED_SHOPS = "trusted_shops"
    WEBWINKELKEUR = "webwinkelkeur"
    TRUSTPILOT_API = "trustpilot_api"
    REDDIT = "reddit"
    BLUESKY = "bluesky"
    X = "x"
    YOUTUBE = "youtube"
    META = "meta_page"
    DISCOURSE = "discourse"
    PHPBB = "phpbb"
    TWEAKERS = "tweakers_forum"
    SITEMAP = "sitemap"


DEFAULT_PLACES = {
    Kind.TRUSTPILOT: "snelveld.nl",
    Kind.GOOGLE_BUSINESS: "5647382910",
    Kind.APPLE: "nl/987654321",
    Kind.APP_STORE_CONNECT: "NLD/987654321",
    Kind.GOOGLE_PLAY: "nl.snelveld.app",
    Kind.PLAY_DEVELOPER: "nl.snelveld.app",
    Kind.MASTODON: "",
    Kind.FEED: "snelveld",
    Kind.SCHEMA_ORG: "snelveld",
    Kind.KIYOH: "1064405",
    Kind.FEEDBACK_COMPANY: "",
    Kind.TRUSTED_SHOPS: "chl-7a6b",
    Kind.WEBWINKELKEUR: "1234",
    Kind.TRUSTPILOT_API: "snelveld.nl",
    Kind.REDDIT: "thenetherlands",
    Kind.BLUESKY: "",
    Kind.X: "",
    Kind.YOUTUBE: "abc123DEF45",
    Kind.META: "100200300",
    Kind.DISCOURSE: "storing-bij-snelveld",
    Kind.PHPBB: "storing",
    Kind.TWEAKERS: "storing",
    Kind.SITEMAP: "snelveld",
}


@dataclass(frozen=True)
class Reply:
    """A public answer of the company."""

    text: str
    at: datetime
    author: str = "Snelveld"


@dataclass(frozen=True)
class Edit:
    """A later wording by the author; what is None stays as it was."""

    at: datetime
    text: str | None = None
    title: str | None = None
    rating: float | None = None


@dataclass(frozen=True)
class Post:
    """One public post or review with everything that will ever happen to it.

    `place` says where it stands: a domain (Trustpilot), `country/app id` (Apple), the name of a
    feed or of a page; Mastodon has none, its hashtags are in the text or in `tags`. `key` is the
    id as the platform gives it and is made in the platform's form when left out.
    """

    kind: Kind
    text: str
    published_at: datetime
    title: str = ""
    author: str = "Anoniem"
    place: str = ""
    rating: float | None = None
    rating_max: int = 5
    language: str | None = "nl"
    likes: int = 0
    shares: int = 0
    replies: int = 0
    followers: int = 0
    tags: tuple[str, ...] = ()
    visibility: str = "public"
    bot: bool = False
    indexable: bool = True
    pinned: bool = False
    experienced_on: date | None = None
    edits: tuple[Edit, ...] = ()
    reply: Reply | None = None
    removed_at: datetime | None = None
    key: str = ""

    def __post_init__(self) -> None:
        if self.published_at.tzinfo is None:
            raise ValueError(f"the post of {self.author!r} needs an aware published_at")
        place = self.place or DEFAULT_PLACES[self.kind]
        object.__setattr__(self, "place", place)
        object.__setattr__(self, "key", self.key or _platform_key(self))

    @property
    def edited_at(self) -> datetime | None:
        """When the author last changed it, or None."""
        return self.edits[-1].at if self.edits else None

    @property
    def changed_at(self) -> datetime:
        """When its own words last changed: the last edit, else the publication."""
        return self.edited_at or self.published_at

    def as_seen(self, now: datetime) -> "Post | None":
        """The post as the public sees it at `now`; None while it is unpublished or once removed."""
        if self.published_at > now or (self.removed_at and self.removed_at <= now):
            return None
        if not self.edits and not self.reply:
            return self
        seen = replace(
            self,
            edits=tuple(edit for edit in self.edits if edit.at <= now),
            reply=self.reply if self.reply and self.reply.at <= now else None,
        )
        for edit in seen.edits:
            seen = _worded(seen, edit)
        return seen


class Board:
    """The posts of one replica, safe to change from a test while the server answers."""

    def __init__(self, posts: Iterable[Post], clock: Clock) -> None:
        self._lock = RLock()
        self._clock = clock
        self._posts: dict[str, Post] = {}
        for post in posts:
            self.add(post)

    def add(self, post: Post) -> Post:
        """Adds a post; a second one with the same key is refused with ValueError."""
        with self._lock:
            if post.key in self._posts:
                raise ValueError(f"there is a post {post.key} already: give it another key")
            self._posts[post.key] = post
        return post

    def edit(
        self, key: str, text: str | None = None, title: str | None = None, rating: float | None = None
    ) -> Post:
        """Lets the author change the words or the rating, now."""
        edit = Edit(self._clock(), text, title, rating)
        with self._lock:
            return self._put(replace(self[key], edits=(*self[key].edits, edit)))

    def reply(self, key: str, text: str, author: str = "Snelveld") -> Post:
        """Lets the company answer, now; a second answer replaces the first."""
        with self._lock:
            return self._put(replace(self[key], reply=Reply(text, self._clock(), author)))

    def remove(self, key: str) -> Post:
        """Takes a post off the page, now."""
        with self._lock:
            return self._put(replace(self[key], removed_at=self._clock()))

    def move(self, key: str, place: str) -> Post:
        """Puts a post somewhere else under its own key, as when a forum splits a topic."""
        with self._lock:
            return self._put(replace(self[key], place=place))

    def __getitem__(self, key: str) -> Post:
        with self._lock:
            return self._posts[key]

    def seen(self, kind: Kind | None = None, place: str | None = None) -> list[Post]:
        """The posts that are public at this moment, newest first."""
        now = self._clock()
        with self._lock:
            posts = list(self._posts.values())
        wanted = (p for p in posts if kind in (None, p.kind) and place in (None, p.place))
        seen = [post for post in (p.as_seen(now) for p in wanted) if post]
        return sorted(seen, key=lambda p: (p.published_at, p.key), reverse=True)

    def gone(self, kind: Kind, place: str | None = None) -> list[Post]:
        """The posts that were public and are no more."""
        now = self._clock()
        with self._lock:
            posts = list(self._posts.values())
        wanted = (post for post in posts if post.kind is kind and place in (None, post.place))
        return [post for post in wanted if post.removed_at and post.published_at < post.removed_at <= now]

    def _put(self, post: Post) -> Post:
        self._posts[post.key] = post
        return post


def digest(*parts: object) -> str:
    """A stable hexadecimal id of what it is given, 64 characters."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()


def _worded(post: Post, edit: Edit) -> Post:
    return replace(
        post,
        text=post.text if edit.text is None else edit.text,
        title=post.title if edit.title is None else edit.title,
        rating=post.rating if edit.rating is None else edit.rating,
    )


def _platform_key(post: Post) -> str:
    seed = digest(post.kind, post.place, post.author, post.published_at.isoformat(), post.title, post.text)
    if post.kind in (Kind.TRUSTPILOT, Kind.TRUSTPILOT_API):
        return seed[:24]
    if post.kind is Kind.GOOGLE_PLAY:
        return str(UUID(seed[:32]))
    if post.kind is Kind.APPLE:
        return str(10**10 + int(seed[:12], 16) % 10**10)
    if post.kind in NUMBERED:
        return str(numbered(post.published_at) + 2 * (int(seed[:4], 16) % 5_000))
    if post.kind in (Kind.MASTODON, Kind.X):
        return str(snowflake(post.published_at) + int(seed[:4], 16))
    return seed[:16]


def snowflake(instant: datetime) -> int:
    """The smallest Mastodon id of a moment: milliseconds since 1970, shifted by 16 bits."""
    return int(instant.astimezone(UTC).timestamp() * 1000) << 16


NUMBERED = frozenset({Kind.DISCOURSE, Kind.PHPBB, Kind.TWEAKERS})
"""Kinds whose posts are counted over the whole forum: a later one has the higher number."""


def numbered(instant: datetime) -> int:
    """The smallest number of a forum's post of a moment; those of one second are even, an answer's is odd."""
    return int((instant - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000
