"""Which brand a text is about."""

import pytest

from storage.matching import BrandTerms, Matcher
from tests.storage.shop import record

SNELVELD = BrandTerms(1, ("snelveld", "snel veld"), ("snelveldrun", "snelveld atletiek"))
BELPUNT = BrandTerms(2, ("belpunt",), competitor=True)


@pytest.mark.parametrize(
    "text",
    [
        "Snelveld ligt eruit",
        "wat een drama, SNELVELD!",
        "@snelveld hallo?",
        "#Snelveld alweer",
        "(snelveld)",
        "www.snelveld.nl is plat",
        "bij Snel  Veld belde niemand terug",
    ],
)
def test_whole_words_are_found_in_any_case_with_at_and_hash(text: str) -> None:
    assert SNELVELD.hits(text) == 1


@pytest.mark.parametrize("text", ["snelvelden vol tulpen", "razendsnelveld", "niets over hen", ""])
def test_a_part_of_a_word_is_not_the_brand(text: str) -> None:
    assert SNELVELD.hits(text) == 0


@pytest.mark.parametrize("text", ["Snelveld sponsort de #snelveldrun", "snelveld atletiek won van snelveld"])
def test_an_exclusion_rules_the_text_out(text: str) -> None:
    assert SNELVELD.hits(text) == 0


def test_the_source_decides_before_the_text() -> None:
    assert Matcher((SNELVELD, BELPUNT), own=2).brand_of(record(text="Snelveld")) == 2


def test_an_own_brand_goes_before_a_competitor_that_is_named_more_often() -> None:
    text = "Van Belpunt, ja Belpunt, naar Snelveld gegaan"
    assert Matcher((BELPUNT, SNELVELD)).brand_of(record(text=text)) == 1


def test_the_title_counts_too() -> None:
    assert Matcher((SNELVELD,)).brand_of(record(title="Snelveld beboet", text="")) == 1


def test_a_text_without_a_brand_has_none() -> None:
    assert Matcher((SNELVELD, BELPUNT)).brand_of(record(text="Mooi weer")) is None
