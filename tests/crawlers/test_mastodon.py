import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.causes import Cause
from crawlers.parsers.mastodon import older, parse, parse_one, parse_search
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.parsers.stretch import Stretch
from storage.records import Kind, Status
from tests.crawlers.payloads import LINK, WAF_PAGE, mastodon, status


def read(*statuses: object, **asked: Any) -> Stretch:
    return parse(mastodon(*statuses), **asked)


def test_a_status_becomes_a_record() -> None:
    [record] = read(status()).records

    assert record.namespace == "mastodon"
    assert record.external_id == "https://mastodon.example/users/annie/statuses/115570012345678901"
    assert record.url == "https://mastodon.example/@annie/115570012345678901"
    assert record.text == "Weer storing bij #Snelveld, derde keer deze week & niemand belt."
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, 123000, tzinfo=UTC)
    assert (record.likes, record.shares, record.replies, record.followers) == (9, 5, 2, 210)
    assert (record.author_id, record.author_name) == ("https://mastodon.example/@annie", "Annie")
    assert (record.kind, record.rating, record.language) == (Kind.POST, None, "nl")


def test_a_content_warning_is_the_title() -> None:
    [record] = read(status(spoiler_text="Storing")).records

    assert record.title == "Storing"


def test_an_answer_to_another_post_is_a_comment() -> None:
    [record] = read(status(in_reply_to_id="115570012345678000")).records

    assert record.kind is Kind.COMMENT


def test_an_edit_is_marked() -> None:
    [record] = read(status(edited_at="2026-11-19T08:00:00.000Z")).records

    assert record.status is Status.EDITED
    assert record.updated_at == datetime(2026, 11, 19, 8, tzinfo=UTC)


def test_what_a_post_quotes_is_not_its_own_words() -> None:
    content = (
        '<blockquote>Altijd top!</blockquote><p class="quote-inline">RE: post</p><p>Nou, bij mij niet.</p>'
    )
    [record] = read(status(content=content)).records

    assert record.text == "Nou, bij mij niet."


@pytest.mark.parametrize(
    "left_out",
    [
        status({"indexable": False}),
        status({"discoverable": False}),
        status({"bot": True}),
        status(visibility="private"),
        status(visibility="direct"),
        status(visibility="local"),
        status(reblog=status()),
        status(language="de"),
    ],
)
def test_what_is_not_meant_to_be_collected_is_left_out(left_out: dict[str, Any]) -> None:
    page = read(left_out, languages={"nl"})

    assert page.records == ()
    assert page.passed == 1


@pytest.mark.parametrize(
    "changed",
    [{}, status(visibility=None), {key: value for key, value in status().items() if key != "visibility"}],
)
def test_a_status_that_does_not_say_who_may_see_it_is_refused(changed: dict[str, Any]) -> None:
    page = read(changed)

    assert (page.records, page.passed, len(page.problems)) == ((), 0, 1)


@pytest.mark.parametrize(
    "kept",
    [
        status({"indexable": None}),
        status(visibility="unlisted"),
        status(language=None),
        status(language="nl-NL"),
    ],
)
def test_what_is_public_is_kept(kept: dict[str, Any]) -> None:
    assert len(read(kept, languages={"nl"}).records) == 1


def test_bots_are_kept_when_asked_for() -> None:
    assert len(read(status({"bot": True}), bots=True).records) == 1


def test_ids_are_compared_as_numbers() -> None:
    page = read(status(id="99"), status(id="115570012345678901"), status(id="oeps"), full=3)

    assert page.next == "99"


def test_a_page_that_is_not_full_and_has_no_link_is_the_last() -> None:
    assert read(status(), full=2).next is None


def test_what_was_left_out_still_counts_for_how_far_a_page_goes() -> None:
    assert read(status(), status(id="7", visibility="private"), full=2).next == "7"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<p></p>",
        "<p></p>\n",
        "<p><br></p>",
        "<p>&nbsp;\u200e</p>",
        '<p class="quote-inline">RE: <a href="https://mastodon.example/@annie/1">mastodon.example</a></p>',
        "<blockquote>Altijd top!</blockquote>",
    ],
)
def test_a_picture_or_a_quote_without_a_word_of_ones_own_is_passed_by(content: str) -> None:
    page = read(status(content=content))

    assert (page.records, page.problems, page.passed) == ((), (), 1)


def test_a_status_without_an_address_is_found_by_its_uri() -> None:
    [record] = read(status(url=None)).records

    assert record.url == record.external_id


def test_what_a_search_finds_is_read_as_a_timeline_is() -> None:
    found = json.dumps({"accounts": [], "statuses": [status()], "hashtags": []}).encode()

    assert parse_search(found).records == read(status()).records


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"statuses": null}', b'{"statuses": {}}'])
def test_a_search_of_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse_search(body)


@pytest.mark.parametrize(
    ("found", "passed"),
    [
        (status(), 0),
        (status({"indexable": False}), 1),
        (status({"discoverable": False}), 1),
        (status(visibility="private"), 1),
        (status(content="<p></p>"), 1),
        (status({"bot": True}), 0),
    ],
)
def test_a_status_that_was_looked_up_is_passed_when_its_author_took_it_back(
    found: dict[str, Any], passed: int
) -> None:
    page = parse_one(json.dumps(found).encode())

    assert (len(page.records), page.passed) == (1 - passed, passed)


@pytest.mark.parametrize("body", [b"[]", b"7", b"[{}]"])
def test_a_status_of_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse_one(body)


def test_the_link_header_gives_the_older_page() -> None:
    assert older(LINK) == "115570012345670000"
    assert parse(mastodon(status()), LINK).next == "115570012345670000"


@pytest.mark.parametrize(
    "link",
    [
        "",
        "<>",
        '<https://x.example/?max_id=1>; rel="prev"',
        '<javascript:1?max_id=x>; rel="next"',
        "<" * 20_000,
    ],
)
def test_a_link_header_without_an_older_page_gives_none(link: str) -> None:
    assert older(link) is None


def test_an_empty_timeline_is_an_empty_page() -> None:
    page = read()

    assert (page.entries, page.newest, page.next) == (0, None, None)


def test_an_error_object_means_that_outsiders_are_kept_out() -> None:
    with pytest.raises(Blocked) as caught:
        parse(b'{"error": "This method requires an authenticated user"}')

    assert caught.value.cause is Cause.SIGN_IN


def test_a_wall_is_named() -> None:
    with pytest.raises(Blocked) as caught:
        parse(WAF_PAGE)

    assert caught.value.cause is Cause.WAF


@pytest.mark.parametrize("body", [b"", b"{}", b"3", b'"x"', b"[1", b"\xff\xfe"])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body)


def test_statuses_of_another_form_are_refused_one_by_one() -> None:
    made = status()
    made["body"] = made.pop("content")
    page = read(made, status(), None, 7)

    assert len(page.records) == 1
    assert [problem.what for problem in page.problems] == ["no text under content"] * 3


def test_endless_markup_is_refused() -> None:
    page = read(status(content="<b>" * 400_000))

    assert page.problems[0].what == "more than 1,000,000 characters of markup"


@pytest.mark.parametrize("changes", [{"content": 7}, {"content": "<b>" * 400_000}, {"visibility": None}])
def test_a_status_that_is_refused_is_still_known_by_its_uri(changes: dict[str, Any]) -> None:
    [problem] = read(status(**changes)).problems

    assert problem.identity == status()["uri"]
