import re
import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from crawlers.causes import Cause
from crawlers.parsers import schema_org
from crawlers.parsers.page import MOST_ENTRIES, Blocked, FormatChanged, Page
from crawlers.parsers.schema_org import NothingMarked
from storage.records import Precision
from tests.crawlers.payloads import GRAPH, MICRODATA, NOW, SHOP_URL, WAF_PAGE, graph_with, page_with


def read(body: bytes) -> Page:
    return schema_org.parse(body, SHOP_URL, NOW)


def test_a_review_in_a_graph_becomes_a_record() -> None:
    page = read(page_with(GRAPH))
    [record] = page.records

    assert record.namespace == "schema_org:snelveld.example"
    assert (record.title, record.text) == ("Dure monteur", "Offerte & factuur kwamen niet overeen.")
    assert (record.rating, record.rating_min, record.rating_max) == (4, 1, 10)
    assert (record.author_name, record.url) == ("Joost", SHOP_URL)
    assert record.published_at == datetime(2026, 11, 14, 23, 0, tzinfo=UTC)  # midnight in Amsterdam
    assert record.published_precision is Precision.DAY
    assert page.expected == 97


def test_without_an_id_the_content_is_the_id() -> None:
    [first] = read(page_with(GRAPH)).records
    [again] = read(page_with(GRAPH)).records
    [other] = read(page_with(graph_with(reviewBody="Iets anders."))).records

    assert first.external_id == again.external_id
    assert first.external_id != other.external_id
    assert len(first.external_id) == 64


def test_a_relative_date_is_no_part_of_the_id() -> None:
    [today] = read(page_with(graph_with(datePublished="3 dagen geleden"))).records
    [tomorrow] = read(page_with(graph_with(datePublished="4 dagen geleden"))).records
    [other] = read(page_with(graph_with(datePublished="15 november 2026"))).records

    assert today.external_id == tomorrow.external_id != other.external_id


def test_an_id_of_its_own_is_the_id() -> None:
    [record] = read(page_with(graph_with(**{"@id": "https://www.snelveld.example/#r1"}))).records

    assert record.external_id == "https://www.snelveld.example/#r1"


LISTS = [
    "https://snelveld.example/ervaringen?page=1",
    "https://www.snelveld.example/ervaringen?page=2&utm_source=x",
]


def ids_on(urls: list[str], *blocks: object) -> set[tuple[str, str]]:
    pages = [schema_org.parse(page_with(*blocks), url, NOW) for url in urls]
    return {(record.namespace, record.external_id) for page in pages for record in page.records}


@pytest.mark.parametrize(
    "holder",
    [
        {},
        {"name": "Snelveld &amp; Zn"},
        {"@id": "#bedrijf"},
        {"@id": "https://snelveld.example/#bedrijf"},
        {"url": "/ervaringen"},
    ],
)
@pytest.mark.parametrize(
    "urls",
    [
        LISTS,
        ["https://snelveld.example/ervaringen/", "https://snelveld.example/ervaringen/page/2/"],
        ["http://snelveld.example/ervaringen", "https://snelveld.example/ervaringen?sort=oud&p=3"],
    ],
)
def test_a_review_on_two_pages_of_a_list_is_one(holder: dict[str, str], urls: list[str]) -> None:
    review = {"@type": "Review", "author": "Joost", "datePublished": "2026-11-15", "reviewBody": "Slecht"}

    assert len(ids_on(urls, holder | {"@type": "Product", "review": review})) == 1


def test_a_review_of_one_thing_on_two_pages_of_a_site_is_one_and_on_two_sites_two() -> None:
    review = {"@type": "Review", "author": "Joost", "reviewBody": "Slecht"}
    inside = {"@type": "Organization", "name": "Snelveld", "review": review}
    beside = review | {"itemReviewed": {"name": "Snelveld"}}

    everywhere = ["https://snelveld.example/", "https://snelveld.example/contact"]
    assert ids_on(everywhere, inside) == ids_on(everywhere, beside)
    assert len(ids_on(everywhere, inside)) == 1
    assert len(ids_on([*everywhere, "https://glasnet.example/"], inside)) == 2


