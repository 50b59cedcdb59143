"""What is known of a part of a listing between two readings, without asking any site."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from crawlers import endings
from crawlers.checkpoints import GOES_ON, LEFT_OUT, MORE_SINCE, Checkpoint, Reach, Rest
from crawlers.dates import EARLIEST
from crawlers.paging import in_turn
from crawlers.parsers.page import Page
from crawlers.parsers.stretch import Stretch
from crawlers.readings import Gap, Reading, with_gap
from storage.records import Record
from tests.crawlers.conftest import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REACH = Reach(
    overlap=HOUR,
    reread=7 * DAY,
    rereads=True,
    newest_first=True,
    misses_at_once=False,
    backlog=None,
    most_pages=50,
)
READ = Reading("reviews", START - DAY, reread=False)


def known(state: dict[str, Any] | None = None, **reach: Any) -> Checkpoint:
    return Checkpoint("reviews", state or {}, replace(REACH, **reach), START, known_as=str)


def ago(**shown: float) -> dict[str, str]:
    """Times by id, each some hours ago."""
    return {key: (START - hours * HOUR).isoformat() for key, hours in shown.items()}


def page(following: str | None = None, **shown: float) -> Stretch:
    """A page of posts, each some hours old."""
    records = tuple(Record(namespace="shop", external_id=key, text="Slecht") for key in shown)
    times = tuple((key, START - hours * HOUR) for key, hours in shown.items())
    return Stretch(**vars(Page(records, next=following)), shown=times)


def test_a_first_reading_goes_back_as_far_as_it_can() -> None:
    assert known().begin() == Reading("reviews", None, reread=True)


@pytest.mark.parametrize(
    ("hours", "reread", "floor"), [(2, False, START - 3 * HOUR), (25, True, START - 7 * DAY)]
)
def test_a_week_is_read_again_once_a_day(hours: float, reread: bool, floor: datetime) -> None:
    state = {"newest": (START - 2 * HOUR).isoformat(), "reread_at": (START - hours * HOUR).isoformat()}

    assert known(state).begin() == Reading("reviews", floor, reread)


def test_a_clock_that_was_ahead_is_not_believed() -> None:
    state = {"newest": (START + DAY).isoformat(), "reread_at": START.isoformat()}

    assert known(state).begin() == Reading("reviews", None, reread=True)


def test_a_reading_remembers_what_will_be_compared() -> None:
    old = known({"newest": START.isoformat(), "shown": ago(known=500)})
    read = old.turned(READ, page("2", new=1, known=500, old=600))

    assert (read.entries, read.newest, list(read.seen)) == (3, START - HOUR, ["known", "new"])
    assert read.lowest == ("old", START - 600 * HOUR)


def test_what_stood_above_the_floor_and_is_not_shown_is_lost() -> None:
    old = known({"shown": ago(gone=2, there=3, unread=4, below=30)})
    read = old.turned(READ, page(there=3))

    assert old.lost(read, unread={"unread"}) == ["gone"]


def test_of_a_gap_only_what_stood_between_its_first_page_and_its_floor_is_lost() -> None:
    old = known({"shown": ago(above=2, gone=5, there=6, below=30)})
    of_gap = Reading.of_gap("reviews", Gap("on", START - DAY), 2)

    assert old.lost(of_gap, unread=()) == []
    assert old.lost(old.turned(of_gap, page(first=4, there=6)), unread=()) == ["gone"]


@pytest.mark.parametrize(
    ("reach", "reached", "floor"),
    [
        ({}, True, START - DAY),
        ({}, False, START - 2 * HOUR),
        ({"misses_at_once": True}, True, START - DAY),
        ({"newest_first": False}, True, None),
        ({"newest_first": False}, False, START),
    ],
)
def test_what_a_reading_did_not_come_to_is_not_missed(
    reach: dict[str, Any], reached: bool, floor: datetime | None
) -> None:
    assert known(**reach).read_down_to(page("2", last=2), READ, reached) == floor


@pytest.mark.parametrize(
    ("reading", "reach", "expected"),
    [
        (replace(READ, floor=None, number=50), {}, Rest(None, LEFT_OUT)),
        (replace(READ, floor=None, number=8), {}, Rest(Gap("on", EARLIEST, number=8), GOES_ON)),
        (replace(READ, floor=None, number=50), {"backlog": DAY}, Rest(Gap("on", START - DAY), GOES_ON)),
        (READ, {"newest_first": False}, Rest(None, LEFT_OUT)),
    ],
)
def test_what_a_first_reading_leaves(reading: Reading, reach: dict[str, Any], expected: Rest) -> None:
    assert known(**reach).rest(reading, "on", met=False) == expected


def test_what_came_since_and_was_too_much_is_left_down_to_what_was_known() -> None:
    state = {"newest": (START - DAY).isoformat(), "mark": "7"}

    assert known(state).rest(READ, "on", met=False) == (Gap("on", START - DAY - HOUR, "7"), MORE_SINCE)
    assert known(state).rest(READ, "on", met=True) == (None, None)


def test_what_is_read_again_goes_on_where_the_time_was_up() -> None:
    state = {"newest": (START - DAY).isoformat()}
    again = replace(READ, reread=True)
    left = with_gap(state, Gap("old", START - 9 * DAY))

    assert known(state).rest(again, "on", met=True) == (Gap("on", START - DAY), None)
    assert known(state).rest(replace(again, number=50), "on", met=True) == (None, None)
    assert known(left).rest(again, "on", met=True) == (Gap("old", START - 9 * DAY), None)


def test_a_gap_that_was_left_before_is_reached_through_what_is_left_now() -> None:
    state = with_gap({"newest": (START - DAY).isoformat()}, Gap("old", START - 9 * DAY, "3"))
    gap, _ = known(state).rest(READ, "on", met=False)

    assert gap == Gap("on", START - 9 * DAY, "3")


def test_of_a_first_reading_no_more_is_left_than_a_quick_one_reads() -> None:
    gap = Gap("old", EARLIEST, number=40)
    of_gap = Reading.of_gap("reviews", gap, 41)

    assert known().rest(replace(of_gap, number=45), "on", met=False).gap == replace(
        gap, cursor="on", number=45
    )
    assert known().rest(replace(of_gap, number=50), "on", met=False) == (None, LEFT_OUT)


@pytest.mark.parametrize(
    ("kept", "gap"),
    [
        (["on", START.isoformat(), None], Gap("on", START)),  # as versions kept it that knew no number
        (["on", START.isoformat(), "7", 3], Gap("on", START, "7", 3)),
        (["on", "gisteren", None, 0], None),
        (["on"], None),
        ("on", None),
        (None, None),
    ],
)
def test_a_gap_is_read_in_every_form_that_it_was_stored_in(kept: Any, gap: Gap | None) -> None:
    assert Gap.kept_in({"gap": kept}) == gap


def test_a_first_reading_whose_gap_cannot_be_read_is_begun_again() -> None:
    state = {"newest": START.isoformat(), "had": True}

    assert known(with_gap(state, Gap("on", START, number=3))).without_gap() == {"had": True}
    assert known(with_gap(state, Gap("on", START))).without_gap() == state


def test_what_is_of_the_kind_alone_stays_in_the_state() -> None:
    old = known({"answered": {"a": 3}, "newest": (START - DAY).isoformat(), "shown": ago(a=24)})
    read = replace(old.turned(READ, page(b=1)), reread=True)

    assert old.after(read) == {
        "answered": {"a": 3},
        "newest": (START - HOUR).isoformat(),
        "shown": ago(b=1, a=24),
        "had": True,
        "reread_at": START.isoformat(),
    }


def test_a_post_from_the_future_keeps_no_later_one_from_being_read() -> None:
    read = known().turned(READ, page(future=-50))

    assert known().after(read)["newest"] == START.isoformat()


def test_a_listing_without_posts_is_missed_once_a_day() -> None:
    missed = known({"had": True}).missed()

    assert missed == {"had": True, "missed_at": START.isoformat()}
    assert known(missed).missed() is None


def test_a_listing_without_posts_is_not_compared_with_what_is_older_than_is_read_again() -> None:
    missed = known({"shown": ago(late=30, old=200), "begun": ago(older=300)}).missed()
    first_page = known({"shown": ago(late=30, old=200), "top": ago(old=200)["old"]}).missed()

    assert missed
    assert (list(missed["shown"]), missed["begun"]) == (["late"], {})
    assert first_page
    assert set(first_page["shown"]) == {"late", "old"}


def test_those_to_look_up_are_others_every_hour() -> None:
    lost = [f"rev-{number:04}" for number in range(100)]
    drawn = {one for hour in range(300) for one in in_turn(lost, 10, START + hour * HOUR)}

    assert drawn == set(lost)


ENDED = {"newest": (START - 2 * HOUR).isoformat(), "ended": ago(last=25)}


@pytest.mark.parametrize(
    ("state", "lowest", "looks_up", "proven"),
    [
        ({}, 3, False, False),
        (ENDED, 3, False, True),  # a day later, with the same post
        (ENDED | {"shown": ago(below=9)}, 3, False, False),
        (ENDED | {"shown": ago(below=9)}, 3, True, True),
        (ENDED | {"ended": {}}, 3, False, True),  # it came to where an earlier reading began
        (ENDED | {"ended": {}}, 1, False, False),
    ],
)
def test_a_page_that_shows_nothing_is_an_end_where_that_is_proven(
    state: dict[str, Any], lowest: float, looks_up: bool, proven: bool
) -> None:
    old = known(state)
    read = old.turned(READ, page("2", last=lowest))

    assert endings.is_proven(old, read, old.lost(read, ()), looks_up) is proven


def test_all_that_a_source_says_there_is_proves_its_end() -> None:
    assert endings.is_proven(known(), replace(READ, entries=60, expected=60), [], looks_up=False)


def test_an_ending_counts_since_it_was_first_seen() -> None:
    read = known().turned(READ, page("2", last=3))
    first = endings.with_ending(known(), read)
    later = replace(known(first), now=START + HOUR)

    assert first == {"ended": {"last": START.isoformat()}}
    assert endings.with_ending(later, read) == first


def test_what_a_reading_saw_that_never_ended_is_missed_but_not_taken_for_read() -> None:
    state = {"newest": (START - DAY).isoformat(), "shown": ago(old=24)}
    broken = known(state).turned(READ, page("2", new=1))
    begun = known(state).on_the_way(broken)
    assert begun == state | {"begun": ago(new=1)}

    again = known(begun).turned(READ, page(old=24))
    assert known(begun).newest == START - DAY
    assert known(begun).lost(replace(again, floor=START - 2 * DAY), unread=()) == ["new"]
    assert known(begun).after(again) == state | {"shown": ago(new=1, old=24), "had": True}
    assert known(begun).let_go({"new", "old"}) == state | {"shown": {}, "begun": {}}


def test_a_page_of_known_posts_leaves_the_state_as_it_is() -> None:
    old = known({"newest": START.isoformat(), "shown": ago(a=1)})

    assert old.on_the_way(old.turned(READ, page(a=1))) is None
