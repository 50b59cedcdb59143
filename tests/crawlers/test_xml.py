"""XML that breaks the rules in one place is read as it was meant, there and everywhere else."""

import re
import time
from collections.abc import Callable

import pytest
from lxml import etree

from crawlers.parsers import feed, kiyoh_feed, reddit, sitemap
from crawlers.parsers.page import Page
from crawlers.parsers.xml import tidied
from tests.crawlers.examples import EXAMPLES
from tests.crawlers.payloads import NOW, PUBLISHER, SITEMAP
from tests.crawlers.payloads_social import REDDIT_FEED

KIYOH_FEED = EXAMPLES["kiyoh feed"].body.decode()
FAULTS = {
    "a bare ampersand": "AT&T",
    "a character that XML forbids": "\x01",
    "a name of HTML": "caf&eacute;",
    "half a character": "&#xD83D;",
    "a bare bracket": "1 < 2",
    "the end of a block without its beginning": "]]>",
    "a tag that does not end": "<b",
}


def said(body: str) -> str:
    """What the one element of a document says to a parser that takes nothing but well-formed XML."""
    return "".join(map(str, etree.fromstring(tidied(body.encode()).xml).itertext()))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("AT&T en H&M;", "AT&T en H&M;"),
        ("&amp;lt; &lt;b&gt; &quot;&apos;", "&lt; <b> \"'"),
        ("5&nbsp;&euro;, caf&eacute; &ngE;", "5\xa0€, café ≧̸"),
        ("&#233;&#xE9;&#128545;", "éé😡"),
        ("&#0;&#xD800;&#x110000;&#99999999999;", "\ufffd\ufffd\ufffd&#99999999999;"),
        ("a\x00b\x0cc\x1fd\ufffe\t.\n", "abcd\t.\n"),
        ("1 < 2, <3 en </ of <b", "1 < 2, <3 en </ of <b"),
        ("uit]]>", "uit]]>"),
        ("<![CDATA[R&D &amp; <b>]]> &amp;", "R&D &amp; <b> &"),
        ("a<!-- R&D -- \x02 -->b<?php echo 1 ?>c", "abc"),
    ],
)
def test_a_text_is_read_as_it_was_meant(written: str, meant: str) -> None:
    assert said(f"<a>{written}</a>") == meant


@pytest.mark.parametrize("before", ["", "\n", " \r\n\t", "\ufeff", "\ufeff\n"])
def test_what_stands_before_the_declaration_is_passed_by(before: str) -> None:
    assert said(f"{before}<?xml version='1.0'?><a>R&amp;D</a>") == "R&D"


def test_tags_and_what_is_said_in_them_stay() -> None:
    whole = b'<a b="1 > 0 &#38; &#34;x&#34;" \xc3\xa9="1"><c/><\xc3\xa9t\xc3\xa9>x</\xc3\xa9t\xc3\xa9></a>'

    assert tidied(whole).xml.endswith(whole)
    assert tidied(whole).changed is False


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8", "UTF-16"),
        ("utf-8-sig", "iso-8859-1"),
        ("windows-1252", ""),
        ("windows-1252", "Windows-1252"),
        ("windows-1252", "ISO-8859-1"),
        ("windows-1252", "UTF-8"),
        ("windows-1252", "punycode"),
        ("iso-8859-15", "iso-8859-15"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", ""),
        ("utf-32", ""),
        ("utf-32-be", "utf-32"),
    ],
)
def test_a_document_is_read_in_its_own_encoding(encoding: str, declared: str) -> None:
    names = f' encoding="{declared}"' if declared else ""
    body = f'<?xml version="1.0"{names}?><a>Café één: € 5 & meer</a>'.encode(encoding)

    assert etree.fromstring(tidied(body).xml).text == "Café één: € 5 & meer"


def test_a_header_counts_for_more_than_the_declaration() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?><a>Łódź</a>'.encode("iso-8859-2")

    assert etree.fromstring(tidied(body, "text/xml; charset=iso-8859-2").xml).text == "Łódź"


def test_a_name_that_the_document_declares_stays() -> None:
    body = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY wij "Snelveld">]><a>&wij; &zij;</a>'

    assert b"<a>&wij; &zij;</a>" in tidied(body).xml
    assert b"<a>&#38;wij;</a>" in tidied(b"<a>&wij;</a>").xml


def _reddit(fault: str, before: str) -> Page:
    return reddit.parse_feed(
        (before + REDDIT_FEED.replace("/u/boze_klant<", f"/u/boze_klant {fault}<")).encode()
    )


def _kiyoh(fault: str, before: str) -> Page:
    body = KIYOH_FEED.replace("Amersfoort", fault).replace("Afspraak", "A &amp; B &lt; 3:")
    return kiyoh_feed.parse((before + '<?xml version="1.0"?>' + body).encode())


def _feed(fault: str, before: str) -> Page:
    body = PUBLISHER.replace("<ttl>60", f"<ttl>{fault}").replace(
        "De toezichthouder", "A &amp;amp; B &amp;lt; 3:"
    )
    return feed.parse((before + body).encode(), "https://krant.example", NOW)