@pytest.mark.parametrize("key", ["name", "@id", "url", "itemReviewed"])
def test_equal_reviews_of_two_things_are_two(key: str) -> None:
    review = {"@type": "Review", "author": "Els", "datePublished": "2026-11-15", "reviewBody": "Top!"}
    things: list[object] = [{key: f"/router-{place}", "review": review} for place in (1, 2)]
    if key == "itemReviewed":
        things = [review | {key: f"router {place}"} for place in (1, 2)]

    assert len(ids_on([SHOP_URL], *things)) == 2


def test_equal_reviews_on_pages_that_name_no_thing_are_of_their_page() -> None:
    review = {"@type": "Review", "author": "Els", "datePublished": "2026-11-15", "reviewBody": "Top!"}

    assert len(ids_on([f"https://snelveld.example/router?id={place}" for place in (1, 2)], review)) == 2
    assert len(ids_on([f"https://snelveld.example/router-{place}" for place in (1, 2)], review)) == 2


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("https://snelveld.example/#r1", 1),
        ("/ervaringen/r1", 1),
        ("urn:uuid:1", 1),
        ("#r1", 2),
        ("review1", 2),
        ("/#r1", 2),
    ],
)
def test_an_id_counts_on_every_page_a_part_of_a_page_on_its_own(key: str, number: int) -> None:
    urls = ["https://snelveld.example/ervaringen?page=1", "https://snelveld.example/ervaringen?page=2"]

    assert len(ids_on(urls, graph_with(**{"@id": key}))) == number


def test_one_address_for_the_reviews_of_many_things_is_not_one_review() -> None:
    reviews = [graph_with(url="https://snelveld.example/alle", itemReviewed=thing) for thing in ("a", "b")]
    pages = [
        schema_org.parse(page_with(one), f"{SHOP_URL}/{place}", NOW) for place, one in enumerate(reviews)
    ]

    assert len({record.external_id for page in pages for record in page.records}) == 2


def test_an_edit_of_a_review_with_an_address_is_the_same_review() -> None:
    [before], [after] = (
        read(page_with(graph_with(url="/ervaringen/7", reviewBody=words))).records
        for words in ("Slecht", "Toch goed")
    )

    assert before.external_id == after.external_id
    assert before.url == "https://www.snelveld.example/ervaringen/7"


@pytest.mark.parametrize("key", ["http://[", "_:b0", " ", "", 7, "x" * 600])
def test_what_cannot_be_an_id_is_none(key: object) -> None:
    [record] = read(page_with(graph_with(**{"@id": key}))).records
    [other] = read(page_with(graph_with(itemReviewed={"@id": key}))).records

    assert len(record.external_id) == len(other.external_id) == 64


def test_an_id_that_several_reviews_share_is_none() -> None:
    one = {"@type": "Review", "@id": "#reviews", "reviewBody": "Prima"}
    page = read(page_with([one, one | {"reviewBody": "Slecht"}]))

    assert {len(record.external_id) for record in page.records} == {64}
    assert len(page.records) == 2


def test_the_address_of_the_page_is_no_id() -> None:
    [record] = read(page_with(graph_with(url=SHOP_URL))).records

    assert len(record.external_id) == 64


@pytest.mark.parametrize("kind", ["UserReview", "CriticReview", "https://schema.org/EmployerReview"])
def test_a_narrower_kind_of_review_is_one(kind: str) -> None:
    [record] = read(page_with({"@type": kind, "reviewBody": "Slecht"})).records

    assert record.text == "Slecht"


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("windows-1252", ""),
        ("windows-1252", '<meta charset="windows-1252">'),
        ("iso-8859-15", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15">'),
    ],
)
def test_a_page_is_read_in_its_own_encoding(encoding: str, head: str) -> None:
    page = f'<html><head>{head}<script type="application/ld+json">%s</script></head><body></body></html>'
    body = (page % '{"@type": "Review", "reviewBody": "Café: €5 teveel"}').encode(encoding)

    assert read(body).records[0].text == "Café: €5 teveel"


