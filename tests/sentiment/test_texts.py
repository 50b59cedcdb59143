from hypothesis import given
from hypothesis import strategies as st

from sentiment.texts import groups, pieces, readable

any_text = st.text(st.characters(codec=None), max_size=300)


@given(any_text)
def test_every_text_becomes_readable_and_stays_so(text: str) -> None:
    once = readable(text)
    assert readable(once) == once
    assert once.encode("utf-8").decode("utf-8") == once


def test_half_an_emoji_and_invisible_marks_do_not_reach_the_model() -> None:
    assert readable("  slecht\u202e\x00 \ud83d\n\nweer ") == "slecht \ufffd weer".replace(
        "\ufffd", "\ufffd" * 3
    )


@given(st.text("ab ", max_size=200), st.integers(1, 50))
def test_pieces_lose_nothing_and_none_is_too_long(text: str, longest: int) -> None:
    cut = list(pieces(text, longest))
    assert "".join(cut) == text
    assert max(len(piece) for piece in cut) <= longest


def test_pieces_end_between_words() -> None:
    assert list(pieces("geen bereik vandaag", 8)) == ["geen", " bereik", " vandaag"]


@given(st.lists(st.text("a", max_size=5), max_size=50))
def test_groups_keep_every_text_in_order(texts: list[str]) -> None:
    assert [text for group in groups(texts) for text in group] == texts


def test_a_few_enormous_texts_are_not_held_together() -> None:
    assert [len(group) for group in groups(["x" * 1_500_000] * 3)] == [1, 1, 1]
