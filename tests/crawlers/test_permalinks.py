"""What a source shows no more is looked up at its own address, and removed when it is gone from there."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from crawlers.causes import Cause
from crawlers.permalinks import RECENT
from crawlers.spiders.permalinks import NOT_FOR_US
from demo.replica import Fault, Kind, Post, Replica, Request, feeds, server, sitemap
from demo.replica.faults import PERMALINKS
from demo.replica.feeds import MOST_ITEMS
from demo.replica.loopback import Answer
from demo.replica.posts import digest
from storage.configuration import Configuration
from storage.models import Health
from storage.records import Status
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling, configured

HALF_A_DAY = timedelta(hours=12)
FALLEN_OUT = 3


@pytest.fixture
def articles(crawling: Crawling) -> list[str]:
    """The keys of articles that were in a feed, newest first, of which the last ones are shown no more."""
    old = show(crawling, posts(Kind.FEED, MOST_ITEMS, first=1))
    crawling(Kind.FEED)
    crawling.clock.set(START + timedelta(minutes=1))
    return [post.key for post in [*newer(crawling, FALLEN_OUT), *old]]


def newer(crawling: Crawling, number: int) -> list[Post]:
    return show(crawling, [replace(post, published_at=START) for post in posts(Kind.FEED, number, first=200)])


def removed(crawling: Crawling) -> set[str]:
    return {one["external_id"] for one in crawling.mentions() if one["status"] == Status.REMOVED}


def later(crawling: Crawling, pause: timedelta = HALF_A_DAY) -> None:
    crawling.clock.set(crawling.clock() + pause)


def looked_up(crawling: Crawling, since: int) -> list[str]:
    return [
        target.removeprefix("/nieuws/") for target in crawling.asked(since) if target.startswith("/nieuws/")
    ]


def test_an_article_that_left_the_feed_and_its_site_is_removed_at_the_second_look(
    crawling: Crawling, articles: list[str]
) -> None:
    crawling.replica.posts.remove(articles[-1])

    crawling(Kind.FEED)
    at_once = removed(crawling)
    later(crawling)
    outcome = crawling(Kind.FEED)

    assert at_once == set()
    assert removed(crawling) == {articles[-1]}
    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 1)


def test_what_is_shown_is_not_looked_up_and_the_rest_once_a_day(
    crawling: Crawling, articles: list[str]
) -> None:
    start = len(crawling.replica.requests)
    crawling(Kind.FEED)
    first = looked_up(crawling, start)
    later(crawling)
    start = len(crawling.replica.requests)
    crawling(Kind.FEED)
    same_day = looked_up(crawling, start)
    later(crawling)
    crawling(Kind.FEED)

    assert sorted(first) == sorted(articles[-FALLEN_OUT:])
    assert same_day == []
    assert sorted(looked_up(crawling, start)) == sorted(articles[-FALLEN_OUT:])
    assert removed(crawling) == set()


def test_an_unchanged_feed_shows_what_it_held(crawling: Crawling, articles: list[str]) -> None:
    crawling.replica.posts.remove(articles[-1])
    crawling(Kind.FEED)
    later(crawling)
    start = len(crawling.replica.requests)

    outcome = crawling(Kind.FEED)

    assert outcome.stats["not_modified"] == 1
    missing, control = looked_up(crawling, start)
    assert missing == articles[-1]
    assert control in articles[:MOST_ITEMS]
    assert removed(crawling) == {articles[-1]}


def test_one_that_is_there_again_is_not_removed(crawling: Crawling, articles: list[str]) -> None:
    crawling.replica.faults.set(PERMALINKS, Fault.NOT_FOUND, times=1)
    crawling(Kind.FEED)
    for _ in range(3):
        later(crawling)
        crawling(Kind.FEED)

    assert removed(crawling) == set()


def test_a_site_that_shows_us_no_article_at_all_tells_nothing(
    crawling: Crawling, articles: list[str]
) -> None:
    crawling.replica.faults.set(PERMALINKS, Fault.NOT_FOUND)
    for _ in range(4):
        start = len(crawling.replica.requests)
        outcome = crawling(Kind.FEED)
        later(crawling)

    assert removed(crawling) == set()
    assert outcome.health is Health.OK
    assert len(looked_up(crawling, start)) <= FALLEN_OUT + 1


def test_an_article_that_is_still_shown_proves_that_the_site_answers(
    crawling: Crawling, articles: list[str]
) -> None:
    for key in articles[-FALLEN_OUT:]:
        crawling.replica.posts.remove(key)
    for _ in range(2):
        crawling(Kind.FEED)
        later(crawling)

    assert removed(crawling) == set(articles[-FALLEN_OUT:])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.FIREWALL, {NOT_FOR_US}),
        (Fault.INTERSTITIAL, {NOT_FOR_US}),
        (Fault.SERVER_ERROR, {NOT_FOR_US}),
        (Fault.UNAVAILABLE, {NOT_FOR_US}),
        (Fault.RESET, {NOT_FOR_US}),
        (Fault.TRUNCATED, {NOT_FOR_US}),
    ],
)
def test_a_site_that_keeps_its_articles_from_us_is_asked_again_in_a_day(
    crawling: Crawling, articles: list[str], fault: Fault, said: set[str]
) -> None:
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.posts.remove(articles[-1])
    crawling.replica.faults.set(PERMALINKS, fault)
    outcome = crawling(Kind.FEED)
    later(crawling)
    start = len(crawling.replica.requests)
    crawling(Kind.FEED)

    assert outcome.health is Health.OK
    assert set(outcome.stats["notes"]) == said
    assert looked_up(crawling, start) == []
    crawling.replica.faults.clear()
    for _ in range(3):
        later(crawling)
        crawling(Kind.FEED)
    assert removed(crawling) == {articles[-1]}


def test_a_site_that_asks_for_fewer_requests_gets_none(crawling: Crawling, articles: list[str]) -> None:
    crawling.replica.faults.set(PERMALINKS, Fault.RATE_LIMITED, retry_after=1800)

    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, Cause.RATE_LIMITED)
    assert outcome.retry_after == timedelta(minutes=30)


def test_what_robots_txt_closes_is_not_looked_up(crawling: Crawling, articles: list[str]) -> None:
    crawling.replica.faults.set(PERMALINKS, Fault.ROBOTS_DISALLOW)
    start = len(crawling.replica.requests)

    outcome = crawling(Kind.FEED)

    assert looked_up(crawling, start) == []
    assert outcome.health is Health.OK


def test_a_crawl_looks_up_ten_at_most(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, MOST_ITEMS, first=1))
    crawling(Kind.FEED)
    newer(crawling, MOST_ITEMS)
    asked: list[str] = []
    for _ in range(3):
        start = len(crawling.replica.requests)
        crawling(Kind.FEED)
        asked += looked_up(crawling, start)
        later(crawling, timedelta(hours=1))

    assert len(asked) == len(set(asked)) == MOST_ITEMS


@pytest.fixture
def other() -> Iterator[Replica]:
    """Another site, which shows nothing of what is said to stand on it."""
    with Replica() as replica:
        yield replica


def elsewhere(crawling: Crawling, *sites: Replica) -> Configuration:
    """A source of the feed, which may look up articles on these sites too."""
    url = f"{crawling.replica.url}/feeds/snelveld.rss"
    made = configured(crawling.replica.url, Kind.FEED, url=url, sites=[site.url for site in sites])
    return made.model_copy(update={"source": (made.source[0].model_copy(update={"base_url": None}),)})


@pytest.mark.parametrize("named", [False, True])
def test_no_site_is_asked_that_the_configuration_does_not_name(
    crawling: Crawling, other: Replica, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    monkeypatch.setattr(feeds, "article_address", lambda request, post: f"{other.url}/nieuws/{post.key}")
    source = elsewhere(crawling, *[other] * named)
    show(crawling, posts(Kind.FEED, MOST_ITEMS, first=1))
    crawling.read(source)
    newer(crawling, MOST_ITEMS)
    crawling.read(source)

    assert len(crawling.mentions()) == 2 * MOST_ITEMS
    assert looked_up(crawling, 0) == []
    assert any(one.path.startswith("/nieuws/") for one in other.requests) == named


def test_one_site_that_answers_says_nothing_of_another(
    crawling: Crawling, other: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, sites = elsewhere(crawling, other), [crawling.replica.url, other.url]
    monkeypatch.setattr(
        feeds, "article_address", lambda request, post: f"{sites[int(post.key, 16) % 2]}/nieuws/{post.key}"
    )
    show(crawling, posts(Kind.FEED, MOST_ITEMS, first=1))
    crawling.read(source)
    newer(crawling, MOST_ITEMS)
    for _ in range(4):
        crawling.read(source)
        later(crawling)

    assert looked_up(crawling, 0)
    assert any(one.path.startswith("/nieuws/") for one in other.requests)
    assert removed(crawling) == set()


def test_old_articles_are_let_be(crawling: Crawling, articles: list[str]) -> None:
    crawling.replica.posts.remove(articles[-1])
    later(crawling, RECENT + timedelta(days=1))
    start = len(crawling.replica.requests)
    for _ in range(2):
        crawling(Kind.FEED)
        later(crawling)

    assert looked_up(crawling, start) == []
    assert removed(crawling) == set()


class Shop:
    """Pages of reviews by name; a review is told by its id."""

    def __init__(self, kind: Kind, pages: dict[str, list[str]]) -> None:
        self.kind, self.pages = kind, pages
        self.mapped = list(pages)
        """What the site's map names."""
        self.alone: set[str] = set()
        """Reviews that say that they stand at an address of their own, where they do."""

    @property
    def changes(self) -> dict[str, object]:
        """The parameters that a source of these pages has."""
        urls = [f"https://www.snelveld.example/ervaringen/{name}" for name in self.pages]
        return {"urls": urls} if self.kind is Kind.SCHEMA_ORG else {}

    def answer(self, request: Request) -> Answer:
        name, base = request.path.rsplit("/", 1)[1], f"http://{request.headers['host']}"
        if name == "sitemap.xml":
            entries = "".join(f"<url><loc>{base}/klanten/{page}</loc></url>" for page in self.mapped)
            return Answer.of("application/xml", f'<urlset xmlns="{sitemap.SPACE}">{entries}</urlset>')
        if name not in self.pages:
            return Answer.of("text/html", "", 200 if name in self.alone else 404)
        body = self._page(base, self.pages[name])
        form = f'"{digest(body)[:20]}"'
        if request.headers.get("if-none-match") == form:
            return Answer(304, b"", {"ETag": form})
        return Answer.of("text/html", body, ETag=form)

    def _page(self, base: str, names: list[str]) -> str:
        reviews = [
            {
                "@type": "Review",
                "@id": f"https://www.snelveld.example/beoordeling/{name}",
                "datePublished": "2026-11-20",
                "reviewBody": f"Nummer {name} van Snelveld.",
                **({"url": f"{base}/beoordeling/{name}"} if name in self.alone else {}),
            }
            for name in names
        ]
        return f'<script type="application/ld+json">{json.dumps(reviews)}</script>'


