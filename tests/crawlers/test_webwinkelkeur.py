"""WebwinkelKeur: ratings without ids and times, and a code in the address that nobody may see."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from crawlers.causes import Cause
from crawlers.parsers.page import Blocked, FormatChanged, Page
from crawlers.parsers.webwinkelkeur import parse
from crawlers.secrets import BLOT
from demo.replica import Fault, Kind, Post
from demo.replica.keyed import KEY
from demo.replica.loopback import Answer
from storage.database import Database
from storage.models import Health
from storage.records import Status
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling, configured, crawl, known
from tests.crawlers.payloads_reviews import webwinkelkeur_page

SHOP = Kind.WEBWINKELKEUR


def read(body: bytes, start: int = 0) -> Page:
    return parse(body, "1234", start)


def test_a_rating_becomes_a_record() -> None:
    page = read(webwinkelkeur_page({}))
    [record] = page.records

    assert record.namespace == "webwinkelkeur:1234"
    assert len(record.external_id) == 64
    assert (record.title, record.text, record.author_name) == (None, "Retour duurde vijf weken.", "Fatima")
    assert (record.rating, record.rating_min, record.rating_max) == (2, 1, 5)
    assert record.published_at == datetime(2026, 11, 14, 23, tzinfo=UTC)  # a day of Dutch time
    assert (page.expected, page.next) == (97, "1")


def test_the_address_of_who_wrote_it_is_dropped() -> None:
    assert "prive@example.org" not in str(read(webwinkelkeur_page({})))


@pytest.mark.parametrize(
    "change", [{"name": "Els"}, {"date": "2026-11-16"}, {"rating": 1}, {"comment": "Top"}]
)
def test_a_rating_is_known_by_what_it_says(change: dict[str, object]) -> None:
    first, same, other = (
        read(webwinkelkeur_page({}, {"read": False, "ratings": {}}, change)).records[0],
        *(
            read(webwinkelkeur_page(one)).records[0]
            for one in ({"comment": " Retour  duurde vijf weken."}, change)
        ),
    )

    assert first.external_id == same.external_id != other.external_id


def test_a_rating_of_another_shop_is_another_one() -> None:
    [one], [other] = (parse(webwinkelkeur_page({}), shop).records for shop in ("1", "2"))

    assert (one.namespace, one.external_id) != (other.namespace, other.external_id)


def test_a_rating_in_quarantine_is_not_public() -> None:
    [record] = read(webwinkelkeur_page({"quarantine": True})).records

    assert record.status is Status.REMOVED


def test_the_last_page_is_known_by_the_total() -> None:
    assert read(webwinkelkeur_page({}), 96).next is None
    assert read(webwinkelkeur_page(), 0).next is None


def test_a_bad_rating_costs_no_good_one() -> None:
    page = read(webwinkelkeur_page({"rating": 7}, {"rating": None, "comment": None}, {}))

    assert (len(page.records), len(page.problems)) == (1, 2)


def test_no_success_is_a_key_that_does_not_fit() -> None:
    with pytest.raises(Blocked) as caught:
        read(webwinkelkeur_page(status="error"))

    assert caught.value.cause is Cause.KEY


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"status": "success"}', b"<html>"])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        read(body)


def test_reading_stops_at_what_is_known(crawling: Crawling) -> None:
    show(crawling, posts(SHOP, 350))
    first = crawling(SHOP)
    since = len(crawling.replica.requests)
    crawling.clock.advance(timedelta(hours=1))
    show(crawling, [Post(SHOP, "Weer niet geleverd door snelveld", crawling.clock(), author="Els", rating=1)])
    again = crawling(SHOP)

    assert (first.counts["new"], again.counts["new"]) == (350, 1)
    assert len(crawling.asked(since)) == 2


def test_an_answer_in_another_encoding_that_it_names_is_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.loads(webwinkelkeur_page({"comment": "Één café"}))
    body = json.dumps(found, ensure_ascii=False).encode("iso-8859-1")
    answer = Answer(200, body, {"Content-Type": "application/json; charset=iso-8859-1"})
    monkeypatch.setattr(crawling.replica, "_played", lambda *_: answer)
    crawling(SHOP)

    assert [line["text"] for line in crawling.mentions()] == ["Één café"]


def test_a_rating_that_is_put_in_quarantine_is_removed(crawling: Crawling) -> None:
    post = posts(SHOP, 1)[0]
    show(crawling, [post, *posts(SHOP, 2, first=1)])
    crawling(SHOP)
    object.__setattr__(crawling.replica.posts[post.key], "visibility", "private")
    outcome = crawling(SHOP)

    assert (outcome.counts["removed"], outcome.health) == (1, Health.OK)


def test_a_rating_that_was_never_public_is_not_kept(crawling: Crawling) -> None:
    show(crawling, posts(SHOP, 2, visibility="private") + posts(SHOP, 1, first=5))
    crawling(SHOP)

    assert len(crawling.mentions()) == 1


def test_a_code_that_is_refused_is_named_and_never_shown(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_WEBWINKELKEUR_CODE", "verlopen-code")
    outcome = crawling(SHOP)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert "verlopen-code" not in str(outcome)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, None])
def test_the_code_is_nowhere_but_in_the_request(
    crawling: Crawling,
    database: Database,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    fault: Fault | None,
) -> None:
    show(crawling, posts(SHOP, 2))
    if fault:
        crawling.replica.faults.set(SHOP, fault)
    result = crawl(database, known(database, configured(crawling.replica.url, SHOP)), "webwinkelkeur", START)
    told = capfd.readouterr()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert result.health is (Health.BROKEN if fault else Health.OK)
    assert any(KEY in target for target in crawling.asked())
    assert KEY not in f"{result}{told.out}{told.err}"
    assert KEY.encode() not in kept


def test_a_fault_of_our_own_is_logged_without_the_code(
    crawling: Crawling, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    show(crawling, posts(SHOP, 2))
    with database.write() as session:
        session.execute(text("DROP TABLE mention_version"))
    result = crawl(database, known(database, configured(crawling.replica.url, SHOP)), "webwinkelkeur", START)
    told = capfd.readouterr().err

    assert (result.health, result.cause) == (Health.BROKEN, "error")
    assert f"code={BLOT}" in told
    assert KEY not in f"{told}{result}"
