"""What can become of an answer: wrong types, keys that are missing, deep nesting, huge numbers, bad bytes."""

import copy
import os
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from storage.records import LONGEST_TEXT

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
"""Of each payload and property; `make fuzz` takes many more."""
THOROUGH = "FUZZ_EXAMPLES" in os.environ
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Draw = st.DataObject

NASTY: list[Any] = [
    None,
    True,
    0,
    -1,
    2**63,
    10**39,
    10**300,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202e\u200b",
    "javascript:alert(1)",
    "http://[",
    "<!channel>",
    "</script><script>alert(1)</script>",
    "9" * 5_000,
    "x" * (LONGEST_TEXT + 1),
    "<b>" * 5_000,
    "&" * 1_000,
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    [],
    {},
    [[[]]],
    {"label": {"label": {}}},
    {"@id": "#x"},
    [None, 1, "a", {}],
]
RAW = {
    "@@deep@@": b"[" * 3_000 + b"]" * 3_000,
    "@@huge@@": b"9" * 6_000,
    "@@endless@@": b"1e999999999",
    "@@nothing@@": b"-1e-999999999",
    "@@no number@@": b"NaN",
}
BROKEN = {"@@unclosed@@": b"[" * 50_000, "@@hex@@": b"0x10", "@@word@@": b"ja"}
"""What no tree can hold, and what is no JSON: put in place of a text once a tree is written out."""
FRAGMENTS = [
    b"<![CDATA[",
    b"<!DOCTYPE x [",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    b"]]>",
    b"&#0;",
    b"&#xD800;",
    b"&b;",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\x00",
    b"<!--",
    b"{" * 50,
    b"</",
    b'"',
    b"\\u0000",
    b"\\ud800",
]
ENCODINGS = ["utf-16", "utf-16-be", "utf-32", "windows-1252", "utf-8-sig", "utf-7", "shift_jis", "cp037"]


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a tree but its root."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path] * bool(path) + [place for key, one in inner for place in places(one, (*path, key))]


def found(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the tree with `value` at `path`."""
    if not path:
        return value
    changed = copy.deepcopy(tree)
    found(changed, path[:-1])[path[-1]] = value
    return changed


def _without(tree: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(tree)
    del found(changed, path[:-1])[path[-1]]
    return changed


def mutated(data: Draw, tree: Any, raw: Iterable[str] = (*RAW, *BROKEN)) -> Any:
    """A tree with one to three things in it that are not as they should be."""
    raw = list(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        ways = places(tree)
        if not ways:
            return NASTY[data.draw(st.integers(0, len(NASTY) - 1))]
        path = data.draw(st.sampled_from(ways))
        how = data.draw(st.sampled_from(["another", "raw", "missing", "inside", "twice"]))
        if how == "missing":
            tree = _without(tree, path)
            continue
        held = found(tree, path)
        if how == "another":
            value = NASTY[data.draw(st.integers(0, len(NASTY) - 1))]
        elif how == "raw":
            value = data.draw(st.sampled_from(raw))
        elif how == "inside":
            value = ([held], {"label": held}, str(held))[data.draw(st.integers(0, 2))]
        else:
            value = [held, held]
        tree = replaced(tree, path, value)
    return tree


def written(tree: Any, written_out: Callable[[Any], bytes]) -> bytes:
    """The tree as its source writes it, with what no tree can hold."""
    body = written_out(tree)
    if b"@@" in body:
        for name, raw in (RAW | BROKEN).items():
            for quote in (b'\\"', b'"'):
                body = body.replace(quote + name.encode() + quote, raw)
    return body


def damaged(data: Draw, whole: bytes) -> bytes:
    """The bytes cut off, in another encoding, with a part many times over, or with something else in places."""
    how = data.draw(st.sampled_from(["cut", "encoding", "repeated", "spliced", "spliced"]))
    if how == "cut":
        return whole[: data.draw(st.integers(0, len(whole)))]
    if how == "encoding":
        return whole.decode("utf-8", "replace").encode(data.draw(st.sampled_from(ENCODINGS)), "replace")
    if how == "repeated":
        start, length = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 200))
        times = data.draw(st.sampled_from([2, 50, 1_000]))
        return whole[:start] + whole[start : start + length] * times + whole[start + length :]
    body = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        start, length = data.draw(st.integers(0, len(body))), data.draw(st.integers(0, 60))
        body[start : start + length] = data.draw(st.binary(max_size=20) | st.sampled_from(FRAGMENTS))
    return bytes(body)