@pytest.fixture(params=[Kind.SCHEMA_ORG, Kind.SITEMAP])
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Two pages that share a review, and a third."""
    shop = Shop(request.param, {"eerste": ["1", "2"], "tweede": ["2", "3"], "derde": ["4"]})
    monkeypatch.setattr(Replica, "_schema_org", lambda replica, asked, fault: shop.answer(asked))
    monkeypatch.setattr(Replica, "_permalink", lambda replica, asked: shop.answer(asked))
    monkeypatch.setitem(server.PLAYED, Kind.SITEMAP, lambda asked, board, fault: shop.answer(asked))
    return shop


def numbers(found: set[str]) -> set[str]:
    return {key.rsplit("/", 1)[1] for key in found}


def days(crawling: Crawling, shop: Shop, number: int, **changes: object) -> list[set[str]]:
    """Crawls twice a day, and what was removed after each."""
    told = []
    for _ in range(2 * number):
        crawling(shop.kind, **changes)
        told.append(numbers(removed(crawling)))
        later(crawling)
    return told


@pytest.mark.parametrize("mapped", [True, False])
def test_the_reviews_of_a_page_that_is_gone_are_removed(crawling: Crawling, shop: Shop, mapped: bool) -> None:
    changes = shop.changes
    days(crawling, shop, 2, **changes)
    del shop.pages["derde"]
    if not mapped:
        shop.mapped.remove("derde")

    told = days(crawling, shop, 4, **changes)

    assert told[0] == set()
    assert told[-1] == {"4"}


def test_a_review_that_also_stands_on_another_page_stays(crawling: Crawling, shop: Shop) -> None:
    changes = shop.changes
    days(crawling, shop, 2, **changes)
    [shared] = [one for one in crawling.mentions() if one["external_id"].endswith("/2")]
    page = shared["url"].rsplit("/", 1)[1]
    other = {"eerste": "tweede", "tweede": "eerste"}[page]
    alone = {"eerste": "1", "tweede": "3"}[page]
    del shop.pages[page]

    told = days(crawling, shop, 6, **changes)

    assert other in shop.pages
    assert all(one in (set(), {alone}) for one in told)
    assert told[-1] == {alone}


def test_a_page_that_is_away_for_a_moment_loses_nothing(crawling: Crawling, shop: Shop) -> None:
    changes, reviews = shop.changes, shop.pages["derde"]
    days(crawling, shop, 2, **changes)
    del shop.pages["derde"]
    crawling(shop.kind, **changes)
    shop.pages["derde"] = reviews

    told = days(crawling, shop, 6, **changes)

    assert told[-1] == set()


def test_a_page_that_shows_newer_reviews_is_not_looked_up(crawling: Crawling, shop: Shop) -> None:
    changes = shop.changes
    days(crawling, shop, 1, **changes)
    shop.pages["derde"] = ["5"]
    crawling(shop.kind, **changes)
    start = len(crawling.replica.requests)

    days(crawling, shop, 2, **changes)

    assert max(Counter(crawling.asked(start)).values()) <= 4  # in four crawls
    assert removed(crawling) == set()


def test_a_map_without_news_keeps_nobody_from_looking(crawling: Crawling, shop: Shop) -> None:
    changes = shop.changes
    crawling(shop.kind, **changes)
    later(crawling, timedelta(hours=1))
    del shop.pages["derde"]
    shop.mapped.remove("derde")
    start = len(crawling.replica.requests)

    crawling(shop.kind, **changes)

    assert any(address.endswith("/derde") for address in crawling.asked(start))


def test_a_review_with_an_address_of_its_own_is_looked_up_there(crawling: Crawling, shop: Shop) -> None:
    changes = shop.changes
    shop.alone = {"1", "2", "3", "4", "5", "6"}
    shop.pages["derde"] = ["4", "5", "6"]
    days(crawling, shop, 1, **changes)
    shop.pages["derde"] = ["6"]  # the fourth moved on, the fifth was taken away
    shop.alone.remove("5")

    told = days(crawling, shop, 6, **changes)

    assert told[0] == set()
    assert told[-1] == {"5"}


def test_while_no_page_answers_nothing_is_removed(crawling: Crawling, shop: Shop) -> None:
    changes = shop.changes
    days(crawling, shop, 2, **changes)
    shop.pages = {}

    assert days(crawling, shop, 4, **changes)[-1] == set()
