"""Why a text got its sentiment: which of its words carried it, by leaving them out."""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sentiment.classifier import Classifier, Sentiment

# Passes of the model over a stretch of the text: first with groups of words left out, then with the single words of
# the groups that mattered most. Together about a second on one core.
_COARSE = 28
_FINE = 20

# Words and characters that are judged as one stretch, so that a pass costs one window; and stretches that are looked
# into: of a longer text those that say the verdict loudest, among so many of its beginning.
_WORDS = 120
_CHARACTERS = 800
_STRETCHES = 3
_HEARD = 24

# A "word" without blanks is taken in pieces, so that a text without any blank has words too.
_WORD = re.compile(r"\S{1,40}")


@dataclass(frozen=True)
class Carrier:
    """`text[start:end]`, and what it adds to the log-odds of the sentiment; less than 0 where it speaks against it.

    A weight of 1 moves a probability of 50 % to 73 %; what moves less than some tenths is hardly worth showing.
    """

    start: int
    end: int
    weight: float


def why(text: str, classifier: Classifier, sentiment: Sentiment | None = None) -> list[Carrier]:
    """What carries `sentiment` (default: the one the model gives) in `text`, in the order of the text.

    Occlusion (Zeiler & Fergus 2014; Li et al. 2016): the weight of words is the log-odds of the sentiment in their
    stretch of the text less those without the words. Carriers do not overlap; they are single words where the text is
    short or the words matter, groups of neighbouring words elsewhere. Of a text above some 360 words only the
    stretches that say the sentiment loudest are looked into, of one above 19,000 characters only the beginning.
    Any text is answered; one without words by nothing.
    """
    stretches = list(itertools.islice(_stretches(text), _HEARD))
    if not stretches:
        return []
    judge = _Judge(text, classifier, sentiment or classifier.classify([text])[0].sentiment)
    chosen = judge.loudest(stretches)
    count = sum(map(len, chosen))
    size = 1 if count <= _COARSE + _FINE else math.ceil(count / _COARSE)
    groups = [group for words in chosen for group in _groups(words, size)]
    found = judge.weighed(groups)
    split = _strongest(found) if size > 1 else []
    single = [_Group(group.words, (word,)) for group in split for word in group.left_out]
    kept = [pair for pair in found if pair[0] not in split]
    return sorted(
        (group.carrier(weight) for group, weight in [*kept, *judge.weighed(single)]),
        key=lambda carrier: carrier.start,
    )


_Word = tuple[int, int]
_Stretch = tuple[_Word, ...]


@dataclass(frozen=True)
class _Group:
    """Neighbouring words of a stretch that are left out together."""

    words: _Stretch
    left_out: tuple[_Word, ...]

    def carrier(self, weight: float) -> Carrier:
        return Carrier(self.left_out[0][0], self.left_out[-1][1], weight)


def _stretches(text: str) -> Iterator[_Stretch]:
    words: list[_Word] = []
    for match in _WORD.finditer(text):
        if words and (len(words) == _WORDS or match.end() - words[0][0] > _CHARACTERS):
            yield tuple(words)
            words = []
        words.append(match.span())
    if words:
        yield tuple(words)


def _groups(words: _Stretch, size: int) -> Iterator[_Group]:
    for start in range(0, len(words), size):
        yield _Group(words, words[start : start + size])


def _strongest(found: Sequence[tuple[_Group, float]]) -> list[_Group]:
    """The groups that matter most, as many as there are passes left for their words."""
    chosen: list[_Group] = []
    for group, _ in sorted(found, key=lambda pair: -abs(pair[1])):
        if sum(len(one.left_out) for one in [*chosen, group]) > _FINE:
            break
        chosen.append(group)
    return chosen


@dataclass(frozen=True)
class _Judge:
    """What the model makes of parts of `text`, as log-odds of `sentiment`."""

    text: str
    classifier: Classifier
    sentiment: Sentiment

    def loudest(self, stretches: Sequence[_Stretch]) -> list[_Stretch]:
        if len(stretches) <= _STRETCHES:
            return list(stretches)
        odds = self._odds([self.text[words[0][0] : words[-1][1]] for words in stretches])
        places = sorted(range(len(stretches)), key=lambda place: -odds[place])[:_STRETCHES]
        return [stretches[place] for place in sorted(places)]

    def weighed(self, groups: Sequence[_Group]) -> list[tuple[_Group, float]]:
        """Each group with its weight."""
        whole = list({group.words: None for group in groups})
        odds = self._odds(
            [*(self._without(_Group(words, ())) for words in whole), *map(self._without, groups)]
        )
        before = dict(zip(whole, odds, strict=False))
        rest = odds[len(whole) :]
        return [(group, before[group.words] - after) for group, after in zip(groups, rest, strict=True)]

    def _without(self, group: _Group) -> str:
        start, end = group.words[0][0], group.words[-1][1]
        if not group.left_out:
            return self.text[start:end]
        return self.text[start : group.left_out[0][0]] + self.text[group.left_out[-1][1] : end]

    def _odds(self, texts: Sequence[str]) -> list[float]:
        return [
            _log_odds(verdict.probabilities[self.sentiment]) for verdict in self.classifier.classify(texts)
        ]


def _log_odds(probability: float) -> float:
    # Where a model is certain the odds know no bounds.
    bounded = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))
