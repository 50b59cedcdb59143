"""The table of kinds: every kind keeps the same contract, and bad parameters are told with what to do."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from crawlers.parameters.types import Parameters
from crawlers.sources import SOURCES, faults, faults_of, hosts, parameters_of, without_permission
from crawlers.spiders.reading import ReadingSpider
from storage.configuration import Configuration, SourceSettings

GOOD: dict[str, dict[str, Any]] = {
    "trustpilot_web": {"domain": "snelveld.nl", "permission": True},
    "apple_app": {"app_id": 987654321},
    "google_business": {"account": "accounts/1029384756", "locations": ["5647382910"]},
    "app_store_connect": {"app_id": 987654321},
    "play_developer": {"package": "nl.snelveld.app"},
    "google_play": {"package": "nl.snelveld.app"},
    "mastodon": {"hashtags": ["snelveld"], "base_url": "https://mastodon.example"},
    "feed": {"url": "https://krant.example/rss"},
    "schema_org": {"urls": ["https://snelveld.example/ervaringen"]},
    "kiyoh": {"location_id": "1064405"},
    "feedback_company": {},
    "trusted_shops": {"channels": ["chl-7a6b"]},
    "webwinkelkeur": {"shop_id": "1234"},
    "trustpilot_api": {"domain": "snelveld.nl"},
    "reddit": {"subreddits": ["thenetherlands"]},
    "bluesky": {"query": "snelveld"},
    "x": {"query": "snelveld"},
    "youtube": {"videos": ["abc123DEF45"]},
    "meta_page": {"page": "100200300"},
    "discourse": {"base_url": "https://forum.example"},
    "phpbb": {"base_url": "https://forum.example", "topics": [17863]},
    "sitemap": {"url": "https://snelveld.example/sitemap.xml", "include": "/klanten/"},
    "tweakers_forum": {"topics": [2112233]},
    "csv": {"path": "klachten.csv", "columns": {"text": "Klacht"}},
}


def source(kind: str, **changes: Any) -> SourceSettings:
    return SourceSettings.model_validate({"name": "bron", "kind": kind} | GOOD.get(kind, {}) | changes)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_has_a_spider_parameters_terms_and_a_page_of_documentation(kind: str) -> None:
    module, name = SOURCES[kind].spider.rsplit(".", 1)

    assert issubclass(getattr(import_module(module), name), ReadingSpider)
    assert issubclass(SOURCES[kind].parameters, Parameters)
    assert SOURCES[kind].terms.endswith(".")
    page = Path("docs/sources", f"{kind}.md").read_text("utf-8")
    assert all(f"`{key}`" in page for key in SOURCES[kind].parameters.model_fields)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_accepts_another_address(kind: str) -> None:
    settings = source(kind, base_url="http://127.0.0.1:8099")

    assert list(faults_of(settings)) == []
    assert hosts(settings) == ("127.0.0.1:8099",)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_refuses_unknown_parameters(kind: str) -> None:
    [fault] = faults_of(source(kind, hastags="x"))

    assert (
        str(fault)
        == "source bron.hastags: is not a parameter of this kind; correct its spelling or remove it"
    )


@pytest.mark.parametrize(
    ("kind", "changes", "key", "advice"),
    [
        ("trustpilot_web", {"domain": "https://snelveld.nl/x"}, "domain", '"snelveld.nl"'),
        ("trustpilot_web", {"domain": 7}, "domain", "write a text between quotes"),
        ("trustpilot_web", {"languages": ["nederlands"]}, "languages.0", '"nl"'),
        ("trustpilot_web", {"languages": []}, "languages", "is empty; write at least one"),
        ("trustpilot_web", {"pages": 0}, "pages", "greater than or equal to 1"),
        ("apple_app", {"app_id": "snelveld"}, "app_id", '"987654321"'),
        ("apple_app", {"app_id": True}, "app_id", '"987654321"'),
        ("apple_app", {"country": "Nederland"}, "country", '"be" for Flanders'),
        ("google_business", {"account": "Snelveld"}, "account", '"accounts/"'),
        ("google_business", {"locations": ["x"]}, "locations.0", '"locations/"'),
        ("app_store_connect", {"country": "xx"}, "country", '"be" for Flanders'),
        ("google_play", {"package": "Snelveld"}, "package", '"nl.snelveld.app"'),
        ("google_play", {"language": "nl-NL"}, "language", '"nl"'),
        ("mastodon", {"hashtags": ["snel veld"]}, "hashtags.0", "without spaces"),
        ("mastodon", {"hashtags": ["#"]}, "hashtags.0", "is not one hashtag"),
        ("mastodon", {"base_url": None}, "base_url", '"https://mastodon.nl"'),
        ("mastodon", {"bots": "soms"}, "bots", "write true or false"),
        ("reddit", {"subreddits": ["the netherlands"]}, "subreddits.0", '"thenetherlands"'),
        ("reddit", {"query": "a\nb"}, "query", "on one line"),
        ("bluesky", {"hashtags": ["snel veld"]}, "hashtags.0", "without spaces"),
        ("x", {"query": " "}, "query", "write what to search for"),
        ("x", {"query": "x" * 513}, "query", "at most 512 characters"),
        ("youtube", {"videos": ["https://youtu.be/x"]}, "videos.0", 'after "v="'),
        ("youtube", {"channels": ["@snelveld"]}, "channels.0", 'begins with "UC"'),
        ("meta_page", {"page": "https://facebook.com/x"}, "page", '"100200300"'),
        ("feed", {"url": "krant.example/rss"}, "url", "begins with https://"),
        ("feed", {"url": "file:///etc/passwd"}, "url", "begins with https://"),
        ("schema_org", {"urls": ["https://x.example", "ftp://y.example"]}, "urls.1", "begins with https://"),
        ("schema_org", {"urls": 3}, "urls", "write a list of texts"),
        ("csv", {"path": " "}, "path", '"klachten.csv"'),
        ("csv", {"columns": {}}, "columns", "at least"),
        ("csv", {"encoding": "base64"}, "encoding", '"windows-1252"'),
        ("csv", {"delimiter": ";;"}, "delimiter", "one character"),
    ],
)
def test_a_bad_parameter_is_named_with_what_to_do(
    kind: str, changes: dict[str, Any], key: str, advice: str
) -> None:
    [fault] = faults_of(source(kind, **changes))

    assert fault.key == f"source bron.{key}"
    assert advice in fault.message


def test_an_unknown_kind_is_told_which_there_are() -> None:
    [fault] = faults_of(source("facebook"))

    assert fault.message.endswith(", ".join(SOURCES))


@pytest.mark.parametrize(
    ("kind", "without"),
    [("reddit", {"subreddits": []}), ("bluesky", {"query": None}), ("youtube", {"videos": []})],
)
def test_a_kind_that_is_asked_nothing_is_told_what_to_write(kind: str, without: dict[str, Any]) -> None:
    [fault] = faults_of(source(kind, **without))

    assert fault.key == "source bron"
    assert fault.message.startswith("write ")


def test_every_fault_of_every_source_comes_at_once() -> None:
    bad = [source("feed", url=""), source("apple_app", app_id="x", country="x"), source("mastodon")]
    configuration = Configuration(source=tuple(bad))

    assert [fault.key for fault in faults(configuration)] == [
        "source bron.url",
        "source bron.app_id",
        "source bron.country",
    ]


def test_a_source_without_permission_is_off_but_not_wrong() -> None:
    forbidden = source("trustpilot_web", permission=False)
    off = source("trustpilot_web", permission=False, enabled=False)
    configuration = Configuration(source=(forbidden, off, source("trustpilot_web"), source("feed")))

    assert faults(configuration) == ()
    [missing] = without_permission(configuration)
    assert missing.key == "source bron.permission"
    assert missing.message.startswith("Trustpilot's terms forbid")
    assert "Write permission = true once you have it" in missing.message


@pytest.mark.parametrize("written", ["snelveld", "#snelveld", ["#snelveld"]])
def test_hashtags_may_be_written_as_people_do(written: object) -> None:
    assert parameters_of(source("mastodon", hashtags=written)).model_dump()["hashtags"] == ("snelveld",)


@pytest.mark.parametrize("written", [1, "7", "id42"])
def test_an_app_id_may_be_short(written: object) -> None:
    found = parameters_of(source("app_store_connect", app_id=written)).model_dump()["app_id"]

    assert found == str(written).removeprefix("id")


@pytest.mark.parametrize("written", [987654321, "987654321", "id987654321"])
def test_an_app_id_may_be_written_as_people_do(written: object) -> None:
    assert parameters_of(source("apple_app", app_id=written)).model_dump()["app_id"] == "987654321"


def test_the_servers_of_a_source_are_known_before_it_is_read() -> None:
    many = source("schema_org", urls=["https://b.example/1", "https://a.example/2", "https://b.example/3"])

    assert hosts(many) == ("a.example", "b.example")
    assert hosts(source("trustpilot_web")) == ("nl.trustpilot.com",)
    assert hosts(source("feed", url="http://[")) == ()
    assert hosts(source("feed", sites=["https://nieuws.example"])) == ("krant.example", "nieuws.example")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://www.Winkel.example/a", "winkel.example"),
        ("http://winkel.example:80", "winkel.example"),
        ("https://winkel.example:443/b", "winkel.example"),
        ("https://winkel.example:8443", "winkel.example:8443"),
        ("http://127.0.0.2:8001/feed", "127.0.0.2:8001"),
        ("https://naam:geheim@winkel.example./", "winkel.example"),
    ],
)
def test_a_host_is_a_name_and_a_port_that_is_not_the_usual_one(address: str, host: str) -> None:
    assert hosts(source("feed", url=address)) == (host,)
