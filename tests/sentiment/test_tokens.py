"""Training and exporting read a text as the service reads it."""

from pathlib import Path

import pytest

from sentiment.errors import TrainingError
from sentiment.examples import Example
from sentiment.manifest import FOLDER
from sentiment.tokens import load_tokenizer, tokens
from sentiment.windows import LONGEST


def read(text: str, window: int = LONGEST) -> tuple[list[int], list[int]]:
    """The tokens that are trained on, and all those of the text between its marks."""
    tokenizer = load_tokenizer(FOLDER)
    (found,) = tokens(tokenizer, [Example(text, "bron", ())], window)
    return found, tokenizer.encode(text).ids


@pytest.mark.parametrize("text", ["", "Slecht geholpen.", "Monteur kwam niet." * 20])
def test_a_text_stands_between_one_start_and_one_end(text: str) -> None:
    found, whole = read(text)
    assert found == whole


def test_of_a_long_text_the_first_window_is_read_and_closed() -> None:
    found, whole = read("Monteur kwam niet. " * 200)
    assert found == [*whole[: LONGEST - 1], whole[-1]]
    found, whole = read("Monteur kwam niet. " * 200, 100)
    assert found == [*whole[:99], whole[-1]]


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"tokenizer\.json: no tokenizer can be read"):
        load_tokenizer(tmp_path)
