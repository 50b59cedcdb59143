"""Secrets come from the environment, go to their own crawl only, and are written down nowhere."""

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.parameters.pages import FeedParameters
from crawlers.parsers.page import FormatChanged
from crawlers.parsers.token import token
from crawlers.run import order
from crawlers.secrets import BLOT, Concealing, faults, missing, secrets_of
from crawlers.sources import SOURCES, Source, faults_of
from demo.replica import Replica
from demo.replica.loopback import Answer
from storage.configuration import BrandSettings, Configuration, CrawlSettings, SourceSettings
from storage.database import Database
from storage.models import Health
from tests.crawlers.conftest import crawl, known

VARIABLE = "KLACHTENRADAR_SOURCE_SNELVELD_KEYED_TOKEN"


@pytest.fixture(autouse=True)
def keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind with one secret that it needs and one that it can do without."""
    made = Source(
        FeedParameters,
        "crawlers.spiders.feed.FeedSpider",
        "-",
        secrets=("token",),
        optional_secrets=("more",),
    )
    monkeypatch.setitem(SOURCES, "keyed", made)
    monkeypatch.delenv(VARIABLE, raising=False)


def source(**changes: Any) -> SourceSettings:
    given = {"name": "snelveld-keyed", "kind": "keyed", "url": "http://127.0.0.1:1/x", "brand": "Snelveld"}
    return SourceSettings.model_validate(given | changes)


def configured(*sources: SourceSettings) -> Configuration:
    crawling = CrawlSettings(delay=timedelta(0), timeout=timedelta(seconds=20))
    return Configuration(
        brand=(BrandSettings(name="Snelveld", terms=("snelveld",)),), source=sources, crawl=crawling
    )


def test_a_missing_secret_is_a_fault_that_names_its_variable() -> None:
    [fault] = missing(source())

    assert fault.key == "source snelveld-keyed.token"
    assert fault.message.startswith(f"is missing; set the variable {VARIABLE}, or {VARIABLE}_FILE")


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, " sleutel-1 ")

    assert (secrets_of(source()), list(missing(source()))) == ({"token": "sleutel-1"}, [])


def test_a_secret_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sleutel-2\n")
    monkeypatch.setenv(f"{VARIABLE}_FILE", str(tmp_path / "token"))

    assert secrets_of(source()) == {"token": "sleutel-2"}


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"{VARIABLE}_FILE", str(tmp_path / "weg"))
    [fault] = missing(source())

    assert fault.key == f"{VARIABLE}_FILE"


@pytest.mark.parametrize("value", ["een\ntwee", "sleutel€", "a\x7fb"])
def test_a_secret_that_could_begin_another_header_is_a_fault(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    [fault] = missing(source())

    assert fault.key == VARIABLE
    assert value not in str(fault)


def test_a_secret_in_the_configuration_is_told_where_it_belongs() -> None:
    [fault] = faults_of(source(token="sleutel-3"))

    assert fault.message.endswith(f"remove it and set the variable {VARIABLE}")
    assert "sleutel-3" not in str(fault)


def test_a_source_that_is_off_needs_no_secret() -> None:
    assert faults(configured(source(enabled=False))) == ()
    assert len(faults(configured(source(), source(name="tweede", kind="feed")))) == 1


def test_without_its_secret_a_source_is_broken_and_says_what_to_set(database: Database) -> None:
    result = crawl(database, known(database, configured(source())), "snelveld-keyed")

    assert (result.health, result.cause) == (Health.BROKEN, "configuration")
    assert result.reason is not None
    assert VARIABLE in result.reason


def test_a_crawl_is_told_its_secrets_and_no_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "sleutel-4")
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_OTHER_TOKEN", "andere-sleutel")
    told = order(database, configured(source()), source(), 1, None)

    assert told["secrets"] == {"token": "sleutel-4"}
    assert "andere-sleutel" not in json.dumps(told, default=str)
    assert "sleutel-4" not in json.dumps(told | {"secrets": {}}, default=str)


def test_no_secret_is_logged_not_even_in_an_address_or_a_traceback() -> None:
    secrets = {"token": "ge heim+1", "short": "a"}
    concealing = Concealing(logging.Formatter("%(levelname)s %(message)s"), secrets)
    record = logging.LogRecord(
        "scrapy", logging.ERROR, "", 1, "error at %s", ("/x?code=ge%20heim%2B1",), None
    )
    try:
        raise ValueError("ge heim+1 and ge+heim%2B1 and later-token")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    secrets["access_token"] = "later-token"
    line = concealing.format(record)

    assert line.startswith(f"ERROR error at /x?code={BLOT}\n")
    assert line.count(BLOT) >= 4
    assert not [value for value in ("heim", "later-token") if value in line.splitlines()[-1]]


ALERT = "https://www.google.com/alerts/feeds/00000000000000000000/1234567890"


def test_where_robots_cannot_be_fetched_the_address_of_an_alert_is_in_no_log(
    database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    alert = source(name="alert", kind="feed", url=ALERT, base_url="http://127.0.0.1:9")
    result = crawl(database, known(database, configured(alert)), "alert")
    told = capfd.readouterr().err

    assert result.cause == "connection"
    assert "alert, feed: connection (robots.txt: DownloadConnectionRefusedError)" in told
    assert not [part for part in ("0000000", "1234567890", "Traceback") if part in told]


def test_what_scrapy_warns_of_has_a_blot_for_the_address_of_an_alert(
    database: Database, replica: Replica, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    unknown = Answer.of("application/atom+xml", "x", Content_Encoding="compress")
    monkeypatch.setattr(replica, "_played", lambda *_: unknown)
    alert = source(name="alert", kind="feed", url=ALERT, base_url=replica.url)
    crawl(database, known(database, configured(alert)), "alert")

    assert f"{replica.url}/alerts/feeds/{BLOT}/{BLOT} from unsupported encoding" in capfd.readouterr().err


def test_a_token_is_read_or_denied() -> None:
    assert token(b'{"access_token": "abc.def", "error": false, "expires_in": 3600}') == "abc.def"
    assert token(b'{"error": "invalid_client"}') is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"<html>", b'{"access_token": "a\\nb"}', b'{"access_token": "\xe2\x82\xac"}'],
)
def test_another_answer_to_signing_in_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        token(body)
