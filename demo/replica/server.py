"""The replica: one server on loopback that plays every kind of source in its true format."""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from demo.clock import Clock, system_clock
from demo.replica import (
    app_store_connect,
    apple,
    bluesky,
    control,
    discourse,
    feedback_company,
    feeds,
    google_business,
    google_play,
    kiyoh,
    mastodon,
    meta,
    phpbb,
    play_developer,
    reddit,
    schema_org,
    sitemap,
    trusted_shops,
    trustpilot,
    trustpilot_api,
    tweakers,
    webwinkelkeur,
    x,
    youtube,
)
from demo.replica.faults import PERMALINKS, ROBOTS, Fault, Faults, Plan
from demo.replica.loopback import Answer, Delivery, Loopback, Request
from demo.replica.posts import Board, Kind, Post

Watcher = Callable[[Request], None]

PREFIXES = {
    Kind.TRUSTPILOT: ("/review/",),
    Kind.APPLE: ("/*/rss/",),
    Kind.GOOGLE_BUSINESS: google_business.PREFIXES,
    Kind.APP_STORE_CONNECT: app_store_connect.PREFIXES,
    Kind.GOOGLE_PLAY: google_play.PREFIXES,
    Kind.PLAY_DEVELOPER: play_developer.PREFIXES,
    Kind.MASTODON: ("/api/v1/", mastodon.SEARCH),
    Kind.FEED: ("/feeds/", "/alerts/"),
    Kind.SCHEMA_ORG: ("/ervaringen/",),
    Kind.KIYOH: kiyoh.PREFIXES,
    Kind.FEEDBACK_COMPANY: feedback_company.PREFIXES,
    Kind.TRUSTED_SHOPS: trusted_shops.PREFIXES,
    Kind.WEBWINKELKEUR: webwinkelkeur.PREFIXES,
    Kind.TRUSTPILOT_API: trustpilot_api.PREFIXES,
    Kind.REDDIT: reddit.PREFIXES,
    Kind.BLUESKY: bluesky.PREFIXES,
    Kind.X: x.PREFIXES,
    Kind.YOUTUBE: youtube.PREFIXES,
    Kind.META: meta.PREFIXES,
    Kind.DISCOURSE: discourse.PREFIXES,
    Kind.PHPBB: phpbb.PREFIXES,
    Kind.TWEAKERS: tweakers.PREFIXES,
    Kind.SITEMAP: sitemap.PREFIXES,
}
PLAYED: dict[Kind, Callable[[Request, Board, Fault | None], Answer]] = {
    Kind.GOOGLE_BUSINESS: google_business.answer,
    Kind.APP_STORE_CONNECT: app_store_connect.answer,
    Kind.GOOGLE_PLAY: google_play.answer,
    Kind.PLAY_DEVELOPER: play_developer.answer,
    Kind.KIYOH: kiyoh.answer,
    Kind.FEEDBACK_COMPANY: feedback_company.answer,
    Kind.TRUSTED_SHOPS: trusted_shops.answer,
    Kind.WEBWINKELKEUR: webwinkelkeur.answer,
    Kind.TRUSTPILOT_API: trustpilot_api.answer,
    Kind.REDDIT: reddit.answer,
    Kind.BLUESKY: bluesky.answer,
    Kind.X: x.answer,
    Kind.YOUTUBE: youtube.answer,
    Kind.META: meta.answer,
    Kind.DISCOURSE: discourse.answer,
    Kind.PHPBB: phpbb.answer,
    Kind.TWEAKERS: tweakers.answer,
    Kind.SITEMAP: sitemap.answer,
}
"""Kinds whose whole board answers by itself."""
APPLE_PATH = re.compile(r"/([a-z]{2})/rss/customerreviews/page=(\d+)/id=(\d+)/sortBy=mostRecent/json")
OVERSIZE_BYTES = 32 * 1024 * 1024
ON_THE_WIRE = {
    Fault.HANG: Delivery.HANG,
    Fault.RESET: Delivery.RESET,
    Fault.TRUNCATED: Delivery.TRUNCATED,
}


