import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sentiment import lines
from sentiment.classifier import Verdict
from storage.records import Sentiment


class ByLength:
    """Calls texts of more than ten characters negative."""

    model_id = "by-length"

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        return [self._one(len(text) > 10) for text in texts]

    def _one(self, long: bool) -> Verdict:
        share = {Sentiment.NEGATIVE: float(long), Sentiment.NEUTRAL: 0.0, Sentiment.POSITIVE: 1.0 - long}
        return Verdict(Sentiment.NEGATIVE if long else Sentiment.POSITIVE, share)


def classified(
    content: bytes, tmp_path: Path, encoding: str = "utf-8"
) -> tuple[list[dict[str, Any]], list[str], int]:
    """What is written, what is told and how many lines failed."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    told: list[str] = []
    with lines.opened(path) as source:
        failed = lines.classify(source, out, ByLength(), told.append)
    out.seek(0)
    return [json.loads(line) for line in out], told, failed


def rows(*given: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in given)


def test_a_line_gains_the_verdict_and_keeps_its_other_keys(tmp_path: Path) -> None:
    (row,), told, failed = classified(rows({"id": 7, "text": "fijn", "nested": {"a": [1]}}), tmp_path)
    assert row == {
        "id": 7,
        "text": "fijn",
        "nested": {"a": [1]},
        "sentiment": "positive",
        "unsure": False,
        "probabilities": {"negative": 0.0, "neutral": 0.0, "positive": 1.0},
        "themes": [],
        "escalation": False,
        "churn": False,
        "question": False,
        "language": "nl",
    }
    assert (told, failed) == ([], 0)


def test_the_order_is_kept_over_many_chunks(tmp_path: Path) -> None:
    given = [{"id": place, "text": "x" * (place % 21)} for place in range(5000)]
    found, _, _ = classified(rows(*given), tmp_path)
    assert [row["id"] for row in found] == list(range(5000))
    assert all((row["sentiment"] == "negative") == (len(row["text"]) > 10) for row in found)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nee", "is not JSON"),
        (b'{"text": "half', "is not JSON"),
        (b"[1]", "is not an object"),
        (b'{"tekst": "a"}', 'has no key "text"'),
        (b'{"text": 5}', "a number, not a string"),
        (b'{"text": null}', "null, not a string"),
        (b'{"text": ["a"]}', "a list, not a string"),
        (b'{"text": "\xff"}', "is not UTF-8"),
        (b'{"text": "a", "n": NaN}', "is not JSON"),
        (b'{"text": "a", "n": 1e999}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path, line: bytes, reason: str) -> None:
    good = rows({"text": "a"})
    found, told, failed = classified(good + line + b"\n" + good, tmp_path)
    assert (len(found), failed) == (2, 1)
    assert told[0].startswith(f"{tmp_path / 'in.jsonl'}:2: ")
    assert reason in told[0]


def test_blank_lines_and_a_byte_order_mark_are_no_fault(tmp_path: Path) -> None:
    found, told, _ = classified(
        b"\xef\xbb\xbf" + rows({"text": "a"}) + b"\r\n\n" + rows({"text": "b"}), tmp_path
    )
    assert ([row["text"] for row in found], told) == (["a", "b"], [])


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_half_an_emoji_passes_through_any_output(tmp_path: Path, encoding: str) -> None:
    (row,), _, _ = classified(b'{"text": "caf\\u00e9 \\ud83d"}\n', tmp_path, encoding)
    assert row["text"] == "caf\u00e9 \ud83d"


def test_letters_are_written_as_letters(tmp_path: Path) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    source = tmp_path / "in.jsonl"
    source.write_bytes('{"text": "één"}'.encode())
    with lines.opened(source) as file:
        lines.classify(file, out, ByLength(), print)
    out.seek(0)
    assert '"text": "één"' in out.read()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), lines.opened(tmp_path / "weg.jsonl"):
        pass
