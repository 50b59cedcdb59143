"""Distillation: networks trained before teach the next one.

A text's wanted answers become partly what the teachers answer on average, which says more than one label does:
how sure, and what else it might be (Hinton et al., "Distilling the knowledge in a neural network", 2015). Where a
text has no label for a head, the teachers' answer is all there is. A teacher answers for what it was taught itself,
so that one who knows only reviews of books has no say on the themes of a complaint.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from sentiment.examples import READ_TWICE, Example
from sentiment.heads import HEADS
from sentiment.lessons import Lessons, lessons_of
from sentiment.trainer import Plan, Trainer, say


def taught(plan: Plan, teachers: Sequence[Path], share: float, also: Set[str] = frozenset()) -> Plan:
    """The plan with `share` (0 to 1) of each known answer from the teachers, and all of each unknown one.

    `teachers` are `best` folders of runs. For a known answer those count that were taught the head by texts of the
    same source, and for the sources in `also`, as for an unknown answer, all that were taught the head; where there is
    none, the answer stays as it is. A teacher who contradicts the label of a text that was read twice is wrong and not
    heard on it. The development texts stay as they are. Raises TrainingError when a folder holds no network.
    """
    heard = [asked for teacher in teachers if (asked := _asked(plan, teacher, also)) is not None]
    rows = enumerate(plan.train)
    return replace(plan, train=tuple(_mixed(example, row, heard, share) for row, example in rows))


@dataclass(frozen=True)
class _Teacher:
    """`answers`: per row that it was asked about, per head the probability of each label."""

    lessons: Lessons
    also: Set[str]
    answers: Mapping[int, Sequence[Tensor]]

    def answer(self, row: int, example: Example, head: int) -> Tensor | None:
        """Probabilities of the head's labels; None where the teacher has no say."""
        return self.answers[row][head] if _has_say(self.lessons, self.also, example, head) else None


def _has_say(lessons: Lessons, also: Set[str], example: Example, head: int) -> bool:
    of_any = example.targets[head] is None or example.source in also
    return lessons.hold(HEADS[head].name, None if of_any else example.source)


def _asked(plan: Plan, folder: Path, also: Set[str]) -> _Teacher | None:
    """A teacher with its answers; None when it has no say on any of the texts."""
    lessons = lessons_of(folder)
    heads = range(len(HEADS))
    rows = [
        row
        for row, example in enumerate(plan.train)
        if any(_has_say(lessons, also, example, head) for head in heads)
    ]
    if not rows:
        return None
    say(f"asking {folder} about {len(rows)} texts")
    teacher = Trainer(replace(plan, base=folder, train=tuple(plan.train[row] for row in rows)))
    # As they were trained, and more than twice as fast on a CPU.
    with torch.autocast(teacher.device.type, dtype=torch.bfloat16):
        outputs = teacher.outputs(teacher.plan.train)
    pairs = zip(outputs, teacher.weights, strict=True)
    heard = [_probabilities(place, logits, weights.cpu()) for place, (logits, weights) in enumerate(pairs)]
    return _Teacher(lessons, also, dict(zip(rows, zip(*heard, strict=True), strict=True)))


def _probabilities(place: int, logits: Tensor, weights: Tensor) -> Tensor:
    """The logits' probabilities without the lift that the loss weights gave rare labels.

    A weight w moves the logit of the most likely answer by log w; the pupil's own loss weighs again.
    """
    plain = logits - weights.log()
    return plain.softmax(1) if HEADS[place].exclusive else plain.sigmoid()


def _mixed(example: Example, row: int, teachers: Sequence[_Teacher], share: float) -> Example:
    targets = []
    for head, known in enumerate(example.targets):
        said = [answer for teacher in teachers if (answer := teacher.answer(row, example, head)) is not None]
        if known is not None and example.source in READ_TWICE and HEADS[head].exclusive:
            said = [answer for answer in said if known[int(answer.argmax())] == max(known)]
        if said:
            mean = torch.stack(said).mean(0)
            known = tuple((mean if known is None else torch.tensor(known).lerp(mean, share)).tolist())
        targets.append(known)
    return replace(example, targets=tuple(targets))
