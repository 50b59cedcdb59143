"""The Play Developer API: a week of reviews, the same ones as in the public list, by any of three ways to sign in."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from crawlers.parsers import google_play
from crawlers.parsers.page import FormatChanged
from crawlers.parsers.play_developer import parse
from crawlers.secrets import missing
from demo.replica import Fault, Kind, Post
from demo.replica.keyed import SIGNED_IN
from storage.configuration import secret_variable
from storage.models import Health
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling, configured
from tests.crawlers.keys import service_account
from tests.crawlers.payloads_apps import (
    DEVELOPER_REVIEW,
    PACKAGE,
    developer,
    developer_review,
    play,
    play_page,
    play_review,
    written_out,
)

KIND = Kind.PLAY_DEVELOPER


def read(*reviews: object, **changes: Any) -> Any:
    return parse(written_out(developer(*reviews, **changes)), PACKAGE)


def test_a_review_becomes_a_record() -> None:
    page = read(developer_review())
    [record] = page.records

    assert record.external_id == "a1b2c3d4-0000-4000-8000-abcdefabcdef"
    assert (record.text, record.language, record.kind.value) == ("Crasht bij het openen.", "nl", "review")
    assert (record.rating, record.rating_min, record.rating_max, record.likes) == (1, 1, 5, 7)
    assert (record.author_name, record.author_id) == ("Henk", None)
    assert record.published_at == datetime.fromtimestamp(1794998642, UTC)
    assert record.reply is not None
    assert record.reply.at == datetime.fromtimestamp(1795085042, UTC)
    assert page.next == "x"


def test_the_public_list_and_the_interface_say_the_same_of_one_review() -> None:
    [told] = read(developer_review()).records
    [listed] = google_play.parse(play(play_page(play_review())), PACKAGE, "nl").records

    assert told == listed


def test_the_last_words_of_both_count() -> None:
    first, last = DEVELOPER_REVIEW["comments"]
    again = {"userComment": first["userComment"] | {"text": "Nu weer."}}
    [record] = read(developer_review(comments=[first, last, again])).records

    assert (record.text, record.reply and record.reply.text) == ("Nu weer.", last["developerComment"]["text"])


@pytest.mark.parametrize(
    "bad",
    [
        None,
        developer_review(comments=[]),
        developer_review(comments=None),
        developer_review(comments=[{"developerComment": {"text": "Dag"}}]),
        developer_review(comments=[{"userComment": {"text": "", "starRating": "x"}}]),
        developer_review(reviewId=None),
    ],
)
def test_a_bad_review_costs_its_neighbours_nothing(bad: object) -> None:
    page = read(bad, developer_review(reviewId="goed"))

    assert ([one.external_id for one in page.records], len(page.problems)) == (["goed"], 1)


def test_a_review_without_words_of_its_writer_is_known_by_its_id() -> None:
    [problem] = read(developer_review(comments=[])).problems

    assert problem.identity == developer_review()["reviewId"]


def test_a_week_without_reviews_is_an_empty_answer() -> None:
    assert (parse(b"{}", PACKAGE).entries, parse(b'{"tokenPagination": {}}', PACKAGE).next) == (0, None)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reviews": {}}', b'{"comments": []}'])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body, PACKAGE)


def test_pages_follow_by_their_token(crawling: Crawling) -> None:
    show(crawling, posts(KIND, 150))
    first, again = crawling(KIND), crawling(KIND)
    place = "/androidpublisher/v3/applications/nl.snelveld.app/reviews?maxResults=100"

    assert (first.health, first.counts["new"], again.counts["new"]) == (Health.OK, 150, 0)
    assert crawling.asked() == [place, f"{place}&token=volgende-100"] * 2


def test_the_list_is_read_to_its_end_in_whatever_order_it_stands(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.replica.play_developer._changed", oldest_first)
    shown = show(crawling, posts(KIND, 120, first=1))
    crawling(KIND)
    show(crawling, posts(KIND, 1))
    crawling.replica.posts.remove(shown[60].key)
    outcome = crawling(KIND)

    assert (outcome.health, outcome.counts["new"], outcome.counts["removed"]) == (Health.OK, 1, 1)


def oldest_first(post: Post) -> datetime:
    """A time in the week after the last one, the later the older the post is."""
    return START + (START - post.changed_at)


def test_a_review_that_both_kinds_show_is_stored_once(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_PLAY, 5))
    first, second = crawling(Kind.GOOGLE_PLAY), crawling(KIND)

    assert (first.counts["new"], second.health, second.counts["new"]) == (5, Health.OK, 0)
    assert (second.counts["unchanged"], len(crawling.mentions())) == (5, 5)


def test_what_grows_older_than_a_week_is_neither_removed_nor_a_fault(crawling: Crawling) -> None:
    show(crawling, posts(KIND, 12))
    crawling(KIND)
    outcomes = []
    for _ in range(10):
        crawling.clock.advance(timedelta(days=1))
        outcomes.append(crawling(KIND))
    show(crawling, posts(KIND, 1, first=-240))

    assert {(one.health, one.counts["removed"]) for one in outcomes} == {(Health.OK, 0)}
    assert (crawling(KIND).counts["new"], len(crawling.mentions())) == (1, 13)


def test_a_review_that_is_gone_is_looked_up_and_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(KIND, 20))
    crawling(KIND)
    crawling.replica.posts.remove(shown[4].key)
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(KIND)

    assert (outcome.health, outcome.counts["removed"]) == (Health.OK, 1)


def test_a_service_account_signs_in(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(65537, 2048)
    monkeypatch.delenv(secret_variable(KIND.value, "access_token"))
    monkeypatch.setenv(secret_variable(KIND.value, "service_account"), service_account(key))
    show(crawling, posts(KIND, 2))
    outcome = crawling(KIND)
    [sign_in, listing] = [one for one in crawling.replica.requests if one.path != "/robots.txt"]
    said, _, signature = parse_qs(sign_in.body.decode())["assertion"][0].rpartition(".")
    header, claims = (json.loads(urlsafe_b64decode(f"{one}==")) for one in said.split("."))

    assert (outcome.health, outcome.counts["new"], sign_in.target) == (Health.OK, 2, "/token")
    assert (header["kid"], claims["iss"]) == ("abc123", "lezer@snelveld.iam.gserviceaccount.com")
    assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
    assert claims["aud"] == "https://oauth2.googleapis.com/token"
    assert (claims["iat"], claims["exp"] - claims["iat"]) == (int(START.timestamp()), 3600)
    assert listing.headers["authorization"] == f"Bearer {SIGNED_IN}"
    whole = urlsafe_b64decode(f"{signature}==")
    key.public_key().verify(whole, said.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    "written", ["geen json", "{}", '{"client_email": "x@y", "private_key": "geen sleutel"}']
)
def test_a_service_account_that_is_none_is_named(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    variable = secret_variable(KIND.value, "service_account")
    monkeypatch.delenv(secret_variable(KIND.value, "access_token"))
    monkeypatch.setenv(variable, written)
    outcome = crawling(KIND)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert variable in str(outcome.reason)
    assert written not in str(outcome.reason)
    assert crawling.asked() == []


def test_a_service_account_may_be_more_than_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(secret_variable(KIND.value, "service_account"), '{\n  "client_email": "x"\n}')

    assert list(missing(configured("http://127.0.0.1:1", KIND).source[0])) == []


def test_reviews_without_times_are_another_form(crawling: Crawling) -> None:
    show(crawling, posts(KIND, 8))
    crawling.replica.faults.set(KIND, Fault.NO_DATES)
    outcome = crawling(KIND)

    assert (outcome.health, outcome.stats["cause"]) == (Health.FORMAT_CHANGED, "no_dates")
