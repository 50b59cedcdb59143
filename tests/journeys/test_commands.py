"""The commands that others rely on, as processes on a replica over real HTTP."""

import csv
import io
import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from demo.clock import system_clock
from demo.replica.faults import Fault
from demo.replica.posts import Kind, Post, Reply
from demo.replica.server import Replica
from tests.journeys.product import NOW, Product, review

DAY = timedelta(days=1)
POSTS = [
    review(1, "Waardeloos, drie keer thuisgebleven en er kwam niemand.", 3 * DAY),
    review(2, "Binnen een uur geholpen door een heel vriendelijke monteur!", 2 * DAY, rating=5),
    review(3, "Waar blijft mijn modem?", DAY, reply=Reply("Sorry, hij komt eraan.", NOW)),
    Post(
        kind=Kind.FEED,
        place="nieuws",
        title="Snelveld breidt uit",
        text="Ook in Zeeland.",
        published_at=NOW - DAY,
    ),
    Post(
        kind=Kind.FEED, place="nieuws", title="Het wordt zonnig", text="Morgen droog.", published_at=NOW - DAY
    ),
]


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(POSTS, system_clock) as running:
        yield running


@pytest.fixture
def product(tmp_path: Path, replica: Replica) -> Product:
    made = Product(tmp_path)
    made.configure(replica.url)
    return made


def test_from_crawl_to_export(product: Product) -> None:
    (first,) = product.lines("crawl", "--json")
    assert {one["source"]: (one["health"], one["new"], one["unmatched"]) for one in first["crawls"]} == {
        "reviews": ("ok", 3, 0),
        "nieuws": ("ok", 1, 1),
    }
    (again,) = product.lines("crawl", "--json")
    assert sum(one["new"] for one in again["crawls"]) == 0
    assert product.call("score").returncode == 0
    exported = {line["title"]: line for line in product.lines("export")}
    assert len(exported) == 4
    assert exported["Ervaring 1"]["sentiment"] == "negative"
    assert exported["Ervaring 2"]["sentiment"] == "positive"
    assert exported["Ervaring 3"]["reply"]["text"] == "Sorry, hij komt eraan."
    assert exported["Snelveld breidt uit"]["brand"] == "Snelveld"
    assert product.call("judge").returncode == 0
    table = csv.DictReader(io.StringIO(product.call("trends", "--brand", "snelveld").stdout.decode()))
    assert sum(int(row["mentions"]) for row in table) == 4
    (rows,) = product.lines("trends", "--brand", "Snelveld", "--by", "week", "--format", "json")
    assert sum(row["negative"] for row in rows) >= 1


def test_an_erased_author_does_not_come_back(product: Product) -> None:
    product.call("crawl")
    assert b"1 mention" in product.call("erase", "--author", "Klant 1").stdout
    product.call("crawl")
    assert [line["text"] for line in product.lines("export") if "thuisgebleven" in line["text"]] == []


def test_one_broken_source_does_not_stop_the_others_and_fails_the_command(
    product: Product, replica: Replica
) -> None:
    replica.faults.set(Kind.TRUSTPILOT, Fault.FIREWALL)
    done = product.call("crawl", "--json")
    health = {one["source"]: one["health"] for one in json.loads(done.stdout)["crawls"]}
    assert (done.returncode, health) == (1, {"reviews": "blocked", "nieuws": "ok"})


def test_classify_keeps_order_and_other_keys_and_names_the_bad_line(tmp_path: Path) -> None:
    given = b'{"text": "Top geholpen, dank!", "id": 7}\nrommel\n{"text": ""}\n'
    done = Product(tmp_path).call("classify", given=given)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("id") for row in rows] == [7, None]
    assert set(rows[0]) >= {
        "sentiment", "probabilities", "themes", "escalation", "churn", "question", "language",
    }  # fmt: skip
    assert rows[0]["sentiment"] == "positive"
    assert done.returncode == 1
    assert b"stdin>:2" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("crawl", "nergens"), "reviews"),
        (("trends", "--brand", "Snelveld", "--by", "month"), "hour, day, week"),
        (("export", "--since", "gisteren"), "2026-11-01"),
        (("dans",), "dans"),
    ],
)
def test_wrong_use_says_what_would_be_right(product: Product, words: tuple[str, ...], says: str) -> None:
    done = product.call(*words)
    assert done.returncode == 2
    assert says in done.stderr.decode()


