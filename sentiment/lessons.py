"""What a network was taught, kept beside it: of each head the sources whose answers it was trained on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment.errors import TrainingError
from sentiment.examples import Example, answered
from sentiment.heads import HEADS

STORY = "training.json"
"""The file beside a network that tells how it came to be."""

_KEY = "taught"


@dataclass(frozen=True)
class Lessons:
    """`sources` per head, by its name; None for a network of which nothing is known: it counts as taught all."""

    sources: Mapping[str, frozenset[str]] | None = None

    def hold(self, head: str, source: str | None = None) -> bool:
        """Whether the network was taught this head; with a `source`, by texts of that source."""
        if self.sources is None:
            return True
        taught = self.sources.get(head, frozenset())
        return bool(taught) if source is None else source in taught


def lessons_in(examples: Sequence[Example]) -> dict[str, dict[str, list[str]]]:
    """What training on the examples teaches, as it is kept in the story of a run."""
    places = {head.name: answered(examples, place)[0] for place, head in enumerate(HEADS)}
    sources = {name: sorted({examples[row].source for row in rows}) for name, rows in places.items()}
    return {_KEY: sources}


def together(lessons: Sequence[Lessons]) -> dict[str, dict[str, list[str]]]:
    """What the mean of several networks counts as taught, as it is kept; nothing when that is unknown of one."""
    known = [one.sources for one in lessons if one.sources is not None]
    if len(known) < len(lessons):
        return {}
    heads = sorted({head for sources in known for head in sources})
    return {
        _KEY: {head: sorted({one for sources in known for one in sources.get(head, ())}) for head in heads}
    }


def lessons_of(folder: Path) -> Lessons:
    """What the network in the folder was taught. Raises TrainingError when its story cannot be read."""
    path = folder / STORY
    if not path.exists():
        return Lessons()
    try:
        told = json.loads(path.read_text(encoding="utf-8")).get(_KEY)
        if told is None:
            return Lessons()
        return Lessons({head: frozenset(sources) for head, sources in told.items()})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path}: cannot be read ({error})") from error
