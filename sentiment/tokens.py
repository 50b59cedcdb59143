"""The tokens of a text as training and exporting read it: as the service does, cut to one window."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer

from sentiment.errors import TrainingError
from sentiment.examples import Example
from sentiment.manifest import TOKENIZER
from sentiment.texts import readable


def load_tokenizer(folder: Path) -> Tokenizer:
    """The folder's tokenizer, neither cutting nor filling. Raises TrainingError when there is none."""
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # the library raises bare Exception
        raise TrainingError(f"{folder / TOKENIZER}: no tokenizer can be read ({error})") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def tokens(tokenizer: Tokenizer, examples: Iterable[Example], window: int) -> list[list[int]]:
    """Each text's tokens between the marks for start and end, `window` at most; of a long text the first."""
    encoded = tokenizer.encode_batch([readable(example.text) for example in examples])
    return [row.ids[:-1][: window - 1] + row.ids[-1:] for row in encoded]