BESIDE = {
    "reddit": (_reddit, "Opgezegd in september, toch weer een factuur."),
    "kiyoh": (_kiyoh, "A & B < 3: niet nagekomen"),
    "feed": (_feed, "A & B < 3: legt een boete op van 2 miljoen euro."),
}


@pytest.mark.parametrize("kind", BESIDE)
@pytest.mark.parametrize("fault", [*FAULTS, "an empty line on top"])
def test_one_fault_costs_no_text_that_follows_and_is_told(kind: str, fault: str) -> None:
    read, words = BESIDE[kind]
    page = read(FAULTS.get(fault, ""), "" if fault in FAULTS else "\n")

    assert words in (page.records[0].text, page.records[0].title)
    assert (page.notes, page.damage) == (("the feed is not well-formed XML",), None)


@pytest.mark.parametrize("fault", [*FAULTS, "an empty line on top"])
def test_one_fault_in_a_map_spoils_no_address(fault: str) -> None:
    body = SITEMAP.replace("daily", FAULTS.get(fault, "")).replace("nieuws/3", "nieuws?a=3&amp;b=4")
    found = sitemap.parse(
        ("" if fault in FAULTS else "\n").encode() + body.encode(), "https://snelveld.example/"
    )

    assert [entry.address for entry in found.found][1:] == [
        "https://snelveld.example/ervaringen/2",
        "https://snelveld.example/nieuws?a=3&b=4",
    ]
    assert (found.notes, found.damage) == (("the sitemap is not well-formed XML",), None)


def test_a_bare_ampersand_in_an_address_of_a_map_stays_one() -> None:
    body = "<urlset><url><loc>https://snelveld.example/?a=1&b=2&copy=3</loc></url></urlset>"

    assert sitemap.parse(body.encode(), "").found[0].address == "https://snelveld.example/?a=1&b=2&copy=3"


def test_names_of_companies_keep_their_ampersand() -> None:
    [record] = feed.parse(
        PUBLISHER.replace("Snelveld beboet", "AT&T en H&M: caf&eacute; &amp; bar").encode(), "", NOW
    ).records

    assert record.title == "AT&T en H&M: café & bar om misleidende tarieven"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<a><b>x<c>y</b>z</a>", "<a><b>x<c>y</c></b>z</a>"),
        ("<a><b>x</c></b></a>", "<a><b>x</b></a>"),
        ("<a><b/></b>x</a>", "<a><b/>x</a>"),
        ("<a><b>x</b></a><b>y</b></a>", "<a><b>x</b><b>y</b></a>"),
        ("<a><a>x</a><b></a>", "<a><a>x</a><b></b></a>"),
        ('<a><b c="1 > 0">x</a>', '<a><b c="1 > 0">x</b></a>'),
        ("<a><![CDATA[</a><c>]]><b>x</a>", "<a><![CDATA[</a><c>]]><b>x</b></a>"),
        ('<a><b c=1 d e=\'"\' c="2"/>x</a>', '<a><b c="1" e=\'"\'/>x</a>'),
        ("<a><b c=\"1' d='2'>x</b = ></a>", "<a><b d='2'>x</b></a>"),
        ("<a><b? c>x</b&amp;></a>", "<a><b>x</b></a>"),
        ("<a><!DOCTYPE html>x</a>", "<a>x</a>"),
        (
            '<!DOCTYPE a [<!ENTITY wij "w">]><a><b>&wij;</a>',
            '<!DOCTYPE a [<!ENTITY wij "w">]><a><b>&wij;</b></a>',
        ),
    ],
)
def test_tags_that_make_no_sense_are_put_in_pairs(written: str, meant: str) -> None:
    found = tidied(written.encode())

    assert found.xml.decode().removeprefix('<?xml version="1.0" encoding="UTF-8"?>') == meant
    assert (found.changed, found.cut) == (True, False)


def test_a_tag_without_sense_is_read_in_time_that_grows_with_its_length() -> None:
    half = 20_000
    began = time.process_time()
    found = tidied(f'<a><{"b" * half} {"c" * half}" ></a>'.encode())

    assert etree.fromstring(found.xml)[0].tag == "b" * half
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "written", ["<a><b>x</b>", "<a><b>x</b", "<a></a><b>x</b>", "<a><![CDATA[x</a>", "<a>x<!--</a>"]
)
def test_a_document_that_ends_before_its_root_is_cut_off(written: str) -> None:
    found = tidied(written.encode())

    assert etree.fromstring(found.xml).tag == "a"
    assert found.cut


def test_of_elements_deep_within_each_other_the_words_stay() -> None:
    deep = 10_000
    found = tidied(f"<a>{'<b>' * deep}x{'</b>' * deep}<c>y</c></a>".encode())
    root = etree.fromstring(found.xml)

    assert ("".join(map(str, root.itertext())), [child.tag for child in root]) == ("xy", ["b", "c"])
    assert (found.changed, found.cut) == (True, False)


