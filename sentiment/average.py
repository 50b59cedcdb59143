"""Averaging: `python -m sentiment.average ONE/best TWO/best… --out DIR`.

The mean of the weights of networks that were trained from the same start, in another order of texts, makes fewer
mistakes than either of them and costs nothing at use (Wortsman et al., "Model soups", ICML 2022). A head is taken from
those that were taught it.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from sentiment.errors import TrainingError
from sentiment.heads import SENTIMENT
from sentiment.lessons import STORY, Lessons, lessons_of, together
from sentiment.manifest import TOKENIZER

WEIGHTS = "model.safetensors"
_BESIDE = ("config.json", TOKENIZER)


def average(runs: Sequence[Path], out: Path) -> None:
    """Writes the mean network of the runs' folders to `out`, with the tokenizer and settings of the first.

    Raises TrainingError naming a folder that holds no network, one of another shape, or nothing beside it.
    """
    first, *others = [_weights(run) for run in runs]
    for run, weights in zip(runs[1:], others, strict=True):
        if {name: value.shape for name, value in weights.items()} != {
            name: value.shape for name, value in first.items()
        }:
            raise TrainingError(f"{run}: holds a network of another shape than {runs[0]}")
    if missing := [name for name in _BESIDE if not (runs[0] / name).is_file()]:
        raise TrainingError(f"{runs[0]}: holds a network but no {missing[0]}")
    taught = [lessons_of(run) for run in runs]
    mean = {name: _mean(name, [first, *others], taught) for name in first}
    out.mkdir(parents=True, exist_ok=True)
    for name in _BESIDE:
        shutil.copyfile(runs[0] / name, out / name)
    save_file(mean, out / WEIGHTS, metadata={"format": "pt"})
    (out / STORY).write_text(json.dumps(together(taught)), encoding="utf-8")


def _mean(name: str, networks: Sequence[dict[str, Any]], taught: Sequence[Lessons]) -> Any:
    """Of a head over those that were taught it, of the encoder over all."""
    head = SENTIMENT.name if name.startswith("classifier.") else name.removeprefix("heads.").split(".")[0]
    pairs = zip(networks, taught, strict=True)
    chosen = [weights[name] for weights, lessons in pairs if name.startswith("bert.") or lessons.hold(head)]
    return np.mean(chosen or [weights[name] for weights in networks], axis=0)


def _weights(run: Path) -> dict[str, Any]:
    try:
        return load_file(run / WEIGHTS)
    except Exception as error:  # the library raises several kinds, one of them bare
        raise TrainingError(f"{run}: is not the `best` folder of a training run ({error})") from error


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sentiment.average", description=__doc__)
    parser.add_argument(
        "runs", type=Path, nargs="+", help="best/ folders of training runs with the same --base"
    )
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    try:
        average(asked.runs, asked.out)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's progress
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
