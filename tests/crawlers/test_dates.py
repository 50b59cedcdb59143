from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.dates import instant, precision, written
from storage.records import Precision

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 13:00 in the Netherlands


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("3 dagen geleden", at(2026, 11, 18, 12)),
        ("2 maanden geleden", at(2026, 9, 21, 12)),
        ("1 uur geleden", at(2026, 11, 21, 11)),
        ("een week geleden", at(2026, 11, 14, 12)),
        ("een jaar geleden", at(2025, 11, 21, 12)),
        ("één maand geleden", at(2026, 10, 21, 12)),
        ("zojuist", NOW),
        ("zonet", NOW),
        ("anderhalf uur geleden", at(2026, 11, 21, 10, 30)),
        ("een half uur geleden", at(2026, 11, 21, 11, 30)),
        ("een kwartier geleden", at(2026, 11, 21, 11, 45)),
        ("gisteren om 14:05", at(2026, 11, 20, 13, 5)),
        ("vandaag 08:10", at(2026, 11, 21, 7, 10)),
        ("20 november 2026 09:15", at(2026, 11, 20, 8, 15)),
        ("vr 20 nov. 2026", at(2026, 11, 19, 23)),
        ("za 3 okt 2026, 21:04", at(2026, 10, 3, 19, 4)),
        ("maandag 18 februari 2019 11:44", at(2019, 2, 18, 10, 44)),
        ("13-05-2022 13:32", at(2022, 5, 13, 11, 32)),
        ("03-07 18:22", at(2026, 7, 3, 16, 22)),
        ("16:35", at(2026, 11, 20, 15, 35)),
        ("Gisteren, 14:05 uur", at(2026, 11, 20, 13, 5)),
        ("eergisteren om 14.05", at(2026, 11, 19, 13, 5)),
        ("gister 09:10", at(2026, 11, 20, 8, 10)),
        ("20 november 2026, 14.05 uur", at(2026, 11, 20, 13, 5)),
        ("twee dagen geleden", at(2026, 11, 19, 12)),
        ("3 dagen terug", at(2026, 11, 18, 12)),
        ("2 d geleden", at(2026, 11, 19, 12)),
        ("ongeveer 3 uur geleden", at(2026, 11, 21, 9)),
        ("1 uur en 5 minuten geleden", at(2026, 11, 21, 10, 55)),
        ("5 min. geleden", at(2026, 11, 21, 11, 55)),
        ("een paar minuten geleden", at(2026, 11, 21, 11, 57)),
        ("3u geleden", at(2026, 11, 21, 9)),
        ("een paar dagen geleden", at(2026, 11, 18, 12)),
        ("paar weken geleden", at(2026, 10, 31, 12)),
        ("'n paar maanden terug", at(2026, 8, 21, 12)),
        ("enkele jaren geleden", at(2023, 11, 21, 12)),
        ("'n week geleden", at(2026, 11, 14, 12)),
    ],
)
def test_dutch_dates_are_read_as_seen_at_the_download(words: str, expected: datetime) -> None:
    assert written(words, NOW) == expected


@pytest.mark.parametrize(
    ("told", "coarsely"),
    [
        ("2026-11-18T09:41:22Z", Precision.MINUTE),
        ("2026-11-18", Precision.DAY),
        ("18-11-2026", Precision.DAY),
        ("18.11.2026", Precision.DAY),
        ("18.11.2026 9.41", Precision.MINUTE),
        ("20 november 2026", Precision.DAY),
        ("november 2026", Precision.MONTH),
        ("2026-11", Precision.MONTH),
        ("2026-11-22", Precision.DAY),
        ("20261122", Precision.DAY),
        ("20261122 0941", Precision.MINUTE),
        ("20261122 094130", Precision.MINUTE),
        ("gisteren", Precision.DAY),
        ("gisteren om 14:05", Precision.MINUTE),
        ("zojuist", Precision.MINUTE),
        ("5 minuten geleden", Precision.MINUTE),
        ("1 uur en 5 minuten geleden", Precision.MINUTE),
        ("3u geleden", Precision.HOUR),
        ("anderhalf uur geleden", Precision.HOUR),
        ("3 dagen geleden", Precision.DAY),
        ("een week geleden", Precision.WEEK),
        ("3 weken terug", Precision.WEEK),
        ("2 wk geleden", Precision.WEEK),
        ("3 maanden geleden", Precision.MONTH),
        ("een jaar geleden", Precision.YEAR),
        (None, Precision.MINUTE),
    ],
)
def test_a_time_is_as_precise_as_it_is_told(told: object, coarsely: Precision) -> None:
    assert precision(told) is coarsely


