"""Distillation: networks trained before teach the next one.

A text's wanted answers become partly what the teachers answer on average, which says more than one label does:
how sure, and what else it might be (Hinton et al., "Distilling the knowledge in a neural network", 2015). Where a
text has no label for a head, the teachers' answer is all there is.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from sentiment.examples import Example
from sentiment.heads import HEADS
from sentiment.trainer import Plan, Trainer, say


def taught(plan: Plan, teachers: Sequence[Path], share: float) -> Plan:
    """The plan with `share` (0 to 1) of each known answer from the teachers, and all of each unknown one.

    `teachers` are `best` folders of runs; the development texts stay as they are. Raises TrainingError when one
    holds no network.
    """
    lessons = [_answers(replace(plan, base=teacher)) for teacher in teachers]
    means = [torch.stack(answers).mean(0) for answers in zip(*lessons, strict=True)]
    rows = zip(plan.train, *(mean.tolist() for mean in means), strict=True)
    return replace(plan, train=tuple(_mixed(example, answers, share) for example, *answers in rows))


def _answers(plan: Plan) -> list[Tensor]:
    """What the plan's base says of its training texts: per head probabilities, texts × labels."""
    say(f"asking {plan.base}")
    teacher = Trainer(plan)
    # As they were trained, and more than twice as fast on a CPU.
    with torch.autocast(teacher.device.type, dtype=torch.bfloat16):
        outputs = teacher.outputs(plan.train)
    pairs = zip(outputs, teacher.weights, strict=True)
    return [_probabilities(place, logits, weights.cpu()) for place, (logits, weights) in enumerate(pairs)]


def _probabilities(place: int, logits: Tensor, weights: Tensor) -> Tensor:
    """The logits' probabilities without the lift that the loss weights gave rare labels.

    A weight w moves the logit of the most likely answer by log w; the pupil's own loss weighs again.
    """
    plain = logits - weights.log()
    return plain.softmax(1) if HEADS[place].exclusive else plain.sigmoid()


def _mixed(example: Example, answers: Sequence[Sequence[float]], share: float) -> Example:
    targets = tuple(
        tuple(answer)
        if known is None
        else tuple((1 - share) * own + share * other for own, other in zip(known, answer, strict=True))
        for known, answer in zip(example.targets, answers, strict=True)
    )
    return replace(example, targets=targets)