@pytest.mark.parametrize(
    "codec",
    ["uu", "base64", "rot_13", "zlib", "idna", "punycode", "unicode_escape", "undefined", "mbcs", "utf-99"],
)
def test_what_is_no_encoding_of_text_counts_as_none(codec: str) -> None:
    review = '<script type="application/ld+json">{"@type": "Review", "reviewBody": "Café"}</script>'
    told = f'<html><head><meta charset="{codec}">{review}</head><body></body></html>'.encode()
    untold = f"<html><head>{review}</head><body></body></html>".encode()

    assert read(told).records[0].text == "Café"
    found = schema_org.parse(untold, SHOP_URL, NOW, f"text/html; charset={codec}")
    assert found.records[0].text == "Café"
    central = told.decode().replace(codec, "iso-8859-2").encode("iso-8859-2")
    found = schema_org.parse(central, SHOP_URL, NOW, f"text/html; charset={codec}")
    assert found.records[0].text == "Café"


def test_a_few_spoilt_characters_do_not_change_the_encoding() -> None:
    body = page_with('{"@type": "Review", "reviewBody": "Café één"}').replace(b"Caf", b"\xffCaf")
    body = body.replace(b'<meta charset="utf-8">', b"")

    assert read(body).records[0].text == "\ufffdCafé één"


def test_references_are_followed() -> None:
    page = read(
        page_with(
            {
                "@graph": [
                    {"@type": "Organization", "review": [{"@id": "#r1"}]},
                    {"@id": "#r1", "@type": "Review", "author": {"@id": "#p1"}, "reviewBody": "Te laat."},
                    {"@id": "#p1", "@type": "Person", "name": "Fatima"},
                ]
            }
        )
    )

    assert [(record.author_name, record.text) for record in page.records] == [("Fatima", "Te laat.")]


def test_references_in_a_circle_end() -> None:
    page = read(
        page_with(
            {"@graph": [{"@id": "#a", "@type": "Review", "reviewBody": "Hm.", "author": {"@id": "#a"}}]}
        )
    )

    assert len(page.records) == 1


@pytest.mark.parametrize(
    ("rating", "expected"),
    [
        ({"ratingValue": "8,4", "bestRating": "10"}, (8.4, 1, 10)),
        ({"ratingValue": 4}, (4, 1, 5)),
        ({"ratingValue": "3"}, (3, 1, 5)),
        ({"ratingValue": 0, "worstRating": 0, "bestRating": 5}, (0, 0, 5)),
        ([{"ratingValue": 2}], (2, 1, 5)),
        (3, (3, 1, 5)),
        ({"ratingValue": 7}, None),
        ({"ratingValue": 0}, None),
        ({"ratingValue": "goed"}, None),
        ({"ratingValue": True}, None),
        ({"ratingValue": 4, "bestRating": 1e300}, None),
        ({"ratingValue": 4, "worstRating": 5, "bestRating": 5}, None),
        ({}, None),
    ],
)
def test_ratings_carry_their_scale_or_are_dropped(
    rating: object, expected: tuple[float, float, float] | None
) -> None:
    [record] = read(page_with(graph_with(reviewRating=rating))).records

    found = (record.rating, record.rating_min, record.rating_max)
    assert found == (expected or (None, 1, None))


