from datetime import UTC, datetime
from itertools import pairwise
from xml.sax.saxutils import escape

import pytest

from crawlers.causes import Cause
from crawlers.parsers import feed
from crawlers.parsers.page import Blocked, FormatChanged, Page
from storage.records import Kind, Precision
from tests.crawlers.payloads import ALERT, NEWS_SEARCH, NOW, PUBLISHER, WAF_PAGE

URL = "https://www.voorbeeldkrant.example/rss/economie"


def read(text: str, url: str = URL) -> Page:
    return feed.parse(text.encode(), url, NOW)


def published(written: str) -> datetime | None:
    """The time of an item that says `written`."""
    [record] = read(PUBLISHER.replace("Fri, 20 Nov 2026 12:05:00 +0100", written)).records
    return record.published_at


def test_an_item_of_a_publisher_becomes_a_record() -> None:
    [record] = read(PUBLISHER).records

    assert (record.namespace, record.external_id) == (
        f"feed:{URL}",
        "https://www.voorbeeldkrant.example/-/63/",
    )
    assert record.kind is Kind.ARTICLE
    assert record.title == "Snelveld beboet om misleidende tarieven"
    assert record.text == "De toezichthouder legt een boete op van 2 miljoen euro."
    assert record.published_at == datetime(2026, 11, 20, 11, 5, tzinfo=UTC)
    assert (record.language, record.author_name) == ("nl-nl", "De redactie")


@pytest.mark.parametrize("own", ["<description>Boete &amp;amp; rente.</description>", ""])
@pytest.mark.parametrize("first", [True, False])
def test_what_is_said_of_a_picture_is_no_text_of_an_item_that_says_something(own: str, first: bool) -> None:
    picture = (
        '<media:content url="https://x.example/a.jpg"><media:title>Foto</media:title>'
        '<media:description type="plain">Een monteur (archief)</media:description></media:content>'
    )
    said = picture + own if first else own + picture
    [record] = read(
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Krant</title>'
        f"<item><title>Beboet</title>{said}<guid>1</guid></item></channel></rss>"
    ).records

    assert (record.title, record.text) == ("Beboet", "Boete & rente." if own else "Een monteur (archief)")


def test_tracking_parameters_are_taken_off() -> None:
    [record] = read(PUBLISHER).records

    assert record.url == "https://www.voorbeeldkrant.example/economie/63/snelveld.html"


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("", "https://www.voorbeeldkrant.example/nieuws/1"),
        (' xml:base="https://blog.voorbeeld.example/"', "https://blog.voorbeeld.example/nieuws/1"),
    ],
)
def test_a_relative_link_is_completed_from_the_feed_or_the_base_that_it_names(
    base: str, address: str
) -> None:
    [record] = read(
        f'<feed xmlns="http://www.w3.org/2005/Atom"{base}><title>Blog</title>'
        '<entry><id>urn:1</id><title>Traag</title><link href="/nieuws/1"/></entry></feed>'
    ).records

    assert (record.external_id, record.url) == ("urn:1", address)


@pytest.mark.parametrize(
    ("said", "precision"), [("2026-11-20", Precision.DAY), ("2026-11-20T12:05:00Z", Precision.MINUTE)]
)
def test_a_date_alone_is_no_moment(said: str, precision: Precision) -> None:
    [record] = read(PUBLISHER.replace("Fri, 20 Nov 2026 12:05:00 +0100", said)).records

    assert record.published_precision is precision


def test_of_the_html_in_an_item_only_the_visible_words_are_kept() -> None:
    [record] = read(
        PUBLISHER.replace(
            "De toezichthouder legt een boete op van 2 miljoen euro.",
            escape("<p onclick='x()'>Boete van <b>2 miljoen</b></p><script>x()</script><style>p {}</style>"),
        )
    ).records

    assert record.text == "Boete van 2 miljoen"


