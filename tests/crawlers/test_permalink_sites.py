"""Articles and reviews on several sites, each of which may keep us out in a way of its own."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from crawlers.causes import Cause
from demo.clock import PlayClock
from demo.replica import Kind
from demo.replica.loopback import Answer, Loopback, Request
from storage.configuration import Configuration
from storage.models import Health
from storage.records import Status
from tests.crawlers.conftest import Crawling, configured

NIGHT = timedelta(hours=13)
DAY = timedelta(days=1)


class Site(Loopback):
    """A feed of `shown`, articles that are `there`, and pages of reviews. `odd` answers in place of articles."""

    def __init__(self, clock: PlayClock) -> None:
        super().__init__(clock)
        self.shown: list[str] = []
        self.there: set[str] = set()
        self.pages: dict[str, list[str]] = {}
        self.odd: Callable[[str], Answer | None] = lambda name: None
        self.rules = ""

    def answer(self, request: Request) -> Answer:
        self.record(request)
        name = request.path.rsplit("/", 1)[1]
        if name == "robots.txt":
            return Answer.of("text/plain", f"User-agent: *\n{self.rules}")
        if name == "feed.rss":
            return Answer.of("application/rss+xml", self._feed())
        if name == "sitemap.xml":
            entries = "".join(f"<url><loc>{self.url}/p/{page}</loc></url>" for page in self.pages)
            space = "http://www.sitemaps.org/schemas/sitemap/0.9"
            return Answer.of("application/xml", f'<urlset xmlns="{space}">{entries}</urlset>')
        if odd := self.odd(name):
            return odd
        if request.path.startswith("/p/") and name in self.pages:
            return Answer.of("text/html", _marked(self.pages[name]))
        return Answer.of("text/html", "<p>Snelveld", 200 if name in self.there else 404)

    def publish(self, *articles: str) -> None:
        """Show these articles and no others in the feed."""
        self.shown = list(articles)
        self.there.update(one.rsplit("/", 1)[1] for one in articles if one.startswith(self.url))

    def asked(self) -> list[str]:
        """The articles that were asked for."""
        return [one.path.rsplit("/", 1)[1] for one in self.requests if one.path.startswith("/a/")]

    def _feed(self) -> str:
        items = "".join(
            f"<item><title>Snelveld {one[-3:]}</title><link>{one}</link><guid>{one}</guid>"
            "<pubDate>Fri, 20 Nov 2026 14:30:00 GMT</pubDate></item>"
            for one in self.shown
        )
        return f'<rss version="2.0"><channel><title>Nieuws</title>{items}</channel></rss>'


def _marked(names: list[str]) -> str:
    reviews = [
        {
            "@type": "Review",
            "@id": f"https://www.snelveld.example/r/{name}",
            "datePublished": "2026-11-20",
            "reviewBody": f"Nummer {name} van Snelveld.",
        }
        for name in names
    ]
    return f'<script type="application/ld+json">{json.dumps(reviews)}</script>'


def _old_is_gone(name: str) -> Answer | None:
    return Answer(404) if name == "oud" else None


@pytest.fixture
def paper(clock: PlayClock) -> Iterator[Site]:
    with Site(clock) as site:
        yield site


@pytest.fixture
def other(clock: PlayClock) -> Iterator[Site]:
    with Site(clock) as site:
        yield site


def reads(kind: Kind, **changes: Any) -> Configuration:
    made = configured("http://127.0.0.1:9", kind, **changes)
    return made.model_copy(update={"source": (made.source[0].model_copy(update={"base_url": None}),)})


def removed(crawling: Crawling) -> set[str]:
    gone = (one["external_id"] for one in crawling.mentions() if one["status"] == Status.REMOVED)
    return {key.rsplit("/", 1)[1] for key in gone}


def later(crawling: Crawling, pause: timedelta) -> None:
    crawling.clock.set(crawling.clock() + pause)


def articles(site: Site, first: int, number: int) -> list[str]:
    return [f"{site.url}/a/{one}" for one in range(first, first + number)]


def test_a_site_with_a_wall_keeps_no_other_from_being_looked_up(
    crawling: Crawling, paper: Site, other: Site
) -> None:
    source = reads(Kind.FEED, url=f"{paper.url}/feed.rss", sites=[other.url])
    walled, open_ones = articles(other, 100, 20), articles(paper, 200, 3)
    paper.publish(*walled, *open_ones)
    crawling.read(source)
    paper.publish(*articles(paper, 300, 3))
    paper.there.discard("201")
    other.odd = lambda name: Answer.of("text/html", "", 401)
    for _ in range(4):
        crawling.read(source)
        later(crawling, NIGHT)

    assert removed(crawling) == {"201"}
    assert len(other.asked()) <= 3  # once a day


def test_what_robots_txt_closes_keeps_nothing_else_of_the_site_back(crawling: Crawling, paper: Site) -> None:
    source = reads(Kind.FEED, url=f"{paper.url}/feed.rss")
    paper.publish(*articles(paper, 100, 10))
    crawling.read(source)
    paper.publish(*articles(paper, 300, 1))
    paper.there.discard("109")
    paper.rules = "".join(f"Disallow: /a/{name}\n" for name in range(100, 108))
    for _ in range(3):
        outcome = crawling.read(source)
        later(crawling, NIGHT)

    assert outcome.health is Health.OK
    assert removed(crawling) == {"109"}
    assert set(paper.asked()) <= {"108", "109", "300"}


def test_a_site_that_has_enough_of_our_looks_is_still_read(crawling: Crawling, paper: Site) -> None:
    source = reads(Kind.FEED, url=f"{paper.url}/feed.rss")
    paper.publish(*articles(paper, 100, 5))
    crawling.read(source)
    paper.publish(*articles(paper, 300, 1))
    paper.odd = lambda name: Answer.of("text/html", "", 429)
    first = crawling.read(source)
    later(crawling, timedelta(hours=1))
    again = crawling.read(source)

    assert (first.health, first.stats["cause"]) == (Health.BLOCKED, Cause.RATE_LIMITED)
    assert again.health is Health.OK
    assert len(paper.asked()) == 1


def test_articles_that_are_not_for_us_say_nothing_of_the_feed(crawling: Crawling, paper: Site) -> None:
    source = reads(Kind.FEED, url=f"{paper.url}/feed.rss")
    paper.publish(*articles(paper, 100, 8))
    crawling.read(source)
    paper.publish(*articles(paper, 300, 1))
    paper.odd = lambda name: Answer.of("text/html", "", 403)

    outcome = crawling.read(source)

    assert len(paper.asked()) >= 3
    assert outcome.health is Health.OK


def test_a_review_that_was_seen_elsewhere_in_a_crawl_that_failed_stays(
    crawling: Crawling, paper: Site
) -> None:
    """The page that still shows it is read once a day; in that crawl another page is refused."""
    source = reads(Kind.SITEMAP, url=f"{paper.url}/sitemap.xml")
    paper.pages = {"oud": ["1", "2"]}
    crawling.read(source)
    later(crawling, timedelta(hours=1))
    paper.pages |= {"nieuw": ["2"], "derde": ["3"]}
    crawling.read(source)
    later(crawling, timedelta(hours=20))
    paper.odd = _old_is_gone
    for hours in (4.5, 1, 1):  # the new page is read in the first, before the old one is missed
        later(crawling, timedelta(hours=hours))
        crawling.read(source)
    later(crawling, timedelta(hours=22.5))
    paper.odd = lambda name: Answer(403) if name == "derde" else _old_is_gone(name)
    crawling.read(source)
    paper.odd = _old_is_gone
    told = set()
    for _ in range(11):
        later(crawling, timedelta(hours=5))
        crawling.read(source)
        told |= removed(crawling)

    assert told == {"1"}


def test_on_a_large_site_each_page_is_read_before_a_review_is_told_as_removed(
    crawling: Crawling, paper: Site
) -> None:
    source = reads(Kind.SITEMAP, url=f"{paper.url}/sitemap.xml", pages=2)
    paper.pages = {"oud": ["1", "2"]}
    crawling.read(source)
    paper.pages |= {f"p{number}": [f"1{number}"] for number in range(12)}
    for _ in range(7):
        later(crawling, DAY / 2)
        crawling.read(source)
    del paper.pages["oud"]
    paper.pages["p5"].append("2")
    told = set()
    for _ in range(24):
        later(crawling, DAY / 2)
        crawling.read(source)
        told |= removed(crawling)

    assert told == {"1"}
