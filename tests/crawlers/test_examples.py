"""Which record each answer in `answers/` becomes, in all its fields."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from crawlers.parsers import kiyoh_feed
from crawlers.parsers.page import Blocked, FormatChanged
from storage.records import Kind, Precision, Record, Reply
from tests.crawlers.examples import EXAMPLES
from tests.crawlers.payloads import WAF_PAGE


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, micro, UTC)


def review(rating: float, **fields: Any) -> Record:
    scale = {"kind": Kind.REVIEW, "rating_min": 1, "rating_max": 5}
    return Record.model_validate(scale | {"rating": rating} | fields)


TRUSTPILOT: dict[str, Any] = {
    "namespace": "trustpilot",
    "external_id": "673f0a1b2c3d4e5f60718293",
    "url": "https://nl.trustpilot.com/reviews/673f0a1b2c3d4e5f60718293",
    "title": "Bank na 14 weken nog niet geleverd",
    "language": "nl",
    "author_id": "601122334455667788990011",
    "author_name": "Marieke de V.",
    "published_at": at(18, 9, 41, 22),
    "experienced_at": at(10),
    "likes": 2,
}
KIYOH: dict[str, Any] = {
    "namespace": "kiyoh",
    "external_id": "5f8d3c1e-9f1b-4a54-9b55-0c5b6e8d2a11",
    "url": "https://www.kiyoh.com/reviews/1064405/loodgieter_voorbeeld_b_v",
    "title": "Afspraak niet nagekomen",
    "language": "nl",
    "author_name": "Kees",
    "published_at": at(19, 14, 22, 31),
    "updated_at": at(20, 6, 11),
}
PLAY: dict[str, Any] = {
    "namespace": "google_play:nl.voorbeeld.app",
    "external_id": "a1b2c3d4-0000-4000-8000-abcdefabcdef",
    "url": "https://play.google.com/store/apps/details?id=nl.voorbeeld.app"
    "&reviewId=a1b2c3d4-0000-4000-8000-abcdefabcdef",
    "text": "Crasht bij het openen.",
    "language": "nl",
    "author_name": "Henk",
    "published_at": at(18, 10, 44, 2),
    "reply": Reply(text="Beste Henk, update 8.14.3 lost dit op.", at=at(19, 10, 44, 2)),
    "likes": 7,
}
APPLE: dict[str, Any] = {
    "title": "Inloggen lukt niet meer",
    "text": "Sinds de update krijg ik steeds fout 403.",
    "author_name": "reiziger_nl",
    "published_at": at(17, 12, 12, 9),
}
RECORDS = {
    "trustpilot_web": review(
        1,
        **TRUSTPILOT,
        text="Drie keer gebeld, telkens een andere leverdatum. Geld terug krijg ik ook niet.",
        reply=Reply(
            text="Beste Marieke, wat vervelend. We hebben u een bericht gestuurd.", at=at(19, 8, 2, 10)
        ),
    ),
    "trustpilot_api": review(
        1,
        **TRUSTPILOT,
        text="Drie keer gebeld, telkens een andere leverdatum.",
        reply=Reply(text="Beste Marieke, wat vervelend.", at=at(19, 8, 2, 10)),
    ),
    "kiyoh": review(
        3,
        rating_max=10,
        **KIYOH,
        text="Monteur kwam niet opdagen en er werd wel voorrijkosten berekend.",
        reply=Reply(
            text="Beste Kees, dit had niet mogen gebeuren. De voorrijkosten zijn teruggestort.", at=None
        ),
    ),
    "kiyoh feed": review(3, rating_max=10, **KIYOH),
    "feedback_company": review(
        1.5,
        rating_min=0,
        namespace="feedback_company",
        external_id="8812345",
        text="Pakket beschadigd ontvangen, geen reactie op mijn mails.",
        author_name="J. Jansen",
        published_at=at(17, 19, 15, 4),
    ),
    "webwinkelkeur": review(
        2,
        namespace="webwinkelkeur:1234",
        external_id=sha256(
            "webwinkelkeur|1234|fatima|2026-11-15|2.0|retour duurde vijf weken.".replace("|", "\x1f").encode()
        ).hexdigest(),
        text="Retour duurde vijf weken.",
        author_name="Fatima",
        published_at=at(14, 23),
        published_precision=Precision.DAY,
    ),
    "trusted_shops": review(
        2,
        namespace="trusted_shops",
        external_id="rev-9f8e7d6c-1234-4abc-9def-0123456789ab",
        title="Verkeerd artikel",
        text="Maat 42 besteld, 39 ontvangen. Klantenservice onbereikbaar.",
        language="nl",
        author_name="Piet Visser",
        published_at=at(16, 18, 30, 11),
        experienced_at=at(5, 10),
        reply=Reply(text="We sturen de juiste maat na.", at=at(17, 9)),
    ),
    "google_business": review(
        2,
        namespace="google_business",
        external_id="AbFvOq1ExampleReviewId",
        text="Lange wachttijd en onvriendelijk aan de balie.",
        author_name="Sanne B.",
        published_at=at(18, 10, 20, 30, 123456),
        updated_at=at(18, 10, 25),
        reply=Reply(text="Dank voor uw reactie, we nemen contact op.", at=at(19, 8)),
    ),
    "apple_app": review(
        1,
        namespace="apple:nl:987654321",
        external_id="13579246801",
        url="https://itunes.apple.com/nl/review?id=987654321&type=Purple%20Software",
        author_id="123456789",
        likes=4,
        **APPLE,
    ),
    "app_store_connect": review(
        1,
        namespace="app_store_connect",
        external_id="00000010-aaaa-bbbb-cccc-0000deadbeef",
        reply=Reply(text="Dit is verholpen in 8.14.3.", at=at(18, 9)),
        **APPLE,
    ),
    "google_play": review(1, **PLAY),
    "play_developer": review(1, **PLAY),
}
FOLLOWING = {
    "trustpilot_web": ("2", 3980),
    "kiyoh": (None, 214),
    "kiyoh feed": (None, 214),
    "feedback_company": ("1", 431),
    "webwinkelkeur": ("1", 97),
    "trusted_shops": ("rev-9f8e", None),
    "google_business": ("CAoQAA", 356),
    "app_store_connect": ("cursor=x", 812),
    "google_play": ("CqwBVOORBEELDTOKEN", None),
    "play_developer": ("x", None),
}
"""Where reading goes on, and how many the source says that there are."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_answer_becomes_its_record(name: str) -> None:
    example = EXAMPLES[name]
    page = example.parse(example.body)

    assert page.records == (RECORDS[name],)
    assert (page.problems, page.damage, page.notes) == ((), None, ())
    assert (page.next, page.expected) == FOLLOWING.get(name, (None, None))