def test_a_news_search_gives_the_title_without_its_publisher() -> None:
    [record] = read(NEWS_SEARCH).records

    assert record.title == "Klanten Snelveld zitten weer zonder internet - al een week"
    assert record.text == ""
    assert record.external_id == "CBMiVoorbeeldOndoorzichtig"
    assert record.url == "https://news.google.com/rss/articles/CBMiVoorbeeldOndoorzichtig?oc=5"


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        ("Storing", ""),
        ("Storing...", ""),
        ("Storing bij Snelveld houdt aan.", "Storing bij Snelveld houdt aan."),
        ("Storingen", "Storingen"),
        ("Storing 😡", "Storing 😡"),
    ],
)
def test_a_summary_that_begins_with_a_short_title_is_kept(summary: str, text: str) -> None:
    told = PUBLISHER.replace("Snelveld beboet om misleidende tarieven", "Storing")
    [record] = read(told.replace("De toezichthouder legt een boete op van 2 miljoen euro.", summary)).records

    assert (record.title, record.text) == ("Storing", text)


def test_an_alert_is_unwrapped_and_known_by_the_real_address() -> None:
    [record] = read(ALERT).records

    assert record.external_id == record.url == "https://www.voorbeeldkrant.example/storing"
    assert record.title == "Storing bij Snelveld houdt aan"
    assert record.text == "Duizenden klanten van Snelveld zonder verbinding ..."
    assert record.author_name is None


def test_an_alert_may_have_any_number_of_parameters() -> None:
    [record] = read(ALERT.replace("sa=t&amp;", "sa=t&amp;" * 150)).records

    assert record.url == "https://www.voorbeeldkrant.example/storing"


def test_an_alert_that_wraps_no_web_address_stays_wrapped() -> None:
    [record] = read(
        ALERT.replace("https://www.voorbeeldkrant.example/storing", "javascript:alert(1)")
    ).records

    assert record.url is not None
    assert record.url.startswith("https://www.google.com/url?")


def test_the_secret_address_of_an_alert_feed_is_not_kept() -> None:
    url = "https://www.google.com/alerts/feeds/00000000000000000000/1234567890"

    assert "1234567890" not in feed.namespace(url)
    assert feed.namespace(url) != feed.namespace(url + "1")


def test_a_missing_date_stays_missing() -> None:
    [record] = read(PUBLISHER.replace("<pubDate>Fri, 20 Nov 2026 12:05:00 +0100</pubDate>", "")).records

    assert record.published_at is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Fri, 20 Nov 2026 12:05:00 +0100", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("Fri, 17 Jul 2026 12:05:00 +0200", datetime(2026, 7, 17, 10, 5, tzinfo=UTC)),
        ("vr 20 nov. 2026 12:05", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("2026-11-20T12:05:00+01:00", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("binnenkort", None),
        ("Fri, 20 Nov 99999 12:05:00 +0100", None),
    ],
)
def test_dates_are_read_as_written(written: str, expected: datetime | None) -> None:
    assert published(written) == expected


def test_entities_are_unescaped_once() -> None:
    [record] = read(PUBLISHER.replace("Snelveld beboet", "Jansen &amp;amp; Zoon &amp;lt;3 Snelveld")).records

    assert record.title is not None
    assert record.title.startswith("Jansen & Zoon <3 Snelveld")


def test_markup_in_a_description_becomes_text() -> None:
    markup = escape("<p>Storing.</p><blockquote>Oud citaat</blockquote><script>alert(1)</script>")
    [record] = read(
        PUBLISHER.replace("De toezichthouder legt een boete op van 2 miljoen euro.", markup)
    ).records

    assert record.text == "Storing."


def test_without_guid_the_address_is_the_id() -> None:
    guid = '<guid isPermaLink="false">https://www.voorbeeldkrant.example/-/63/</guid>'
    [record] = read(PUBLISHER.replace(guid, "")).records

    assert record.external_id == "https://www.voorbeeldkrant.example/economie/63/snelveld.html"