@pytest.mark.parametrize(
    "author", ["Joost", {"name": "Joost"}, [{"name": "Joost"}, {"name": "Els"}], {"name": ["Joost"]}]
)
def test_authors_come_in_many_forms(author: object) -> None:
    [record] = read(page_with(graph_with(author=author))).records

    assert record.author_name == "Joost"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-15T10:00:00Z", datetime(2026, 11, 15, 10, tzinfo=UTC)),
        ("2026-11-15T10:00:00", datetime(2026, 11, 15, 9, tzinfo=UTC)),
        ("15 november 2026", datetime(2026, 11, 14, 23, tzinfo=UTC)),
        ("3 dagen geleden", datetime(2026, 11, 18, 12, tzinfo=UTC)),
        ("ooit", None),
        (20261115, None),
    ],
)
def test_dates_come_in_many_forms(written: object, expected: datetime | None) -> None:
    [record] = read(page_with(graph_with(datePublished=written))).records

    assert record.published_at == expected


@pytest.mark.parametrize("kind", ["http://schema.org/Review", "schema:Review", ["Thing", "Review"], "Review"])
def test_types_come_in_many_forms(kind: object) -> None:
    assert len(read(page_with({"@type": kind, "reviewBody": "Ja."})).records) == 1


def test_a_single_review_may_stand_without_a_list_or_a_type() -> None:
    page = read(page_with({"@type": "Product", "review": {"reviewBody": "Kan beter", "author": "Els"}}))

    assert [record.text for record in page.records] == ["Kan beter"]


def test_a_broken_block_does_not_hide_the_others() -> None:
    page = read(page_with('{"@type": "WebSite", "name": ', GRAPH))

    assert len(page.records) == 1
    assert len(page.notes) == 1


def test_reviews_after_the_end_of_a_page_count() -> None:
    ends_early = page_with(GRAPH, body="</body></html>")
    appended = page_with(graph_with(reviewBody="Weer laat."), body=MICRODATA)

    assert [record.title for record in read(ends_early + appended).records] == [
        "Dure monteur",
        "Dure monteur",
        "Wachttijd & wachtmuziek",
    ]


def test_a_charset_in_the_type_is_allowed() -> None:
    assert len(read(page_with(GRAPH, kind="application/ld+json; charset=utf-8")).records) == 1


@pytest.mark.parametrize(
    "block",
    [
        '{"@type": "Review", "reviewBody": "Ja.",}',
        '<!-- {"@type": "Review", "reviewBody": "Ja."} -->',
        '//<![CDATA[\n{"@type": "Review", "reviewBody": "Ja."}\n//]]>',
        '/*<![CDATA[*/\n{"@type": "Review", "reviewBody": "Ja."}\n/*]]>*/',
        '/* <![CDATA[ */ {"@type": "Review", "reviewBody": "Ja."};\n/* ]]> */',
        '\n{"@type": "Review", "reviewBody": "Ja."};\n',
        '\n\ufeff{"@type": "Review", "reviewBody": "Ja."}',
        '{"@type": "Review", "reviewBody": "Ja.", "x": NaN, "y": 1e999}',
    ],
)
def test_sloppy_json_is_read(block: str) -> None:
    assert [record.text for record in read(page_with(block)).records] == ["Ja."]


def test_entities_are_unescaped_once_and_tags_taken_off() -> None:
    page = read(page_with(graph_with(reviewBody="Prijs &amp;lt; beloofd<br/>en &lt;b&gt;laat&lt;/b&gt;")))

    assert page.records[0].text == "Prijs &lt; beloofd\nen <b>laat</b>"


ELS = {
    "@type": "Review",
    "author": {"name": "Els"},
    "datePublished": "2026-11-14",
    "reviewBody": "Een uur in de wacht,<br>en toen opgehangen.",
    "reviewRating": {"ratingValue": "2", "bestRating": 5},
}
"""What `MICRODATA` says."""


@pytest.mark.parametrize("key", [{"@id": "#r1"}, {"url": "/ervaringen/r1"}, {}])
def test_a_review_in_both_forms_of_markup_is_one_and_keeps_its_id(key: dict[str, str]) -> None:
    [alone] = read(page_with(ELS | key)).records
    [record] = read(page_with(ELS | key, body=MICRODATA)).records

    assert record == alone