class Replica(Loopback):
    """Plays `posts` by `clock`: `with Replica(posts, clock) as replica: replica.url`.

    Only what is published at `clock()` is shown. `posts` (a Board) and `faults` may be changed while
    it runs; `requests` is the log. `watch` is called with every request before it is answered, so a
    test can let something happen between two pages.
    """

    def __init__(
        self,
        posts: Iterable[Post] = (),
        clock: Clock = system_clock,
        port: int = 0,
        watch: Watcher | None = None,
    ) -> None:
        super().__init__(clock, port)
        self.posts = Board(posts, clock)
        self.faults = Faults()
        self._watch = watch

    def answer(self, request: Request) -> Answer:
        """The answer of whichever source the address belongs to."""
        if request.path.startswith("/_replica/"):
            return control.answer(request, self.posts, self.faults, self.clock, self.requests)
        self.record(request)
        if self._watch:
            self._watch(request)
        if request.path == "/robots.txt":
            return _struck(self._robots(), self.faults.strike(ROBOTS))
        kind = kind_of(request.path)
        if kind is None:
            return _struck(self._permalink(request), self.faults.strike(PERMALINKS))
        plan = self.faults.strike(kind)
        answer = self._played(kind, request, plan.fault if plan else None)
        if plan and plan.fault is Fault.BAD_BYTES:
            return self._spoilt(kind, answer)
        return _struck(answer, plan)

    def _spoilt(self, kind: Kind, answer: Answer) -> Answer:
        body = answer.body
        for post in self.posts.seen(kind):
            start = post.text[:12].encode("utf-8", "replace")
            body = body.replace(start, start + b"\xff\xc3\x28", 1)
        return replace(answer, body=body)

    def _played(self, kind: Kind, request: Request, fault: Fault | None) -> Answer:
        if kind in PLAYED:
            return PLAYED[kind](request, self.posts, fault)
        play = {
            Kind.TRUSTPILOT: self._trustpilot,
            Kind.APPLE: self._apple,
            Kind.MASTODON: self._mastodon,
            Kind.FEED: self._feed,
            Kind.SCHEMA_ORG: self._schema_org,
        }
        return play[kind](request, fault)

    def _trustpilot(self, request: Request, fault: Fault | None) -> Answer:
        domain = request.path.removeprefix("/review/")
        posts = self.posts.seen(Kind.TRUSTPILOT, domain)
        if not posts and fault is None:
            return NOT_FOUND
        return trustpilot.page(request, domain, posts, fault)

    def _apple(self, request: Request, fault: Fault | None) -> Answer:
        match = APPLE_PATH.fullmatch(request.path)
        if match is None:
            # A slightly different address gives no error at the real place either, just nothing.
            return apple.feed(request, "nl", 1, "0", [], fault)
        country, page, app = match.groups()
        posts = self.posts.seen(Kind.APPLE, f"{country}/{app}")
        return apple.feed(request, country, int(page), app, posts, fault)

    def _mastodon(self, request: Request, fault: Fault | None) -> Answer:
        posts = self.posts.seen(Kind.MASTODON)
        if request.path == mastodon.SEARCH:
            return mastodon.search(request, posts, fault)
        part, _, name = request.path.removeprefix("/api/v1/").partition("/")
        if part == "timelines" and name.startswith("tag/"):
            return mastodon.timeline(request, name.removeprefix("tag/"), posts, fault)
        if part != "statuses":
            return NOT_FOUND
        key, _, rest = name.partition("/")
        post = next((post for post in posts if post.key == key), None)
        return mastodon.context(request, post) if rest == "context" else mastodon.one(request, post, fault)

    def _feed(self, request: Request, fault: Fault | None) -> Answer:
        name, _, form = request.path.rsplit("/", 1)[1].partition(".")
        form = "alerts" if request.path.startswith("/alerts/") else form
        if form not in feeds.FORMS:
            return NOT_FOUND
        return feeds.feed(request, name, form, self.posts.seen(Kind.FEED, name), fault)

    def _schema_org(self, request: Request, fault: Fault | None) -> Answer:
        name = request.path.removeprefix("/ervaringen/")
        return schema_org.page(request, name, self.posts.seen(Kind.SCHEMA_ORG, name), fault)

    def _permalink(self, request: Request) -> Answer:
        key = request.path.rstrip("/").rsplit("/", 1)[-1]
        post = next((post for post in self.posts.seen() if post.key == key), None)
        if post is None:
            return NOT_FOUND
        return trustpilot.permalink(post) if request.path.startswith("/reviews/") else _article(post)

    def _robots(self) -> Answer:
        closed = self.faults.standing(Fault.ROBOTS_DISALLOW)
        paths = [path for kind, prefixes in PREFIXES.items() if kind in closed for path in prefixes]
        paths += ["/nieuws/", "/reviews/"] if PERMALINKS in closed else []
        paths = ["/"] if ROBOTS in closed else ["/_replica/", "/users/", *paths]
        lines = "".join(f"Disallow: {path}\n" for path in paths)
        return Answer.of("text/plain", f"User-agent: *\n{lines}")


def kind_of(path: str) -> Kind | None:
    """Which source an address belongs to; None for permalinks and unknown addresses."""
    if "/rss/customerreviews/" in path:
        return Kind.APPLE
    if path == "/reviews":
        return Kind.TRUSTED_SHOPS
    found = [
        (len(one), kind) for kind, prefixes in PREFIXES.items() for one in prefixes if path.startswith(one)
    ]
    return max(found)[1] if found else None


def _struck(answer: Answer, plan: Plan | None) -> Answer:
    if plan is None:
        return answer
    if plan.fault in ON_THE_WIRE:
        return replace(answer, delivery=ON_THE_WIRE[plan.fault])
    if plan.fault is Fault.MALFORMED:
        return replace(answer, body=answer.body[: len(answer.body) * 2 // 3])
    if plan.fault is Fault.OVERSIZE:
        return replace(answer, body=answer.body + b" " * OVERSIZE_BYTES)
    if plan.fault is Fault.RATE_LIMITED:
        return Answer.of("text/plain", "Too many requests", 429, Retry_After=str(plan.retry_after))
    if plan.fault is Fault.UNAVAILABLE:
        return Answer.of("text/plain", "Service Unavailable", 503, Retry_After=str(plan.retry_after))
    return INSTEAD.get(plan.fault, answer)


def _article(post: Post) -> Answer:
    title, text = html.escape(post.title or post.author), html.escape(post.text)
    return Answer.of(
        "text/html",
        f'<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1><p>{text}</p></article></body></html>",
    )


NOT_FOUND = Answer.of("text/html", "<!DOCTYPE html><title>404</title><h1>Niet gevonden</h1>", 404)
INSTEAD = {
    Fault.FIREWALL: Answer.of(
        "application/json",
        '{"error": true, "message": "Automated access is not allowed. See our terms of use about bots."}',
        403,
    ),
    Fault.INTERSTITIAL: Answer.of(
        "text/html",
        "<!DOCTYPE html><html><head><title>Verifying Connection</title></head>"
        '<body><div id="challenge-container"></div><noscript>Enable JavaScript.</noscript></body></html>',
    ),
    Fault.SERVER_ERROR: Answer.of("text/html", "<h1>500 Internal Server Error</h1>", 500),
    Fault.NOT_FOUND: NOT_FOUND,
}
