"""App Store Connect: replies beside the reviews, links to the next page, and tokens that are signed here."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.job import Job
from crawlers.parameters.apps import AppStoreConnectParameters
from crawlers.parsers.app_store_connect import parse
from crawlers.parsers.page import FormatChanged
from crawlers.spiders.app_store_connect import AppStoreConnectSpider
from crawlers.spiders.recent import Reading
from demo.replica import Fault, Kind
from storage.configuration import secret_variable
from storage.mentions import StoreCounts
from storage.models import Health
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling
from tests.crawlers.keys import CURVED, pem
from tests.crawlers.payloads_apps import CONNECT_RESPONSE, connect, connect_review, written_out

KIND = Kind.APP_STORE_CONNECT


def read(*reviews: object, **changes: Any) -> Any:
    return parse(written_out(connect(*reviews, **changes)))


def test_a_review_becomes_a_record() -> None:
    page = read(connect_review())
    [record] = page.records

    assert record.namespace == "app_store_connect"
    assert record.external_id == "00000010-aaaa-bbbb-cccc-0000deadbeef"
    assert (record.title, record.text) == (
        "Inloggen lukt niet meer",
        "Sinds de update krijg ik steeds fout 403.",
    )
    assert (record.rating, record.rating_min, record.rating_max) == (1, 1, 5)
    assert (record.author_name, record.kind.value, record.language) == ("reiziger_nl", "review", None)
    assert record.published_at == datetime(2026, 11, 17, 12, 12, 9, tzinfo=UTC)
    assert record.reply is not None
    assert record.reply.text == "Dit is verholpen in 8.14.3."
    assert record.reply.at == datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert (page.next, page.expected) == ("cursor=x", 812)


@pytest.mark.parametrize(
    "included",
    [
        None,
        [],
        [7],
        [CONNECT_RESPONSE | {"id": "resp-2"}],
        [CONNECT_RESPONSE | {"type": "apps"}],
        [CONNECT_RESPONSE | {"attributes": CONNECT_RESPONSE["attributes"] | {"state": "PENDING_PUBLISH"}}],
    ],
)
def test_a_reply_that_is_not_there_or_not_public_costs_nothing(included: object) -> None:
    [record] = read(connect_review(), included=included).records

    assert record.reply is None


@pytest.mark.parametrize(
    "bad", [None, {"id": "x"}, connect_review(rating="vijf"), connect_review(rating=9), connect_review("")]
)
def test_a_bad_review_costs_its_neighbours_nothing(bad: object) -> None:
    page = read(bad, connect_review("goed"))

    assert ([one.external_id for one in page.records], len(page.problems)) == (["goed"], 1)


def test_a_review_without_a_rating_is_known_by_its_id() -> None:
    [problem] = read(connect_review("slecht", rating="vijf")).problems

    assert problem.identity == "slecht"


@pytest.mark.parametrize(
    "links", [{}, None, {"next": None}, {"next": "https://x.example/v1"}, {"next": "http://["}]
)
def test_without_a_link_that_goes_on_this_was_the_last_page(links: object) -> None:
    assert read(connect_review(), links=links).next is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"errors": []}', b'{"data": {}}'])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


def test_pages_follow_their_links_but_never_to_another_place(crawling: Crawling) -> None:
    show(crawling, posts(KIND, 450))
    first, again = crawling(KIND), crawling(KIND)
    asked = crawling.asked()

    # The links name Apple's own server; the replica is asked all the same.
    assert (first.health, first.counts["new"], again.counts["new"]) == (Health.OK, 450, 0)
    assert asked[0] == (
        "/v1/apps/987654321/customerReviews?sort=-createdDate&limit=200"
        "&filter%5Bterritory%5D=NLD&include=response"
    )
    assert asked[1:] == [f"{asked[0]}&cursor=200.NLD", f"{asked[0]}&cursor=400.NLD", asked[0]]


def test_half_a_character_in_a_link_is_survived() -> None:
    wanted = AppStoreConnectParameters(app_id="987654321")
    job = Job("bron", KIND.value, wanted, None, now=lambda: START, store=lambda _: StoreCounts())
    spider = AppStoreConnectSpider(job)

    cursor = read(connect_review(), links={"next": "https://api.example/v1?cursor=\ud800"}).next
    assert spider.address(Reading("NLD", None, False), cursor).endswith("&cursor=%3F")


def test_another_country_is_another_store(crawling: Crawling) -> None:
    show(crawling, posts(KIND, 2) + posts(KIND, 3, first=5, place="BEL/987654321"))

    assert crawling(KIND, country="be").counts["new"] == 3


def test_a_late_reply_and_a_removal_are_found_by_reading_a_month_again(crawling: Crawling) -> None:
    shown = show(crawling, posts(KIND, 500))
    crawling(KIND)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.posts.reply(shown[450].key, "Verholpen in 8.14.3.")
    crawling.replica.posts.remove(shown[460].key)
    outcome = crawling(KIND)

    assert (outcome.health, outcome.counts["replied"], outcome.counts["removed"]) == (Health.OK, 1, 1)
    assert crawling.asked()[-1] == f"/v1/customerReviews/{shown[460].key}"


def test_a_review_that_is_gone_from_the_first_page_is_removed_by_the_next_crawl(crawling: Crawling) -> None:
    shown = show(crawling, posts(KIND, 5) + posts(KIND, 5, first=1000))
    crawling(KIND)
    crawling.replica.posts.remove(shown[7].key)
    outcome, again = crawling(KIND), crawling(KIND)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)


def test_a_token_is_signed_anew_before_it_runs_out(crawling: Crawling) -> None:
    show(crawling, posts(KIND, 650))
    crawling.replica._watch = lambda _: crawling.clock.advance(timedelta(minutes=8))
    outcome = crawling(KIND, timeout=3600)
    sent = {one.headers["authorization"] for one in crawling.replica.requests if "cursor" in one.target}

    assert (outcome.health, outcome.counts["new"], len(sent)) == (Health.OK, 650, 3)


@pytest.mark.parametrize(("name", "value"), [("key_id", "andere"), ("private_key", "geen sleutel")])
def test_a_key_that_does_not_fit_is_named_with_its_variables(
    crawling: Crawling,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(secret_variable(KIND.value, name), value)
    outcome = crawling(KIND)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert secret_variable(KIND.value, name) in str(outcome.reason)
    assert value not in f"{outcome.reason} {caplog.text}"
    assert pem(CURVED).splitlines()[1] not in caplog.text


def test_reviews_without_times_are_another_form(crawling: Crawling) -> None:
    show(crawling, posts(KIND, 8))
    crawling.replica.faults.set(KIND, Fault.NO_DATES)
    outcome = crawling(KIND)

    assert (outcome.health, outcome.stats["cause"]) == (Health.FORMAT_CHANGED, "no_dates")
