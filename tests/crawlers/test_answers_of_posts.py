"""Which record each answer of a network, forum, feed or page in `answers/` becomes, in all its fields."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from crawlers.parsers import (
    bluesky,
    discourse,
    feed,
    mastodon,
    meta_page,
    phpbb,
    reddit,
    schema_org,
    tweakers_forum,
    x,
    youtube,
)
from crawlers.parsers.page import Page
from storage.records import Kind, Precision, Record, Status
from tests.crawlers.payloads import NOW

FOLDER = Path(__file__).parent / "answers"
WRITTEN = datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
NEWS = "https://news.google.com/rss/search?q=VoorbeeldNet+when:7d&hl=nl&gl=NL&ceid=NL:nl"
ALERT = "https://www.google.com/alerts/feeds/00000000000000000000/1234567890"
PUBLISHER = "https://www.nu.nl/rss/Economie"
FORUM, BOARD = "https://forum.voorbeeld.nl", "https://radar-forum.avrotros.nl"
GOT = "https://gathering.tweakers.net/forum/list_messages/2112233/0"
GARAGE = "https://www.voorbeeldgarage.nl/"
REDDIT = {
    "namespace": "reddit",
    "external_id": "t3_1p0abcd",
    "title": "VoorbeeldNet rekent kosten na opzegging, iemand ervaring?",
    "text": "Opgezegd in september, toch weer een factuur.",
    "author_id": "boze_klant",
    "author_name": "boze_klant",
    "published_at": WRITTEN,
}


@dataclass(frozen=True)
class Example:
    """How a file is read, what it becomes, and where reading goes on."""

    parse: Callable[[bytes], Page]
    record: dict[str, Any]
    next: str | None = None
    expected: int | None = None


def _hash(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()


EXAMPLES = {
    "reddit.json": Example(
        reddit.parse,
        REDDIT
        | {
            "url": "https://www.reddit.com/r/thenetherlands/comments/1p0abcd/voorbeeldnet_rekent_kosten_na_opzegging/",
            "likes": 42,
            "replies": 17,
        },
        next="t3_1p0abcd",
    ),
    "reddit.xml": Example(
        reddit.parse_feed,
        REDDIT | {"url": "https://www.reddit.com/r/thenetherlands/comments/1p0abcd/x/"},
    ),
    "mastodon.json": Example(
        mastodon.parse,
        {
            "namespace": "mastodon",
            "external_id": "https://mastodon.nl/users/annie/statuses/115570012345678901",
            "url": "https://mastodon.nl/@annie/115570012345678901",
            "text": "Weer storing bij #VoorbeeldNet, derde keer deze week.",
            "language": "nl",
            "author_id": "https://mastodon.nl/@annie",
            "author_name": "Annie",
            "published_at": WRITTEN.replace(microsecond=123_000),
            "likes": 9,
            "shares": 5,
            "replies": 2,
            "followers": 210,
        },
    ),
    "bluesky.json": Example(
        bluesky.parse,
        {
            "namespace": "bluesky",
            "external_id": "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3m5abcdefgh2x",
            "url": "https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx/post/3m5abcdefgh2x",
            "text": "Pakket van VoorbeeldPost al de derde dag 'onderweg'.",
            "language": "nl",
            "author_id": "did:plc:abcdefghijklmnopqrstuvwx",
            "author_name": "Jan",
            "published_at": WRITTEN,
            "likes": 4,
            "shares": 0,
            "replies": 1,
        },
        next="100",
    ),
    "x.json": Example(
        x.parse,
        {
            "namespace": "x",
            "external_id": "1990000000000000001",
            "url": "https://x.com/pietje/status/1990000000000000001",
            "text": "@voorbeeldnet al 2 uur in de wacht & nog niemand gesproken",
            "language": "nl",
            "author_id": "123456789",
            "author_name": "Pietje",
            "published_at": WRITTEN,
            "likes": 5,
            "shares": 1,
            "replies": 2,
            "views": 640,
            "followers": 300,
        },
        next="b26v89c19zqg8o3x",
    ),
    "youtube.json": Example(
        youtube.parse,
        {
            "namespace": "youtube",
            "external_id": "UgzVoorbeeldCommentId",
            "kind": Kind.COMMENT,
            "url": "https://www.youtube.com/watch?v=abc123DEF45&lc=UgzVoorbeeldCommentId",
            "text": "Reclame is leuk, klantenservice niet.",
            "author_id": "UCkarin",
            "author_name": "@karin",
            "published_at": WRITTEN,
            "updated_at": datetime(2026, 11, 18, 10, 50, tzinfo=UTC),
            "likes": 6,
            "replies": 1,
            "status": Status.EDITED,
        },
        next="QURTSl9x",
    ),
    "meta_page.json": Example(
        lambda body: meta_page.parse_ratings(body, "1"),
        {
            "namespace": "meta",
            "external_id": _hash(
                "1", "", WRITTEN.isoformat(), "negative", "Monteur drie keer niet verschenen."
            ),
            "kind": Kind.REVIEW,
            "text": "Monteur drie keer niet verschenen.",
            "rating": 0,
            "rating_min": 0,
            "rating_max": 1,
            "published_at": WRITTEN,
        },
        next="QVFIV",
    ),
    "google_news.xml": Example(
        lambda body: feed.parse(body, NEWS, NOW),
        {
            "namespace": f"feed:{NEWS}",
            "external_id": "CBMiVoorbeeldOndoorzichtig",
            "kind": Kind.ARTICLE,
            "url": "https://news.google.com/rss/articles/CBMiVoorbeeldOndoorzichtig?oc=5",
            "title": "Klanten VoorbeeldNet zitten weer zonder internet",
            "language": "nl",
            "published_at": datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
        },
    ),
    "google_alerts.xml": Example(
        lambda body: feed.parse(body, ALERT, NOW),
        {
            "namespace": f"feed:{_hash(ALERT)}",
            "external_id": "https://www.voorbeeldkrant.nl/storing",
            "kind": Kind.ARTICLE,
            "url": "https://www.voorbeeldkrant.nl/storing",
            "title": "Storing bij VoorbeeldNet houdt aan",
            "text": "Duizenden klanten van VoorbeeldNet zitten zonder verbinding ...",
            "published_at": datetime(2026, 11, 20, 15, 2, 11, tzinfo=UTC),
        },
    ),
    "publisher.xml": Example(
        lambda body: feed.parse(body, PUBLISHER, NOW),
        {
            "namespace": f"feed:{PUBLISHER}",
            "external_id": "https://www.nu.nl/-/6300001/",
            "kind": Kind.ARTICLE,
            "url": "https://www.nu.nl/economie/6300001/voorbeeldnet-beboet-om-misleidende-tarieven.html",
            "title": "VoorbeeldNet beboet om misleidende tarieven",
            "text": "De toezichthouder legt een boete op van 2 miljoen euro.",
            "language": "nl-nl",
            "author_name": "NU.nl",
            "published_at": datetime(2026, 11, 20, 11, 5, tzinfo=UTC),
        },
    ),
    "discourse.json": Example(
        lambda body: discourse.latest(body, FORUM),
        {
            "namespace": "discourse:forum.voorbeeld.nl",
            "of_topic": True,
            "external_id": "90210",
            "kind": Kind.COMMENT,
            "url": f"{FORUM}/t/helpdesk-reageert-niet/4321/3",
            "title": "Helpdesk reageert niet",
            "text": "Al een week wachten op antwoord van de helpdesk.",
            "author_id": "77",
            "author_name": "ruud_k",
            "published_at": WRITTEN.replace(microsecond=123_000),
            "replies": 1,
            "views": 31,
        },
        next="90210",
    ),
    "phpbb.html": Example(
        lambda body: phpbb.thread(body, f"{BOARD}/viewtopic.php?t=9", BOARD, NOW, opening=True),
        {
            "namespace": "phpbb:radar-forum.avrotros.nl",
            "of_topic": True,
            "external_id": "501234",
            "url": f"{BOARD}/viewtopic.php?p=501234#p501234",
            "title": "Garantie geweigerd",
            "text": "Winkel zegt dat de wasmachine buiten garantie valt.",
            "author_id": "88",
            "author_name": "willem56",
            "published_at": WRITTEN,
            "updated_at": datetime(2026, 11, 18, 11, 1, tzinfo=UTC),
            "status": Status.EDITED,
        },
    ),
    "tweakers_forum.html": Example(
        lambda body: tweakers_forum.topic(body, GOT, first=True),
        {
            "namespace": "tweakers",
            "of_topic": True,
            "external_id": "81234567",
            "url": "https://gathering.tweakers.net/forum/list_message/81234567#81234567",
            "text": "Al drie dagen geen internet bij VoorbeeldNet.",
            "author_id": "445566",
            "author_name": "GlasvezelFan",
            "published_at": WRITTEN,
            "likes": 3,
        },
    ),
    "schema_org.html": Example(
        lambda body: schema_org.parse(body, GARAGE, NOW),
        {
            "namespace": "schema_org:voorbeeldgarage.nl",
            "external_id": _hash(
                "Voorbeeld Garage",
                "Joost",
                "2026-11-15",
                "4.0",
                "Dure reparatie",
                "Offerte & factuur kwamen niet overeen.",
            ),
            "kind": Kind.REVIEW,
            "url": GARAGE,
            "title": "Dure reparatie",
            "text": "Offerte & factuur kwamen niet overeen.",
            "rating": 4,
            "rating_min": 1,
            "rating_max": 10,
            "author_name": "Joost",
            "published_at": datetime(2026, 11, 14, 23, tzinfo=UTC),  # midnight in Amsterdam
            "published_precision": Precision.DAY,
        },
        expected=97,
    ),
}


@pytest.mark.parametrize("file", EXAMPLES)
def test_an_answer_becomes_its_record(file: str) -> None:
    example = EXAMPLES[file]
    page = example.parse((FOLDER / file).read_bytes())

    assert page.records == (Record.model_validate(example.record),)
    assert (page.problems, page.damage, page.notes, page.passed) == ((), None, (), 0)
    assert (page.next, page.expected) == (example.next, example.expected)
