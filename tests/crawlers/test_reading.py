"""How far is read, how polite, and how answers that are no page are understood."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.paging import gone_from, is_known, vanished, whole_wanted
from crawlers.parsers.page import Page
from crawlers.parsers.values import decoded
from crawlers.retries import LONGEST_WAIT, retry_after
from crawlers.scrapy_settings import settings, user_agent
from crawlers.spiders.reading import body_of
from storage.configuration import CrawlSettings
from storage.mentions import StoreCounts
from storage.records import Record

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAGE = Page(records=(Record(external_id="1", namespace="feed:x", text="Tekst"),))


def crawl_settings(delay: float = 2, timeout: float = 600) -> dict[str, object]:
    return settings(CrawlSettings(delay=timedelta(seconds=delay), timeout=timedelta(seconds=timeout)))


@pytest.mark.parametrize(
    ("counts", "known"),
    [
        (StoreCounts(unchanged=1), True),
        (StoreCounts(erased=1), True),
        (StoreCounts(new=1, unchanged=19), False),
        (StoreCounts(edited=1), False),
        (StoreCounts(replied=1), False),
        (StoreCounts(unmatched=1), False),
        (StoreCounts(returned=1), False),
    ],
)
def test_only_a_page_that_is_wholly_known_and_unchanged_ends_the_reading(
    counts: StoreCounts, known: bool
) -> None:
    assert is_known(PAGE, counts) is known


def test_a_page_from_which_everything_was_left_out_is_not_known() -> None:
    assert not is_known(Page(passed=20), StoreCounts())


@pytest.mark.parametrize(
    ("state", "whole"),
    [
        ({}, True),
        ({"open": True, "whole_at": "2026-11-21T11:00:00+00:00"}, True),
        ({"open": False, "whole_at": "2026-11-21T11:00:00+00:00"}, False),
        ({"open": False, "whole_at": "2026-11-20T11:00:00+00:00"}, True),
        ({"open": False, "whole_at": "ooit"}, True),
    ],
)
def test_all_pages_are_read_first_daily_and_after_breaking_off(state: dict[str, object], whole: bool) -> None:
    assert whole_wanted(state, NOW) is whole


@pytest.mark.parametrize(
    ("before", "seen", "expected"),
    [
        ("abcdef", "abcdef", ""),
        ("abcdef", "acdef", "b"),
        ("abcdef", "xyabd", "c"),
        ("abcdef", "xyz", ""),
        ("abcdef", "f", "abcde"),
        ("", "abc", ""),
        ("abcdefghijklmnop", "p", "abcdefghijklmno"),
    ],
)
def test_what_stood_above_something_still_there_has_vanished(before: str, seen: str, expected: str) -> None:
    assert vanished(before, seen) == list(expected)


@pytest.mark.parametrize(
    ("before", "seen", "expected"),
    [
        ("abcdef", "abcdef", ""),
        ("abcdef", "xyabd", "cef"),
        ("abcdef", "xyz", "abcdef"),
        ("abcdefghijklmnop", "a", "bcdefghijklmnop"),
    ],
)
def test_what_stood_below_has_vanished_when_all_was_read(before: str, seen: str, expected: str) -> None:
    assert vanished(before, seen, to_the_end=True) == list(expected)


@pytest.mark.parametrize(
    ("nameless", "lost"),
    [
        ([0, 0, 0], [[], [], ["a"]]),
        ([2, 2, 2], [[], [], ["a"]]),  # who could not be read before is somebody else
        ([1, 2, 2], [[], [], []]),  # the second may be this one
        ([2, 1, 1], [[], [], ["a"]]),
        ([1, 2, 1, 1], [[], [], [], ["a"]]),
        ([1, 2, 3, 2, 1, 1], [[], [], [], [], [], ["a"]]),
        ([1, 1, 2], [[], [], ["a"]]),
    ],
)
def test_what_may_be_a_record_that_cannot_be_read_is_not_gone(
    nameless: list[int], lost: list[list[str]]
) -> None:
    state: dict[str, Any] = {}
    found = []
    for day, count in enumerate(nameless):
        one, left = gone_from(state, ["a"] if day else [], count, NOW + timedelta(days=day))
        state |= left
        found.append(one)

    assert found == lost


def test_what_goes_missing_after_one_became_unreadable_is_not_in_doubt() -> None:
    _, state = gone_from({}, ["a"], 1, NOW)
    _, state = gone_from(state, ["a", "b"], 1, NOW + timedelta(days=1))
    lost, state = gone_from(state, ["a", "b"], 1, NOW + timedelta(days=2))

    assert (lost, state["doubted"]) == (["b"], {"a": 0})


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", None),
        ("259200", timedelta(days=3)),
        ("Tue, 24 Nov 2026 12:00:00 GMT", timedelta(days=3)),
        ("999999999", LONGEST_WAIT),
        ("0", None),
        ("", None),
        ("straks", None),
        ("²", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_without_an_end(
    header: str, wait: timedelta | None
) -> None:
    response = Response("http://x.example", headers={"Retry-After": header.encode()})

    assert retry_after(response, NOW) == wait


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", ""),
        ("utf-8", "application/json"),
        ("utf-8", "application/json; charset=iso-8859-1"),
        ("iso-8859-1", "application/json; charset=iso-8859-1"),
        ("windows-1252", 'application/vnd.api+json; charset="ISO-8859-1"'),
        ("iso-8859-15", "text/json;charset=ISO-8859-15"),
        ("utf-16", "application/json; charset=utf-16"),
    ],
)
def test_json_that_is_not_utf_8_is_read_as_what_it_says_to_be(encoding: str, content_type: str) -> None:
    body = '{"comment": "Één café"}'.encode(encoding)
    response = Response("http://x.example", headers={"Content-Type": content_type.encode()}, body=body)

    assert decoded(body_of(response)) == '{"comment": "Één café"}'


@pytest.mark.parametrize("said", ["utf-8", "zlib", "punycode", "utf-99", ""])
def test_json_that_says_nothing_of_use_stays_as_it_is(said: str) -> None:
    headers = {"Content-Type": f"application/json; charset={said}".encode()}

    assert body_of(Response("http://x.example", headers=headers, body=b'"\xe9"')) == b'"\xe9"'


def test_only_json_is_put_into_utf_8_before_it_is_parsed() -> None:
    headers = {"Content-Type": b"text/html; charset=iso-8859-1"}

    assert body_of(Response("http://x.example", headers=headers, body=b"\xe9")) == b"\xe9"


def test_the_user_agent_says_who_reads_and_whom_to_ask() -> None:
    assert user_agent("webcare@snelveld.example").endswith(" (+webcare@snelveld.example)")
    assert user_agent("").startswith("Klachtenradar/")
    assert "\n" not in user_agent("a\r\nX-Evil: 1")
    assert "(" not in user_agent(" ")


def test_the_delay_between_requests_is_the_configured_one() -> None:
    made = crawl_settings(delay=3)

    assert (made["DOWNLOAD_DELAY"], made["AUTOTHROTTLE_START_DELAY"], made["DOWNLOAD_DELAY_JITTER"]) == (
        3,
        3,
        0,
    )


def test_without_a_delay_the_first_request_does_not_wait() -> None:
    assert crawl_settings(delay=0)["AUTOTHROTTLE_START_DELAY"] == 0


def test_a_silent_site_is_given_up_within_the_time_of_a_crawl() -> None:
    assert crawl_settings(timeout=600)["DOWNLOAD_TIMEOUT"] == 30
    assert crawl_settings(timeout=8)["DOWNLOAD_TIMEOUT"] == 2


def test_too_many_requests_is_never_tried_again() -> None:
    made = crawl_settings()

    assert 429 not in made["RETRY_HTTP_CODES"]  # type: ignore[operator]
    assert made["ROBOTSTXT_OBEY"] is True
