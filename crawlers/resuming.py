"""Where a crawl begins after one that was broken off."""

from itertools import chain
from typing import Any

from crawlers.checkpoints import UNENDED
from crawlers.dates import EARLIEST
from crawlers.paging import REACHED, in_order

LONG_AGO = EARLIEST.isoformat()
_WHOLE = ("whole_at", "reread_at")
"""When all was last read, in the state of a part."""
_SEEN = ("shown", "kept")
"""What was seen and is missed when it is gone, in the state of a part or topic: a list of ids, or times by id."""
_ANSWERS = "answers"
"""The replies of threads, by thread, in the state of a part."""
HELD = "held"
"""How many posts stood on each page that was read for the first time, by address, in the state of a part."""
_TOPICS = "topics"
"""The states of the topics of a forum, in that of the forum."""

State = dict[str, Any]


def begun_again(before: State, after: State) -> State:
    """The state of a source by which everything is read once more that a crawl read which was broken off.

    `before` is the one with which that crawl began, `after` the one that it left. What it stored is known now, so it
    says nothing of how far to read; but what may be gone by then is missed, as if a whole crawl had seen it.
    """
    return before | _each(before, after)


def _each(before: State, after: State) -> State:
    """The states of parts, or of the topics of one; none of those that the crawl brought and has seen nothing in."""
    both = {name: (before.get(name, {}), after.get(name, {})) for name in chain(before, after)}
    found = {
        name: _once_more(*pair) for name, pair in both.items() if all(isinstance(one, dict) for one in pair)
    }
    return {name: state for name, state in found.items() if state or name in before}


def _once_more(before: State, after: State) -> State:
    state = {key: LONG_AGO if key in _WHOLE else value for key, value in before.items() if key != REACHED}
    for key in _SEEN:
        if isinstance(seen := after.get(key), list):
            state[key] = in_order(_listed(before.get(key)), seen)
    if isinstance(answers := after.get(_ANSWERS), dict):
        had = _timed(before.get(_ANSWERS))
        both = {key: (_listed(had.get(key)), _listed(answers.get(key))) for key in had | answers}
        state[_ANSWERS] = {key: in_order(*pair) for key, pair in both.items()}
    if held := _timed(after.get(HELD)) | _timed(before.get(HELD)):
        state[HELD] = held
    if unended := _unended(before, after):
        state[UNENDED] = unended
    if isinstance(topics := after.get(_TOPICS), dict):
        known = before.get(_TOPICS)
        state[_TOPICS] = begun_again(known if isinstance(known, dict) else {}, topics)
    return state


def _unended(before: State, after: State) -> State:
    """What the crawl was the first to see, and what readings had seen before that never ended; time by id."""
    seen = _timed(before.get(UNENDED)) | _timed(after.get("shown")) | _timed(after.get(UNENDED))
    known = _timed(before.get("shown"))
    return {key: time for key, time in seen.items() if key not in known}


def _listed(kept: object) -> list[Any]:
    return kept if isinstance(kept, list) else []


def _timed(kept: object) -> State:
    return kept if isinstance(kept, dict) else {}
