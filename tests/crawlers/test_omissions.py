"""A review that leaves a page which is still there is told as removed where the page would show it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from crawlers.omissions import Shown
from crawlers.parsers.page import Page
from demo.replica import Kind, Replica, Request, server, sitemap
from demo.replica.loopback import Answer
from demo.replica.posts import digest
from storage.models import Health
from storage.records import Kind as Sort
from storage.records import Record, Status
from storage.standing import Standing
from tests.crawlers.conftest import START, Crawling, Dead

OLD = "2026-11-01"
HALF_A_DAY = timedelta(hours=12)
SITE = "https://www.snelveld.example/ervaringen"


def on_day(number: int) -> datetime:
    """The reviews are numbered as they were written, one a day."""
    return START - timedelta(days=20 - number)


def standing(*numbers: int) -> list[Standing]:
    return [Standing("schema_org", str(number), SITE, on_day(number)) for number in numbers]


def showing(*numbers: int, expected: int | None = None, had: int = 0) -> Shown:
    records = tuple(
        Record(
            namespace="schema_org",
            external_id=str(number),
            kind=Sort.REVIEW,
            text="Traag",
            published_at=on_day(number),
        )
        for number in numbers
    )
    return Shown.of(Page(records, expected=expected), had)


def lacking(shown: Shown, stood: Sequence[Standing]) -> list[str]:
    return [post.external_id for post in shown.lacks(stood, shown.ids)[0]]


def test_a_page_of_all_reviews_would_show_each_when_it_became_shorter() -> None:
    assert lacking(showing(2, 9, 5, expected=3, had=4), standing(1, 2, 5, 9)) == ["1"]
    assert lacking(showing(9, 5, 2, expected=3, had=4), standing(1, 2, 5, 9)) == ["1"]


def test_what_a_page_has_room_for_may_be_all_that_it_counts() -> None:
    """A newer one took the place of the last; what stood between two that are there was taken away all the same."""
    assert lacking(showing(10, 9, 5, 2, expected=4, had=4), standing(1, 2, 5, 9)) == []
    assert lacking(showing(10, 9, 2, 1, expected=4, had=4), standing(1, 2, 5, 9)) == ["5"]
    assert lacking(showing(2, 10, 9, 5, expected=4, had=4), standing(1, 2, 5, 9)) == []


def test_what_was_missed_when_the_page_became_shorter_is_missing_still() -> None:
    shown = showing(9, 5, 2, expected=3, had=3)

    assert shown.lacks(standing(1, 2, 5, 9), shown.ids) == ([], [])
    assert shown.lacks(standing(1, 2, 5, 9), shown.ids, {"1"}) == (standing(1), [])


def test_a_page_of_the_newest_would_show_those_above_its_last() -> None:
    assert lacking(showing(9, 8, 6, 5, expected=400), standing(9, 8, 7, 6, 5, 4, 3)) == ["7"]


def test_the_last_of_a_page_may_stand_there_for_good() -> None:
    assert lacking(showing(9, 8, 7, 1, expected=400), standing(9, 8, 7, 6, 1)) == []


@pytest.mark.parametrize(
    ("shown", "stood"),
    [
        (showing(8, 9, 6, 5), standing(9, 8, 7, 6, 5)),  # not the newest first
        (showing(5, 6, 8, 9), standing(9, 8, 7, 6, 5)),  # the oldest first
        (showing(9, 5), standing(9, 7, 5)),  # too few to tell
        (showing(9, 6, 3, 1), standing(9, 8, 7, 6, 3, 1)),  # two of six
        (showing(4, 3, 2), standing(9)),  # nothing of what stood there
        (showing(4, 3, expected=2), standing(9, 8)),
        (showing(9, 8, 6, 5, expected=400), standing(4, 3)),  # may stand further down
    ],
)
def test_of_a_page_that_may_show_a_choice_nothing_is_said(shown: Shown, stood: list[Standing]) -> None:
    assert lacking(shown, stood) == []


@dataclass
class Shop:
    """Pages of reviews by name.

    `count` is how many a page says there are, None: as many as it shows. Reviews that are `damaged` say nothing,
    `named` says that they have ids, `block` is one more of the page's data, and pages that are `broken` fail. The
    site's map says of some when they `changed`.
    """

    pages: dict[str, list[int]] = field(default_factory=dict)
    count: int | None = None
    damaged: set[int] = field(default_factory=set)
    named: bool = True
    block: str = ""
    broken: set[str] = field(default_factory=set)
    changed: dict[str, str] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer:
        name, base = request.path.rsplit("/", 1)[1], f"http://{request.headers['host']}"
        if name == "sitemap.xml":
            entries = "".join(
                f"<url><loc>{base}/klanten/{page}</loc><lastmod>{self.changed.get(page, OLD)}</lastmod></url>"
                for page in self.pages
            )
            return Answer.of("application/xml", f'<urlset xmlns="{sitemap.SPACE}">{entries}</urlset>')
        if name in self.broken:
            return Answer.of("text/html", "", 500)
        numbers = self.pages[name]
        marked = {
            "@context": "https://schema.org",
            "@type": "Organization",
            "name": "Snelveld",
            "aggregateRating": {"ratingValue": 2.1, "reviewCount": self.count or len(numbers)},
            "review": [self._review(number) for number in numbers],
        }
        body = f'<script type="application/ld+json">{json.dumps(marked)}</script>{self.block}'
        form = f'"{digest(body)[:20]}"'
        if request.headers.get("if-none-match") == form:
            return Answer(304, b"", {"ETag": form})
        return Answer.of("text/html", body, ETag=form)

    def _review(self, number: int) -> dict[str, object]:
        review = {"@type": "Review", "datePublished": on_day(number).isoformat()}
        if self.named:
            review["@id"] = f"https://www.snelveld.example/beoordeling/{number}"
        if number not in self.damaged:
            review["reviewBody"] = f"Nummer {number} van Snelveld liet weken op zich wachten."
        return review


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop({"eerste": [12, 11, 10, 9, 8, 7]})
    monkeypatch.setattr(Replica, "_schema_org", lambda replica, asked, fault: shop.answer(asked))
    monkeypatch.setitem(server.PLAYED, Kind.SITEMAP, lambda asked, board, fault: shop.answer(asked))
    return shop


@pytest.fixture
def read(crawling: Crawling, shop: Shop) -> Callable[[], list[int]]:
    """A crawl, half a day after the one before: what counts as removed then."""

    def read() -> list[int]:
        outcome = crawling(Kind.SCHEMA_ORG, urls=[f"{SITE}/{name}" for name in shop.pages])
        crawling.clock.set(crawling.clock() + HALF_A_DAY)
        assert outcome.health is Health.OK
        lines = [line for line in crawling.mentions() if line["status"] == Status.REMOVED]
        return sorted(int(line["external_id"].rsplit("/", 1)[1]) for line in lines)

    return read


@pytest.mark.parametrize(
    ("count", "shown", "left"),
    [
        (None, [12, 11, 10, 9, 8], [7]),
        (None, [13, 12, 11, 9, 8, 7], [10]),
        (None, [13, 12, 11, 10, 9, 8], []),  # the page may have room for six
        (400, [13, 12, 11, 9, 8], [10]),  # and of the newest, the seventh fell out
    ],
)
def test_a_review_that_left_its_page_is_removed_when_it_is_missing_twice(
    shop: Shop, read: Callable[[], list[int]], count: int | None, shown: list[int], left: list[int]
) -> None:
    shop.count = count
    read()
    shop.pages["eerste"] = shown
    told = [read() for _ in range(4)]

    assert told == [[], left, left, left]


def test_what_was_too_much_at_once_hides_no_later_removal(shop: Shop, read: Callable[[], list[int]]) -> None:
    shop.count = 400
    read()
    shop.pages["eerste"] = [12, 9, 8, 7, 6, 5, 4]
    read()
    shop.pages["eerste"].remove(9)
    told = [read(), read()]
    shop.pages["eerste"] = [12, 11, 10, 8, 7, 6, 5, 4]  # there again after all
    read()
    shop.pages["eerste"].remove(10)
    told += [read(), read()]

    assert told == [[], [9], [9], [9, 10]]


def test_a_page_that_shows_again_what_it_lacked_shows_a_choice(
    shop: Shop, read: Callable[[], list[int]]
) -> None:
    shop.count = 400
    read()
    shop.pages["eerste"].remove(10)
    read()
    shop.pages["eerste"] = [12, 11, 10, 8, 7]
    told = [read() for _ in range(3)]

    assert told == [[], [], []]


def test_a_page_that_had_it_all_along_shows_no_choice(
    crawling: Crawling, shop: Shop, read: Callable[[], list[int]]
) -> None:
    shop.pages["tweede"] = [10, 4, 3, 2, 1]
    read()
    [shared] = [line for line in crawling.mentions() if line["external_id"].endswith("/10")]
    first = shared["url"].rsplit("/", 1)[1]
    [second] = {"eerste", "tweede"} - {first}
    own = next(number for number in shop.pages[second] if number != 10)
    shop.pages[first].remove(10)
    read()
    read()
    shop.pages[second].remove(own)
    told = [read(), read()]

    assert told == [[], [own]]


def test_a_review_that_moved_to_another_page_is_there(
    crawling: Crawling, shop: Shop, read: Callable[[], list[int]]
) -> None:
    """The other page had it before, and is unchanged: it is read whole to find out."""
    shop.pages["tweede"] = [10, 4, 3]
    read()
    [shared] = [line for line in crawling.mentions() if line["external_id"].endswith("/10")]
    shop.pages[shared["url"].rsplit("/", 1)[1]].remove(10)
    told = [read() for _ in range(4)]

    assert told == [[], [], [], []]


@pytest.mark.parametrize("named", [True, False])
def test_a_review_that_cannot_be_read_any_more_is_not_taken_for_removed(
    crawling: Crawling, shop: Shop, named: bool
) -> None:
    shop.named = named
    shop.pages["eerste"] = list(range(20, 0, -1))
    for _ in range(4):
        outcome = crawling(Kind.SCHEMA_ORG, urls=[f"{SITE}/eerste"])
        crawling.clock.set(crawling.clock() + HALF_A_DAY)
        shop.damaged = {10}

    assert outcome.health is Health.OK
    assert [line["status"] for line in crawling.mentions()] == [Status.VISIBLE] * 20


def test_a_review_that_moved_and_cannot_be_read_there_is_not_taken_for_removed(
    shop: Shop, read: Callable[[], list[int]]
) -> None:
    shop.pages["tweede"] = list(range(20, 12, -1))
    read()
    shop.pages["eerste"].remove(10)
    shop.pages["tweede"].append(10)
    shop.damaged = {10}
    told = [read() for _ in range(3)]

    assert told == [[], [], []]


@pytest.mark.parametrize(("count", "left"), [(400, []), (None, [10])])
def test_what_stood_in_a_block_that_broke_is_not_taken_for_removed(
    shop: Shop, read: Callable[[], list[int]], count: int | None, left: list[int]
) -> None:
    """Unless the page says that what was read is all there is."""
    shop.count = count
    read()
    shop.pages["eerste"].remove(10)
    shop.block = '<script type="application/ld+json">{"@type": "Review", "@id"</script>'
    told = [read() for _ in range(2)]

    assert told == [[], left]


def test_while_a_page_cannot_be_read_nothing_is_missed(crawling: Crawling, shop: Shop) -> None:
    crawling.settings = {"RETRY_TIMES": 0}
    shop.pages["tweede"] = [10, 4, 3]
    for _ in range(4):
        crawling(Kind.SCHEMA_ORG, urls=[f"{SITE}/{name}" for name in shop.pages])
        crawling.clock.set(crawling.clock() + HALF_A_DAY)
        [shared] = [line for line in crawling.mentions() if line["external_id"].endswith("/10")]
        page = shared["url"].rsplit("/", 1)[1]
        shop.pages[page] = [number for number in shop.pages[page] if number != 10]
        shop.broken = shop.pages.keys() - {page}

    assert shared["status"] == Status.VISIBLE


def test_what_a_crawl_read_in_which_another_page_failed_is_missing_too(
    crawling: Crawling, shop: Shop
) -> None:
    """The page does not change after that, and its server would not send it again."""
    crawling.settings = {"RETRY_TIMES": 0}
    shop.pages["tweede"] = [4, 3]
    removed = []
    for broken in ((), ("tweede",), (), ()):
        shop.broken = set(broken)
        if broken:
            shop.pages["eerste"].remove(10)
        outcome = crawling(Kind.SCHEMA_ORG, urls=[f"{SITE}/{name}" for name in shop.pages])
        removed.append(outcome.counts["removed"])
        crawling.clock.set(crawling.clock() + HALF_A_DAY)

    assert removed == [0, 0, 1, 0]


def test_what_was_read_for_the_first_time_by_a_killed_crawl_is_missing_too(
    crawling: Crawling, shop: Shop, read: Callable[[], list[int]]
) -> None:
    shop.pages["tweede"] = [6, 5, 4, 3, 2, 1]
    for crawling.lives in range(1, 9):
        with pytest.raises(Dead):
            read()
        if crawling.mentions():
            break
    crawling.lives = None
    stored = {int(line["external_id"].rsplit("/", 1)[1]) for line in crawling.mentions()}
    [page] = (numbers for numbers in shop.pages.values() if set(numbers) == stored)
    last = page.pop()
    told = [read(), read()]

    assert told == [[], [last]]


def test_one_that_was_seen_in_between_is_missing_anew(
    crawling: Crawling, shop: Shop, read: Callable[[], list[int]]
) -> None:
    shop.pages["tweede"] = [10, 4, 3]
    read()
    [shared] = [line for line in crawling.mentions() if line["external_id"].endswith("/10")]
    first = shared["url"].rsplit("/", 1)[1]
    [second] = {"eerste", "tweede"} - {first}
    shop.pages[first].remove(10)
    told = [read(), read()]
    shop.pages[second].remove(10)
    shop.pages[first].insert(0, 15)
    told += [read(), read()]

    assert told == [[], [], [], [10]]


def by_map(crawling: Crawling, crawls: int, **changes: object) -> list[list[str]]:
    """What counts as removed after crawls of the site's map, two a day."""
    told = []
    for _ in range(crawls):
        crawling(Kind.SITEMAP, **changes)
        crawling.clock.set(crawling.clock() + HALF_A_DAY)
        lines = [line for line in crawling.mentions() if line["status"] == Status.REMOVED]
        told.append(sorted(line["external_id"].rsplit("/", 1)[1] for line in lines))
    return told


def test_of_a_mapped_site_it_is_told_when_all_pages_were_read_once_more(
    crawling: Crawling, shop: Shop
) -> None:
    shop.pages["tweede"] = [6, 5, 4]
    by_map(crawling, 3)
    shop.pages["eerste"].remove(10)
    told = by_map(crawling, 8)

    assert told[:3] == [[], [], []]
    assert told[-1] == ["10"]


@pytest.mark.parametrize(("pages", "fails"), [(1, False), (50, True)])
def test_a_review_that_moved_to_a_page_that_is_read_less_often_stays(
    crawling: Crawling, shop: Shop, pages: int, fails: bool
) -> None:
    """By crawls that never come to it, or only in such as can tell of nothing, since another page fails."""
    crawling.settings = {"RETRY_TIMES": 0}
    shop.pages |= {"tweede": [31], "derde": [32]}
    by_map(crawling, 4, pages=pages)
    shop.pages["eerste"].remove(10)
    shop.pages["tweede"].append(10)
    told = []
    for turn in range(12):
        shop.changed = {"eerste": f"2026-12-{turn + 1:02}"}
        shop.broken = {"derde"} if fails and turn % 2 == 0 else set()
        told += by_map(crawling, 1, pages=pages)

    assert told == [[]] * 12
