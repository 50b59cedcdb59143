"""Hostile posts through the whole product: they arrive harmlessly, or are refused with a reason."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.app import create_app
from demo.clock import system_clock
from demo.replica.server import Replica
from demo.replica.slack import FakeSlack
from storage import configuration, users
from storage.database import Database
from tests.journeys.product import Product, review

HOSTILE = [
    "<script>alert(document.cookie)</script> Waardeloos bedrijf, geen internet!",
    "<!channel> <!here> @everyone <@U123> waardeloos, nooit meer deze oplichters",
    "Klik hier: [gratis](javascript:alert(1)) <javascript:alert(2)|gratis> waardeloos, wat een oplichters",
    "Nul\x00byte en \x07bel: waardeloos, weer storing",
    "\u202egnirots reew\u202c waardeloos, weer geen internet",
    '"><img src=x onerror=alert(3)> waardeloze klantenservice, schandalig',
    "{{ 7*7 }} {% raw %} ${7*7} waardeloos, schandalig slecht",
    "'; DROP TABLE mention; -- waardeloos, oplichters",
    "*_~`>&&amp;<<>> waardeloos, schandalig",
    "😡" * 500 + " waardeloos",
]


@pytest.fixture
def replica() -> Iterator[Replica]:
    past = [review(number, f"Prima, dag {number}.", timedelta(days=number), 5) for number in range(1, 5)]
    with Replica(past, system_clock) as running:
        yield running


@pytest.mark.journey
def test_hostile_posts_arrive_harmlessly(tmp_path: Path, replica: Replica) -> None:
    with FakeSlack() as slack:
        product = Product(tmp_path, slack_token="xoxb-test")
        product.configure(replica.url, slack.api_url)
        product.call("crawl")
        for number, text in enumerate(HOSTILE):
            replica.posts.add(review(100 + number, text, published_at=datetime.now(UTC)))
        too_long = review(200, "x" * 5_000_000, published_at=datetime.now(UTC))
        replica.posts.add(too_long)
        (crawled,) = product.lines("crawl", "--json")
        for command in ("score", "judge"):
            assert product.call(command).returncode == 0
        _nothing_fires_in_slack(slack)
    reviews = next(one for one in crawled["crawls"] if one["source"] == "reviews")
    assert (reviews["new"], reviews["refused"]) == (len(HOSTILE), 1)
    _nothing_fires_on_the_pages(product)


def _nothing_fires_in_slack(slack: FakeSlack) -> None:
    (message,) = [one for one in slack.messages if one.thread_ts is None]
    said = json.dumps([message.text, *message.blocks], ensure_ascii=False)
    for trap in ("<!channel", "<!here", "<@U123", "<javascript:", "\u202e", "\x00"):
        assert trap not in said


def _nothing_fires_on_the_pages(product: Product) -> None:
    settings = configuration.load(product.config)
    with Database(settings.database) as database:
        now = datetime.now(UTC)
        with database.write() as session:
            login = users.begin(session, users.create_user(session, "proef", "een lang wachtwoord", now), now)
        client = TestClient(create_app(database, settings, clock=system_clock), base_url="http://127.0.0.1")
        client.cookies.set("klachtenradar", login.cookie)
        for page in ("/", "/berichten", "/klachten", "/meldingen", "/meldingen/1", "/slack", "/berichten/5"):
            answer = client.get(page)
            assert answer.status_code == 200, page
            for trap in ("<script>alert", "<img src=x", 'href="javascript:', "\u202e", "\x00"):
                assert trap not in answer.text, page