def test_an_unknown_brand_names_the_known_ones(product: Product) -> None:
    done = product.call("trends", "--brand", "Belpunt")
    assert done.returncode == 1
    assert "Snelveld" in done.stderr.decode()


def test_check_names_every_fault_at_once(product: Product) -> None:
    text = product.config.read_text().replace("permission = true", "").replace('domain = "snelveld.nl"', "")
    product.config.write_text(text.replace("radar.db", "klachtenradar.toml"))
    done = product.call("check")
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 2
    assert "source reviews.permission" in said
    assert "source reviews.domain" in said
    assert "database" in said


def test_check_says_ok(product: Product) -> None:
    done = product.call("check")
    assert (done.returncode, done.stdout[:3]) == (0, b"ok:")


def test_a_source_that_refuses_us_is_seen_everywhere_and_asked_when_a_person_says_so(
    product: Product, replica: Replica
) -> None:
    replica.faults.set(Kind.TRUSTPILOT, Fault.RATE_LIMITED, retry_after=7200)
    first = json.loads(product.call("crawl", "reviews", "--json").stdout)["crawls"][0]
    assert (first["health"], first["cause"]) == ("blocked", "rate_limited")
    wait = datetime.fromisoformat(first["left_alone_until"]) - NOW
    assert timedelta(hours=2) <= wait < timedelta(hours=3)
    [standing] = [
        one for one in product.lines("sources", "--json")[0]["sources"] if one["status"] == "blocked"
    ]
    assert standing["left_alone_until"].startswith(first["left_alone_until"][:19])
    done = product.call("check")
    assert done.returncode == 0
    assert "warning: source reviews: blocked since" in done.stdout.decode()
    assert "asked again from" in done.stdout.decode()
    replica.faults.clear()
    asked = len(replica.requests)
    for words in ((), ("--dry-run",)):
        all_of_them = product.call("crawl", "--json", *words)
        assert all_of_them.returncode == 0
        assert "reviews refused us and is left alone until" in all_of_them.stderr.decode()
        crawls = json.loads(all_of_them.stdout)["crawls"]
        assert [one["health"] for one in crawls] == [None, "ok"]
    assert not [one for one in replica.requests[asked:] if one.path.startswith("/review")]
    again = product.call("crawl", "reviews", "--json")
    assert "reviews refused us and would be left alone until" in again.stderr.decode()
    assert json.loads(again.stdout)["crawls"][0]["health"] == "ok"
    assert b"warning" not in product.call("check").stdout


def test_a_missing_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    done = Product(tmp_path).call("crawl")
    assert done.returncode == 2
    assert b"klachtenradar init" in done.stderr


def test_init_writes_a_configuration_that_check_accepts_and_never_overwrites(tmp_path: Path) -> None:
    product = Product(tmp_path)
    assert product.call("init").returncode == 0
    assert product.call("check").returncode == 0
    assert product.call("init").returncode == 2


def test_users_come_and_go(product: Product) -> None:
    added = product.call("user", "add", "jolanda", given=b"een lange zin vol koffie\n")
    assert (added.returncode, added.stdout, added.stderr) == (0, b"jolanda may now log in\n", b"")
    assert product.call("user", "add", "piet", given=b"").returncode == 2
    assert product.call("user", "list").stdout == b"jolanda\n"
    assert product.call("user", "remove", "jolanda").returncode == 0
    done = product.call("user", "list")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"user add" in done.stderr
    wrong = product.call("user", "remove", "jolanda")
    assert (wrong.returncode, b"there is no user 'jolanda'" in wrong.stderr) == (2, True)


def test_serve_says_where_the_pages_really_are(product: Product) -> None:
    with product.running("serve") as process:
        assert process.stderr is not None
        address = process.stderr.readline().decode().removeprefix("pages: ").strip()
        assert not address.endswith(":0")
        with urllib.request.urlopen(f"{address}/gezond", timeout=30) as answer:
            assert answer.status == 200
        assert process.stderr.readline().startswith(
            f"nobody can log in yet; make the first user at {address}".encode()
        )


def test_check_says_what_a_slack_token_still_lacks(product: Product) -> None:
    product.config.write_text(product.config.read_text().replace('channel = "#reputatie"', 'channel = ""'))
    done = Product(product.folder, slack_token="xoxb-test").call("check")
    assert done.returncode == 2
    assert "slack.channel" in done.stdout.decode()