@pytest.mark.parametrize("words", ["", "   ", "binnenkort", "32 november 2026", "9" * 61, None, 7, "\ud800"])
def test_what_says_no_time_gives_none(words: object) -> None:
    assert written(words, NOW) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-18T09:41:22.000Z", at(2026, 11, 18, 9, 41, 22)),
        ("2026-11-17T05:12:09-07:00", at(2026, 11, 17, 12, 12, 9)),
        ("2026-11-15", at(2026, 11, 14, 23)),
        ("2026-07-15", at(2026, 7, 14, 22)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("gisteren", None),
        (0, None),
    ],
)
def test_machine_readable_times_become_utc(text: object, expected: datetime | None) -> None:
    assert instant(text) == expected


def test_the_hour_that_occurs_twice_is_one_of_both() -> None:
    found = instant("2026-10-25T02:30:00")

    assert found in (at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30))


FIRST_HALF_PAST_TWO, SECOND_HALF_PAST_TWO = at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30)


@pytest.mark.parametrize(
    "words",
    [
        "02:30",
        "vandaag 02:30",
        "vandaag om 2:30 uur",
        "25 oktober 2026 02:30",
        "25-10-2026 02:30",
        "2026-10-25T02:30:00",
    ],
)
@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (at(2026, 10, 25, 0, 45), FIRST_HALF_PAST_TWO),
        (at(2026, 10, 25, 1, 20), FIRST_HALF_PAST_TWO),
        (at(2026, 10, 25, 1, 45), SECOND_HALF_PAST_TWO),
        (at(2026, 10, 25, 11, 0), SECOND_HALF_PAST_TWO),
    ],
)
def test_the_hour_that_occurs_twice_is_the_last_that_has_been(
    words: str, seen: datetime, expected: datetime
) -> None:
    assert written(words, seen) == expected


@pytest.mark.parametrize(
    "seen", [at(2026, 10, 25, minute // 60, minute % 60) for minute in range(0, 240, 20)]
)
@pytest.mark.parametrize(
    ("words", "minutes"), [("30 minuten geleden", 30), ("1 uur geleden", 60), ("3 uur geleden", 180)]
)
def test_so_long_ago_is_so_long_ago_while_the_clocks_change(words: str, minutes: int, seen: datetime) -> None:
    assert written(words, seen) == seen - timedelta(minutes=minutes)
    spring = seen.replace(month=3, day=29)
    assert written(words, spring) == spring - timedelta(minutes=minutes)


def test_a_day_ago_is_a_day_ago_and_yesterday_is_on_the_calendar() -> None:
    seen = at(2026, 10, 25, 11)  # noon; the day before had noon an hour earlier
    assert written("1 dag geleden", seen) == at(2026, 10, 24, 11)
    assert written("gisteren om 12:00", seen) == at(2026, 10, 24, 10)


@pytest.mark.parametrize("words", ["02:30", "vandaag 02:30", "29 maart 2026 02:30", "2026-03-29 02:30"])
def test_the_hour_that_does_not_occur_is_read_as_long_after_midnight(words: str) -> None:
    assert written(words, at(2026, 3, 29, 10)) == at(2026, 3, 29, 1, 30)


def test_the_hours_round_the_change_of_clocks_are_right() -> None:
    before, after = written("25-10-2026 01:59", NOW), written("25-10-2026 03:01", NOW)

    assert before is not None
    assert after is not None
    assert after - before == timedelta(hours=2, minutes=2)


WORDS = [
    "gisteren",
    "vandaag",
    "om",
    "02:30",
    "2:30",
    "uur",
    "geleden",
    "terug",
    "een",
    "half",
    "kwartier",
    "3",
    "dagen",
]
WORDS += ["25", "oktober", "okt.", "29", "maart", "2026", "maandag"]


@given(
    st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join),
    st.timedeltas(timedelta(0), timedelta(days=214)).map(lambda later: at(2026, 3, 28) + later),
)
@settings(max_examples=150, deadline=None)
def test_no_words_at_any_moment_break_a_page(words: str, seen: datetime) -> None:
    found = written(words, seen)
    assert found is None or found.tzinfo is UTC