def test_of_a_review_in_both_forms_the_one_with_an_id_is_kept() -> None:
    named = MICRODATA.replace('Review">', 'Review" itemid="urn:r:1">')
    [record] = read(page_with(ELS, body=named)).records

    assert (record.external_id, record.title) == ("urn:r:1", "Wachttijd & wachtmuziek")


@pytest.mark.parametrize(
    ("block", "body"),
    [
        (ELS | {"@id": "urn:r:1"}, 2 * MICRODATA),
        ([ELS, ELS], MICRODATA.replace('Review">', 'Review" itemid="urn:r:1">')),
    ],
)
def test_a_review_that_one_form_shows_twice_is_one(block: object, body: str) -> None:
    assert [record.external_id for record in read(page_with(block, body=body)).records] == ["urn:r:1"]


def test_equal_reviews_of_many_things_are_one_each_in_both_forms() -> None:
    things = [ELS | {"@id": f"urn:r:{place}", "itemReviewed": f"een {place}"} for place in range(200)]
    body = "".join(MICRODATA.replace(">Snelveld<", f">ander {place}<") for place in range(200))

    assert len(read(page_with(*things, body=body)).records) == 200


@pytest.mark.parametrize(
    "change", [{"author": "Jan"}, {"datePublished": "2026-11-13"}, {"reviewBody": "Ja"}, {"reviewRating": 1}]
)
def test_another_review_in_the_other_form_is_another(change: dict[str, object]) -> None:
    assert len(read(page_with(ELS | {"@id": "#r1"} | change, body=MICRODATA)).records) == 2


def test_equal_reviews_in_one_form_stay_two_beside_one_in_the_other() -> None:
    twice = [ELS | {"@id": "#r1"}, ELS | {"@id": "#r2"}]
    other = MICRODATA.replace(">Snelveld<", ">Glasnet<")
    own = [record.external_id for record in read(page_with(*twice)).records]
    both = read(page_with(ELS | {"@id": "#r1", "itemReviewed": "Glasnet"}, body=MICRODATA + other)).records

    assert [record.external_id for record in read(page_with(*twice, body=MICRODATA)).records] == own
    assert [record.external_id for record in both] == [
        own[0],
        read(page_with(body=MICRODATA)).records[0].external_id,
    ]


def test_microdata_is_read() -> None:
    [record] = read(page_with(body=MICRODATA)).records

    assert (record.author_name, record.title) == ("Els", "Wachttijd & wachtmuziek")
    assert record.text == "Een uur in de wacht, en toen opgehangen."
    assert (record.rating, record.rating_max) == (2, 5)
    assert record.published_at == datetime(2026, 11, 14, 8, 30, tzinfo=UTC)


def test_a_page_without_reviews_is_empty() -> None:
    page = read(page_with({"@type": "Organization", "name": "Snelveld"}))

    assert (page.entries, page.expected) == (0, None)


