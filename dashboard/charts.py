"""What charts.js draws, and the steps that it draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.reputation import Share
from storage.trends import Point


@dataclass(frozen=True)
class Step:
    """One hour, day or week of the chart. `deaf`: nobody listened at all; `holed`: some source was not heard."""

    point: Point
    deaf: bool
    holed: bool
    corrected: Share | None = None
    """The negative share without what the model is known to confuse; looked up for the chosen brand only."""


def volume(steps: Sequence[Step]) -> Mapping[str, object]:
    """What charts.js draws: seconds since 1970, and counts per sentiment; null where nobody listened."""
    return {
        "x": _seconds(steps),
        "ends": [int(step.point.end.timestamp()) for step in steps],
        "negative": [_shown(step, step.point.figures.negative) for step in steps],
        "neutral": [_shown(step, step.point.figures.neutral) for step in steps],
        "positive": [_shown(step, step.point.figures.positive) for step in steps],
        "unjudged": [_shown(step, step.point.figures.mentions - step.point.figures.judged) for step in steps],
        "holes": [index for index, step in enumerate(steps) if step.holed],
        "deaf": [index for index, step in enumerate(steps) if step.deaf],
    }


def net(lines: Sequence[tuple[str, Sequence[Step], Sequence[float | None]]]) -> Mapping[str, object]:
    """Net sentiment per brand (its name, its steps and its line), -100 to 100; null where nothing was judged."""
    _, steps, _ = lines[0]
    return {
        "x": _seconds(steps),
        "ends": [int(step.point.end.timestamp()) for step in steps],
        "series": [
            {"name": name, "values": [None if one is None else round(100 * one, 1) for one in line]}
            for name, _, line in lines
        ],
    }


def _seconds(steps: Sequence[Step]) -> list[int]:
    return [int(step.point.start.timestamp()) for step in steps]


def _shown(step: Step, number: int) -> int | None:
    return None if step.deaf and not number else number
