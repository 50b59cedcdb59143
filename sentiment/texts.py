"""What the model reads of a text: the same for training and for judging."""

from collections.abc import Iterator, Sequence

from storage.records import clean

# Texts and characters that are sorted by length together: enough to fill batches, little enough for memory.
_TOGETHER = 2048
_TOGETHER_CHARACTERS = 2_000_000


def readable(text: str) -> str:
    """`text` as the model reads it: composed letters, single blanks, nothing invisible, no lone surrogate."""
    return " ".join(clean(text).split())


def pieces(text: str, longest: int) -> Iterator[str]:
    """`text` in stretches of at most `longest` characters, cut at a blank where there is one; nothing is lost.

    Tokenizing 100,000 characters at once takes hundreds of bytes a character; in pieces it does not.
    """
    start = 0
    while len(text) - start > longest:
        cut = text.rfind(" ", start, start + longest)
        end = cut if cut > start else start + longest
        yield text[start:end]
        start = end
    yield text[start:]


def groups(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """`texts` in stretches that are sorted and judged together, none of them large."""
    start = characters = 0
    for place, text in enumerate(texts):
        full = place - start == _TOGETHER or characters + len(text) > _TOGETHER_CHARACTERS
        if full and place > start:
            yield texts[start:place]
            start, characters = place, 0
        characters += len(text)
    if start < len(texts):
        yield texts[start:]
