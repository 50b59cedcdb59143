"""What every step of the pipeline reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StepReport:
    """`done` and `failed` count what the step worked on; `notes` say in words what a person should know."""

    step: str
    done: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