def test_an_item_without_guid_or_address_is_refused() -> None:
    page = read(
        '<rss version="2.0"><channel><title>K</title><item><title>Los bericht</title></item></channel></rss>'
    )

    assert [problem.what for problem in page.problems] == ["neither guid nor link"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Fri, 20 Nov 2026 12:05:00 CET", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("Sun, 25 Oct 2026 02:30:00 CEST", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Sun, 25 Oct 2026 02:30:00 CET", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-11-20 12:05:00", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("2026-11-20T12:05:00+02:00", datetime(2026, 11, 20, 10, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 12:05:00 GMT", datetime(2026, 11, 20, 12, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 99:05:00 CET", None),
        ("20 november 2026 12:05", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("20 nov 2026 12:05 uur", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("20 juli 2026 12:05", datetime(2026, 7, 20, 10, 5, tzinfo=UTC)),
        ("20-11-2026 12:05", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("20-11-2026 12:05:00 +0200", datetime(2026, 11, 20, 10, 5, tzinfo=UTC)),
        ("2026-11-20 12:05:00 UTC", datetime(2026, 11, 20, 12, 5, tzinfo=UTC)),
        ("2026-11-20 12:05 GMT", datetime(2026, 11, 20, 12, 5, tzinfo=UTC)),
        ("2026-07-20 12:05:00 CEST", datetime(2026, 7, 20, 10, 5, tzinfo=UTC)),
        ("2026-11-20 12:05:00 +0100", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("2026/11/20 12:05:00 +0100", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("20-11-2026", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("20261120", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("2026-11", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("Fri Nov 20 12:05:00 2026", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 12:05:00", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 12:05", datetime(2026, 11, 20, 11, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 99:05:00", None),
    ],
)
def test_a_time_in_our_own_zone_or_in_none_is_ours(written: str, expected: datetime | None) -> None:
    assert published(written) == expected


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    link = "https://www.voorbeeldkrant.example/economie/63/snelveld.html?utm_source=rss&amp;utm_medium=feed"
    [record] = read(PUBLISHER.replace(link, "javascript:alert(document.cookie)")).records

    assert record.url is None or record.url.startswith("https://www.voorbeeldkrant.example/")


def test_untidy_xml_is_read_with_a_note() -> None:
    page = read(PUBLISHER.replace("2 miljoen", "2&nbsp;miljoen & meer"))

    assert len(page.records) == 1
    assert page.damage is None
    assert page.notes[0].startswith("the feed is not well-formed XML")


def test_a_feed_that_breaks_off_keeps_its_whole_items() -> None:
    item = PUBLISHER[PUBLISHER.index("<item>") : PUBLISHER.index("</item>") + 7]
    two = PUBLISHER.replace(item, item + item.replace("/63/", "/64/").replace("beboet", "opnieuw beboet"))
    page = read(two[: two.index("opnieuw beboet") + 4])

    assert [record.external_id for record in page.records] == ["https://www.voorbeeldkrant.example/-/63/"]
    assert page.damage == "the feed breaks off before its end"


def test_a_feed_without_items_is_empty() -> None:
    item = PUBLISHER[PUBLISHER.index("<item>") : PUBLISHER.index("</item>") + 7]

    assert read(PUBLISHER.replace(item, "")).entries == 0


def test_items_under_another_name_are_another_form() -> None:
    item = PUBLISHER[PUBLISHER.index("<item>") : PUBLISHER.index("</item>") + 7]
    renamed = (item * 3).replace("<item>", "<artikel>").replace("</item>", "</artikel>")

    with pytest.raises(FormatChanged, match="elements that it never had"):
        read(PUBLISHER.replace(item, renamed))


@pytest.mark.parametrize("text", ["", "geen feed", "<html><title>Welkom</title></html>", '{"items": []}'])
def test_what_is_no_feed_is_another_form(text: str) -> None:
    with pytest.raises(FormatChanged):
        read(text)


def test_a_wall_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        feed.parse(WAF_PAGE, URL, NOW)

    assert caught.value.cause is Cause.WAF


def test_a_consent_page_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        read("<html><head><title>Voordat je verdergaat</title></head></html>")

    assert caught.value.cause is Cause.CONSENT


def test_entities_that_multiply_do_not_grow_without_bound() -> None:
    names = "abcdefghij"
    levels = "".join(f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in pairwise(names))
    bomb = f'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "hahaha">{levels}]>'
    try:
        page = read(bomb + PUBLISHER.split("?>", 1)[1].replace("beboet", "&j;"))
    except FormatChanged:
        return
    assert sum(len(record.title or "") + len(record.text) for record in page.records) < 200_000
