"""A Dutch complaint is not taken for another language; other languages mostly are seen for what they are."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from sentiment.language import language_of
from storage.records import is_foreign

POSTS = [
    line.split("\t")
    for line in Path(__file__).with_name("short_posts.tsv").read_text("utf-8").splitlines()
    if line
]
"""Language and text of posts of one to ten words, each written for this: slang, emoji, typing errors, Flemish."""
DUTCH = [text for language, text in POSTS if language == "nl"]
OTHERS = [(language, text) for language, text in POSTS if language != "nl"]
TRAINING = Path(__file__).parents[2] / "sentiment" / "training"


def share_judged(texts: Sequence[str], stated: str | None = None) -> float:
    return sum(not is_foreign(language_of(text, stated)) for text in texts) / len(texts)


def test_the_posts_are_many_and_none_stands_there_twice() -> None:
    assert (len(DUTCH) >= 250, len(OTHERS) >= 200) == (True, True)
    assert len({text for _, text in POSTS}) == len(POSTS)


def test_hardly_any_dutch_post_is_missed_however_short() -> None:
    assert share_judged(DUTCH) >= 0.99


def test_dutch_on_a_telephone_that_says_english_is_still_judged() -> None:
    assert share_judged(DUTCH, stated="en-US") >= 0.99


@pytest.mark.parametrize("words", [2, 3, 5, 1_000])
def test_the_beginnings_of_dutch_texts_are_judged(words: int) -> None:
    lines = (TRAINING / "written-d.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in random.Random(1).sample(lines, 300)]
    assert share_judged([" ".join(text.split()[:words]) for text in texts]) >= 0.99


def test_few_posts_in_other_languages_are_judged() -> None:
    assert share_judged([text for _, text in OTHERS]) <= 0.15


def test_hardly_any_is_judged_where_the_source_states_the_language() -> None:
    judged = [text for language, text in OTHERS if not is_foreign(language_of(text, language))]
    assert len(judged) <= 0.1 * len(OTHERS)


def test_other_writing_is_never_taken_for_dutch() -> None:
    judged = [
        text
        for language, text in OTHERS
        if language in ("ar", "fa", "he", "ru", "uk", "bg", "el", "zh", "ja", "ko", "hi", "th")
        and not is_foreign(language_of(text, "nl"))
    ]
    assert judged == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Al drie dagen geen internet en niemand neemt de telefoon op.", "nl"),
        ("Worst provider ever, three days without internet.", "en"),
        ("Sehr schlechter Service, nie wieder!", "de"),
        ("Très mauvais service, je ne recommande pas", "fr"),
        ("Çok kötü hizmet, tavsiye etmiyorum", "tr"),
        ("Bardzo słaba obsługa, nie polecam", "pl"),
        ("ужасный сервис", "ru"),
    ],
)
def test_a_sentence_is_recognised(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["Super app !", "Verrassend snel.", "Top", "Prima service", "ok", "customer service is bagger"]
)
def test_a_few_doubtful_words_and_loan_words_count_as_dutch(text: str) -> None:
    assert language_of(text) == "nl"


def test_the_source_tips_the_scales_without_deciding() -> None:
    assert language_of("food was cold", "en-US") == "en"
    assert language_of("food was cold", "nl-BE") == "nl"
    assert language_of("Al drie dagen geen internet", "en") == "nl"


@pytest.mark.parametrize(
    "text", ["", "😡😡", "10/10 !!!", "★☆☆☆☆", "\u200b", "@snelveld https://x.example/a"]
)
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert language_of(text) == "und"


@pytest.mark.parametrize("text", ["\ud83d slecht", "\x00\x01", "a" * 100_000, "𝓼𝓵𝓮𝓬𝓱𝓽𝓮 𝓼𝓮𝓻𝓿𝓲𝓬𝓮"])
def test_any_text_is_answered(text: str) -> None:
    assert language_of(text) in ("nl", "und", "rw", "en")
