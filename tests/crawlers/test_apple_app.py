from datetime import UTC, datetime, timedelta

import pytest

from crawlers.causes import Cause
from crawlers.parsers.apple_app import parse
from crawlers.parsers.page import Blocked, FormatChanged, Page
from demo.replica import Kind
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads import APP_ENTRY, WAF_JSON, WAF_PAGE, apple, apple_entry


def read(entry: object = None, **changes: object) -> Page:
    return parse(apple(entry, **changes), "nl", "987654321")


def test_an_entry_becomes_a_record() -> None:
    [record] = read([apple_entry()]).records

    assert (record.namespace, record.external_id) == ("apple:nl:987654321", "13579246801")
    assert (record.title, record.text) == (
        "Inloggen lukt niet meer",
        "Sinds de update krijg ik steeds fout 403.",
    )
    assert (record.rating, record.rating_min, record.rating_max) == (1, 1, 5)
    assert (record.author_id, record.author_name, record.likes) == ("123456789", "reiziger_nl", 4)
    assert record.url == "https://itunes.apple.com/nl/review?id=987654321&type=Purple%20Software"
    assert record.language is None


def test_the_american_time_becomes_utc() -> None:
    [record] = read([apple_entry()]).records

    assert record.published_at == datetime(2026, 11, 17, 12, 12, 9, tzinfo=UTC)


def test_one_review_may_stand_without_a_list() -> None:
    assert len(read(apple_entry()).records) == 1


def test_no_entry_is_an_empty_page() -> None:
    assert read().entries == 0


def test_the_entry_about_the_app_itself_is_no_review() -> None:
    page = read([APP_ENTRY, apple_entry()])

    assert len(page.records) == 1
    assert page.problems == ()


@pytest.mark.parametrize(
    "more", [{}, {"author": {"name": {"label": "Snelveld BV"}}, "content": {"label": "Glas"}}]
)
def test_an_app_entry_alone_is_an_empty_page(more: dict[str, object]) -> None:
    assert read(APP_ENTRY | more).entries == 0


@pytest.mark.parametrize(("old", "new"), [("im:rating", "im:stars"), ("im:", "app:")])
def test_a_leading_review_whose_rating_has_another_name_is_refused(old: str, new: str) -> None:
    renamed = {key.replace(old, new): value for key, value in apple_entry().items()}

    assert [problem.what for problem in read([renamed]).problems] == ["no rating under im:rating"]


def test_an_entry_without_rating_further_down_is_refused() -> None:
    [problem] = read([apple_entry(), apple_entry(**{"im:rating": {"label": "vijf"}})]).problems

    assert (problem.what, problem.identity) == ("no rating under im:rating", "13579246801")


def test_entries_under_another_key_are_another_form() -> None:
    with pytest.raises(FormatChanged, match="keys that it never had"):
        read(reviews=[apple_entry()])


def test_a_negative_sum_of_votes_is_unknown_rather_than_wrong() -> None:
    [record] = read(apple_entry(**{"im:voteSum": {"label": "-3"}})).records

    assert record.likes is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"feed": []}', b"{", b"<feed/>", b"null", b'{"feed"' + b":[" * 50_000]
)
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(FormatChanged):
        parse(body, "nl", "987654321")


@pytest.mark.parametrize("body", [WAF_PAGE, WAF_JSON, b"<html><title>Access Denied</title>"])
def test_a_wall_is_named(body: bytes) -> None:
    with pytest.raises(Blocked) as caught:
        parse(body, "nl", "987654321")

    assert caught.value.cause is Cause.WAF


@pytest.mark.parametrize(("number", "removed"), [(49, 2), (51, 2), (52, 0)])
def test_the_oldest_reviews_are_removed_where_the_last_page_is_a_short_one(
    crawling: Crawling, number: int, removed: int
) -> None:
    shown = show(crawling, posts(Kind.APPLE, number))
    crawling(Kind.APPLE)
    for post in shown[-2:]:
        crawling.replica.posts.remove(post.key)
    told = 0
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        told += crawling(Kind.APPLE).counts["removed"]

    assert told == removed
