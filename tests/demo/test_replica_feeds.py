from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from demo.clock import PlayClock
from demo.replica import Fault, Kind, Replica
from tests.demo.asking import get
from tests.demo.posting import a_post, some_posts

RSS, ATOM, ALERTS = "/feeds/snelveld.rss", "/feeds/snelveld.atom", "/alerts/feeds/0/snelveld"
NS = {"a": "http://www.w3.org/2005/Atom", "dc": "http://purl.org/dc/elements/1.1/"}


def test_rss_has_guid_date_and_escaped_summary(replica: Replica) -> None:
    post = replica.posts.add(
        a_post(Kind.FEED, title="Boete & meer", text="Snelveld <wacht>", author="Redactie")
    )
    item = ElementTree.fromstring(get(replica.url + RSS).body).find("channel/item")  # noqa: S314
    assert item is not None
    assert item.findtext("title") == "Boete & meer"
    assert item.findtext("description") == "Snelveld &lt;wacht&gt;"
    assert item.findtext("guid") == post.key
    assert item.findtext("pubDate") == "Fri, 20 Nov 2026 12:00:00 +0100"
    assert item.findtext("dc:creator", namespaces=NS) == "Redactie"


def test_atom_has_published_and_updated(replica: Replica, clock: PlayClock) -> None:
    post = replica.posts.add(a_post(Kind.FEED, title="Eerste titel"))
    clock.advance(timedelta(minutes=30))
    replica.posts.edit(post.key, title="Betere titel")
    entry = ElementTree.fromstring(get(replica.url + ATOM).body).find("a:entry", NS)  # noqa: S314
    assert entry is not None
    assert entry.findtext("a:title", namespaces=NS) == "Betere titel"
    assert entry.findtext("a:published", namespaces=NS) == "2026-11-20T11:00:00Z"
    assert entry.findtext("a:updated", namespaces=NS) == "2026-11-20T12:30:00Z"


def test_the_alert_dialect_wraps_links_and_sets_the_brand_in_bold(replica: Replica) -> None:
    post = replica.posts.add(a_post(Kind.FEED, title="Storing bij Snelveld"))
    entry = ElementTree.fromstring(get(replica.url + ALERTS).body).find("a:entry", NS)  # noqa: S314
    assert entry is not None
    assert entry.findtext("a:title", namespaces=NS) == "Storing bij <b>Snelveld</b>"
    link = entry.find("a:link", NS)
    assert link is not None
    assert f"url={replica.url}/nieuws/{post.key}&" in link.attrib["href"]


@pytest.mark.parametrize("path", [RSS, ATOM, ALERTS])
def test_an_unchanged_feed_is_304_until_a_title_changes(replica: Replica, path: str) -> None:
    post = replica.posts.add(a_post(Kind.FEED))
    first = get(replica.url + path)
    by_tag = get(replica.url + path, If_None_Match=first.headers["ETag"])
    by_date = get(replica.url + path, If_Modified_Since=first.headers["Last-Modified"])
    assert (by_tag.status, by_date.status, by_tag.body) == (304, 304, b"")
    replica.posts.edit(post.key, title="Verbeterd")
    assert get(replica.url + path, If_None_Match=first.headers["ETag"]).status == 200
    assert get(replica.url + path, If_Modified_Since=first.headers["Last-Modified"]).status == 200


def test_the_hour_that_occurs_twice_keeps_its_offset(replica: Replica) -> None:
    for hour in (0, 1):
        at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        replica.posts.add(replace(a_post(Kind.FEED), published_at=at, key=f"om-{hour}"))
    text = get(replica.url + RSS).text
    assert "25 Oct 2026 02:30:00 +0200" in text
    assert "25 Oct 2026 02:30:00 +0100" in text


def test_the_newest_twenty_items_are_in_the_feed(replica: Replica) -> None:
    for post in some_posts(25, Kind.FEED):
        replica.posts.add(post)
    assert get(replica.url + RSS).text.count("<item>") == 20


def test_faults_of_a_feed(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.FEED))
    replica.faults.set(Kind.FEED, Fault.MALFORMED)
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(get(replica.url + RSS).body)  # noqa: S314
    replica.faults.set(Kind.FEED, Fault.NO_DATES)
    assert "pubDate" not in get(replica.url + RSS).text
    replica.faults.set(Kind.FEED, Fault.CHANGED)
    assert "<item>" not in get(replica.url + RSS).text
    replica.faults.set(Kind.FEED, Fault.NOT_MODIFIED)
    assert get(replica.url + RSS).status == 304
    replica.faults.set(Kind.FEED, Fault.NOT_FOUND)
    assert get(replica.url + RSS).status == 404


def test_control_characters_do_not_spoil_the_feed(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.FEED, title="Nul\x00en bel\x07", text="\ud800 hoog"))
    root = ElementTree.fromstring(get(replica.url + RSS).body)  # noqa: S314
    assert root.findtext("channel/item/title") == "Nulen bel"