def test_reviews_as_another_type_are_another_form() -> None:
    with pytest.raises(FormatChanged, match="as another type"):
        read(page_with({"@type": "Shop", "verhalen": [{"@type": "Verhaal", "reviewBody": "Nee."}]}))


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", page_with("{"), b"\x00\xff", page_with("[" * 5_000), b"<script>" * 1_000]
)
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        read(body)


def test_a_wall_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        read(WAF_PAGE)

    assert caught.value.cause is Cause.WAF


def test_a_captcha_beside_a_form_is_no_wall() -> None:
    form = '<form><textarea name="vraag"></textarea><div class="g-recaptcha" data-sitekey="6Lc"></div></form>'
    with pytest.raises(NothingMarked):
        read(page_with(body=form))


def test_a_page_in_another_encoding_is_read() -> None:
    body = page_with(graph_with(reviewBody="Één ramp")).decode().encode("utf-8").decode("unicode_escape")
    page = schema_org.parse(body.encode("latin-1", "replace"), SHOP_URL, NOW, "text/html; charset=iso-8859-1")

    assert len(page.records) == 1


def test_a_review_with_nothing_in_it_is_refused() -> None:
    page = read(page_with({"@type": "Review", "author": "Els"}))

    assert [problem.what for problem in page.problems] == ["neither text, title nor rating"]


@pytest.mark.parametrize(
    "beside", ["<!-- -->", "<script>track()</script>", "<style>b { color: red }</style>", "<?php echo 1 ?>"]
)
def test_what_is_no_text_within_a_property_costs_no_review(beside: str) -> None:
    review = """<div itemscope itemtype="https://schema.org/Review"><span itemprop="author">{}</span>
        <p itemprop="reviewBody">Al drie weken geen antwoord.{}</p></div>"""
    page = read(f"{review.format('Els', beside)}{review.format('Noor', '')}".encode())

    assert [(one.author_name, one.text) for one in page.records] == [
        ("Els", "Al drie weken geen antwoord."),
        ("Noor", "Al drie weken geen antwoord."),
    ]
    assert page.notes == ()


REVIEW = """<div itemscope itemtype="https://schema.org/Review"><b itemprop="author">{0}</b>
    <p itemprop="reviewBody">Al drie weken geen antwoord, {0}.</p></div>"""


@pytest.mark.parametrize("depth", [300, 1_500])
@pytest.mark.parametrize(
    "tag", ["<i>", "<div itemscope itemprop=a>", "<i itemprop=a>", "<i itemscope><i itemprop=a>"]
)
def test_elements_deep_within_each_other_cost_no_review_beside_them(tag: str, depth: int) -> None:
    times = depth // tag.count("<")
    ends = "".join(f"</{name}>" for name in reversed(re.findall(r"<(\w+)", tag)))
    deep = REVIEW.format(f"Mo{tag * times}{ends * times}")
    page = read(f"<html>{REVIEW.format('Els')}{deep}{REVIEW.format('Noor')}".encode())

    assert {"Els", "Noor"} <= {record.author_name for record in page.records}


def test_properties_deep_within_each_other_are_read_in_bounded_time() -> None:
    column = f"{'<div itemprop=a>x' * 1_900}{'</div>' * 1_900}"
    began = time.process_time()
    page = read(f"<html>{REVIEW.format('Els' + column * 4)}{REVIEW.format('Noor')}".encode())

    assert "Noor" in {record.author_name for record in page.records}
    assert time.process_time() - began < 5


def test_references_are_not_followed_without_end() -> None:
    times = 3_000
    properties = (
        f"<p id=a>{'<meta itemprop=a content=b>' * times}</p><p itemscope itemref='{'a ' * times}'></p>"
    )
    began = time.process_time()
    page = read(f"<html>{REVIEW.format('Els')}{properties}{REVIEW.format('Noor')}".encode())

    assert [record.author_name for record in page.records] == ["Els", "Noor"]
    assert time.process_time() - began < 5


def test_more_reviews_than_any_page_has_are_refused_unread() -> None:
    reviews = [{"@type": "Review", "reviewBody": f"Klacht {number}"} for number in range(MOST_ENTRIES + 1)]
    page = read(page_with({"@graph": reviews}))

    assert (len(page.records), [problem.where for problem in page.problems]) == (
        MOST_ENTRIES,
        [f"entry {MOST_ENTRIES + 1} and later"],
    )


def test_an_item_under_two_names_within_many_such_is_one_item() -> None:
    review = "<p itemprop='author review' itemscope itemtype='https://schema.org/Review'>"
    review += "<b itemprop='reviewBody'>Een uur in de wacht.</b></p>"
    around = "<div itemprop='author review' itemscope itemtype='https://schema.org/Person'>"
    page = f"<div itemscope itemtype='https://schema.org/Organization'>{around * 17}{review}".encode()
    read(page)  # loads what it needs
    tracemalloc.start()
    try:
        records = read(page).records
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert [record.text for record in records] == ["Een uur in de wacht."]
    assert taken < 2_000_000