def test_the_older_feed_of_kiyoh_is_read_in_both_forms() -> None:
    assert kiyoh_feed.parse(EXAMPLES["kiyoh"].body).records == (RECORDS["kiyoh"],)


def test_what_stands_in_the_place_of_the_feed_is_named() -> None:
    with pytest.raises(Blocked):
        kiyoh_feed.parse(WAF_PAGE)
    for body in (b"<html><body>Onderhoud</body></html>", b"<", b"<ReviewFeedDto/>", b"[]"):
        with pytest.raises(FormatChanged):
            kiyoh_feed.parse(body)


def test_a_feed_without_reviews_is_an_empty_page() -> None:
    assert kiyoh_feed.parse(b"<ReviewFeedDto><reviews/></ReviewFeedDto>").entries == 0


def test_a_deeply_nested_feed_is_refused() -> None:
    with pytest.raises(FormatChanged):
        kiyoh_feed.parse(b"<ReviewFeedDto>" + b"<a>" * 200 + b"</a>" * 200 + b"</ReviewFeedDto>")


def test_half_a_character_in_the_feed_costs_itself_and_no_more() -> None:
    body = EXAMPLES["kiyoh feed"].body.replace(b">Kees<", b">Kees&#xD800;<")
    [record] = kiyoh_feed.parse(body).records

    assert record.author_name == "Kees\ufffd"
    assert record.title == "Afspraak niet nagekomen"
