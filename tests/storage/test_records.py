"""Records are cleaned, or refused with the reason."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from storage.records import LONGEST_TEXT, Record, clean
from tests.storage.shop import record


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"external_id": " "}, "external_id"),
        ({"text": "x" * (LONGEST_TEXT + 1)}, "at most 100000"),
        ({"published_at": datetime(2026, 1, 1)}, "without a zone"),  # noqa: DTZ001
        ({"rating": 6}, "off its scale"),
        ({"rating": 3, "rating_max": None}, "without its scale"),
        ({"rating": float("nan")}, "rating"),
        ({"url": "javascript:alert(1)"}, "not an http"),
        ({"url": "//evil.example"}, "not an http"),
        ({"text": "", "title": None, "rating": None}, "neither text"),
        ({"likes": -1}, "likes"),
    ],
)
def test_what_cannot_be_a_public_post_is_refused_with_the_reason(
    changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        record(**changes)


def test_control_and_reordering_characters_are_taken_out() -> None:
    cleaned = record(text="a\x00b \u202egnirts\u202c\u00a0 c\r\nd \u200bé\u0301 👩\u200d💻")
    assert cleaned.text == "ab gnirts c\nd é\u0301 👩\u200d💻"


@pytest.mark.parametrize(
    "hidden", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u200d\u200d", "\u2060", "\ufeff"]
)
def test_a_name_is_the_same_word_with_and_without_what_nobody_sees(hidden: str) -> None:
    assert clean(f"Snel{hidden}veld") == "Snelveld"


@pytest.mark.parametrize("space", ["\t", "\v", "\f", "\x1f", "\x85", "\xa0", "\u2028"])
def test_white_space_of_any_kind_parts_words(space: str) -> None:
    assert clean(f"Snel{space}veld") == "Snel veld"


@pytest.mark.parametrize("hidden", ["\u200b", "\x02"])
def test_what_nobody_sees_parts_no_letter_from_its_accent(hidden: str) -> None:
    assert clean(f"Cafe{hidden}\u0301") == "Caf\xe9"


@pytest.mark.parametrize("emoji", ["👩\u200d💻", "👨🏽\u200d🚀", "❤️\u200d🔥", "🏳️\u200d🌈", "🧑\u200d⚕️"])
def test_emoji_that_are_joined_stay_together(emoji: str) -> None:
    assert clean(f"Boos {emoji}hoor") == f"Boos {emoji}hoor"


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    assert "\ud800" not in clean("a\ud800b")
    clean("a\ud800b").encode()


@given(st.text())
def test_cleaning_is_stable_and_can_be_stored(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\x00" not in once.encode().decode()


def test_who_renames_a_topic_edits_nobodys_words() -> None:
    def renamed(of_topic: bool, text: str = "Al drie dagen niets.") -> bool:
        record = Record(external_id="1", namespace="n", title="Storing", of_topic=of_topic, text=text)
        return record.content_hash != record.model_copy(update={"title": "[Opgelost] Storing"}).content_hash

    assert renamed(of_topic=False)
    assert not renamed(of_topic=True)
    assert renamed(of_topic=True, text="")  # it says nothing else


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_hash_tells_title_from_text(title: str, text: str) -> None:
    left = Record(external_id="1", namespace="n", title=title[:50], text=text, rating=1, rating_max=5)
    right = left.model_copy(update={"title": None, "text": f"{title[:50]}{text}"})
    assert left.title is None or left.content_hash != right.content_hash