def _beside_reddit(entry: str) -> Page:
    start = REDDIT_FEED.index("<entry>")
    return reddit.parse_feed((REDDIT_FEED[:start] + entry + REDDIT_FEED[start:]).encode())


def _beside_kiyoh(review: str) -> Page:
    start = KIYOH_FEED.index("    <reviews>")
    return kiyoh_feed.parse((KIYOH_FEED[:start] + review + KIYOH_FEED[start:]).encode())


def _beside_feed(item: str) -> Page:
    start = PUBLISHER.index("<item>")
    return feed.parse((PUBLISHER[:start] + item + PUBLISHER[start:]).encode(), "https://krant.example", NOW)


def _ids(read: Callable[[bytes], Page]) -> Callable[[bytes], set[str]]:
    return lambda body: {record.external_id for record in read(body).records}


def _addresses(body: bytes) -> set[str]:
    return {entry.address for entry in sitemap.parse(body, "https://snelveld.example/").found}


# How the names in a document are read, the document, what an entry begins and ends with, the name of the first one.
LISTS: dict[str, tuple[Callable[[bytes], set[str]], str, str, str, str]] = {
    "reddit": (_ids(reddit.parse_feed), REDDIT_FEED, "<entry>", "</entry>", "t3_1p0abcd"),
    "kiyoh": (_ids(kiyoh_feed.parse), KIYOH_FEED, "    <reviews>", "    </reviews>", "5f8d3c1e"),
    "feed": (
        _ids(lambda body: feed.parse(body, "https://krant.example", NOW)),
        PUBLISHER,
        "<item>",
        "</item>",
        "https://www.voorbeeldkrant.example/economie/63",
    ),
    "sitemap": (_addresses, SITEMAP, "<url>", "</url>", "ervaringen/1"),
}


WRONG_TAGS = [
    *(
        "",
        "{0}{0}",
        "<other>",
        "</other>",
        "<!other>",
        "<{1} x>",
        "<{1} x=y>",
        '<{1} x="1" x="2">',
        "<{1} x=1 y='2'z=3>",
    ),
    *(
        "<{1} x=\"a'b>",
        "<{1} x='>",
        '<{1} "">',
        "<{1}/ >",
        "<{1}=>",
        "<{1}&amp;>",
        "<{1}?>",
        "<q:{1}>",
        "</{1} x='1'>",
    ),
]
"""What stands in the place of a tag `{0}`, of an element `{1}`."""


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("change", WRONG_TAGS)
def test_a_wrong_tag_in_one_entry_costs_neither_the_one_before_nor_the_one_after(
    kind: str, change: str
) -> None:
    read, document, start, end, name = LISTS[kind]
    before, opened, rest = document.partition(start)
    inner, closed, after = rest.partition(end)
    entry = opened + inner + closed
    assert name in entry
    good = [name[:-1] + mark for mark in ("7", "8")]
    whole = read((before + entry.replace(name, good[0]) + entry.replace(name, good[1]) + after).encode())
    for tag in re.finditer(r"<[^<>!]+>", entry):
        element = re.split(r"[\s/>]", tag[0].lstrip("</"))[0]
        bad = entry[: tag.start()] + change.format(tag[0], element) + entry[tag.end() :]
        body = before + entry.replace(name, good[0]) + bad + entry.replace(name, good[1]) + after

        assert whole <= read(body.encode()), tag[0]


@pytest.mark.parametrize("tag", ["<b>", "</b>", "<b><b>", "</feed>", "</rss>", "<a>" * 1_000])
@pytest.mark.parametrize(
    ("read", "bad"),
    [
        (_beside_reddit, "<entry><id>t3_1p0kapot</id><title>{}Kapot</title></entry>"),
        (_beside_kiyoh, "<reviews><reviewId>00000000</reviewId><city>{}Kapot</city></reviews>"),
        (_beside_feed, "<item><guid>kapot</guid><title>{}Kapot</title></item>"),
    ],
)
def test_a_tag_that_makes_no_sense_costs_nothing_beside_it(
    read: Callable[[str], Page], bad: str, tag: str
) -> None:
    beside, whole = read(bad.format(tag)), read("")

    assert [one for one in beside.records if "apot" not in one.external_id + str(one.title)] == list(
        whole.records
    )
    assert (beside.notes, beside.damage) == (("the feed is not well-formed XML",), None)


def test_an_entry_without_its_end_costs_no_entry_after_it() -> None:
    start, end = REDDIT_FEED.index("<entry>"), REDDIT_FEED.index("</entry>")
    entries = [REDDIT_FEED[start:end].replace("t3_1p0abcd", f"t3_{number}") for number in range(3)]
    page = reddit.parse_feed(
        (REDDIT_FEED[:start] + "</entry>".join(entries) + "</entry></feed>")
        .replace("</entry>", "", 1)
        .encode()
    )

    assert [record.external_id for record in page.records] == ["t3_0", "t3_1", "t3_2"]
