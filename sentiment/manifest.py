"""manifest.json beside a model: what its files must be, and how its outputs are to be read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import ModelBroken

MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
_FORMAT = 1

FOLDER = Path(__file__).with_name("model")
"""Where the shipped model stands."""


@dataclass(frozen=True)
class Output:
    """One output of the model.

    Without `thresholds` one label is chosen: before the softmax logits are divided by `temperature` and raised by
    `offsets`, one for all or one per label (bias-corrected temperature scaling, Alexandari et al. 2020). A choice
    whose probability is below `sure_from` is unsure. With `thresholds`, one per label, any number of labels holds:
    those whose sigmoid reaches its threshold. `confusion` counts true label × chosen label on development texts;
    empty where nobody counted.
    """

    name: str
    labels: tuple[str, ...]
    temperature: float = 1.0
    offsets: tuple[float, ...] = (0.0,)
    thresholds: tuple[float, ...] = ()
    sure_from: float = 0.0
    confusion: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Manifest:
    """`window` and `overlap` count tokens; `files` gives the SHA-256 of each file by its name."""

    model_id: str
    window: int
    overlap: int
    outputs: tuple[Output, ...]
    files: Mapping[str, str]

    def write(self, folder: Path) -> None:
        outputs = [
            {
                "name": output.name,
                "labels": list(output.labels),
                "temperature": output.temperature,
                "offsets": list(output.offsets),
                "thresholds": list(output.thresholds),
                "sure_from": output.sure_from,
                "confusion": [list(row) for row in output.confusion],
            }
            for output in self.outputs
        ]
        content = {
            "format": _FORMAT,
            "model_id": self.model_id,
            "window": self.window,
            "overlap": self.overlap,
            "outputs": outputs,
            "files": dict(self.files),
        }
        (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of the model in `folder`, every file checked against it.

    Raises ModelBroken naming the file that is missing or damaged and saying what to do.
    """
    manifest = described(folder)
    for name, expected in manifest.files.items():
        _check(folder / name, expected)
    return manifest


def described(folder: Path = FOLDER) -> Manifest:
    """What the manifest in `folder` says; its files are not looked at. Raises ModelBroken when it says nothing."""
    path = folder / MANIFEST
    try:
        return _manifest(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelBroken(f"{path}: cannot be read ({error.strerror}); {_mend(folder)}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelBroken(
            f"{path}: is not a manifest of this version ({error!r}); {_mend(folder)}"
        ) from error


def _mend(folder: Path) -> str:
    """What to do about a model that cannot be used."""
    if folder.resolve() == FOLDER.resolve():
        return "install klachtenradar again, or restore the folder with `git checkout -- sentiment/model`"
    return 'export it again, or set sentiment.model = "embedded"'


def _manifest(content: Mapping[str, Any]) -> Manifest:
    if content["format"] != _FORMAT:
        raise ValueError(f"format {content['format']!r}, this version reads {_FORMAT}")
    files = {str(name): str(digest) for name, digest in content["files"].items()}
    if missing := {MODEL, TOKENIZER} - set(files):
        raise ValueError(f"no hash of {sorted(missing)[0]}")
    return Manifest(
        model_id=str(content["model_id"]),
        window=int(content["window"]),
        overlap=int(content["overlap"]),
        outputs=tuple(_output(row) for row in content["outputs"]),
        files=files,
    )


def _output(row: Mapping[str, Any]) -> Output:
    return Output(
        name=str(row["name"]),
        labels=tuple(map(str, row["labels"])),
        temperature=float(row["temperature"]),
        offsets=tuple(map(float, row.get("offsets", (0.0,)))),
        thresholds=tuple(map(float, row.get("thresholds", ()))),
        sure_from=float(row.get("sure_from", 0)),
        confusion=tuple(tuple(map(int, counts)) for counts in row.get("confusion", ())),
    )


def _check(path: Path, expected: str) -> None:
    try:
        found = digest(path)
    except OSError as error:
        raise ModelBroken(f"{path}: cannot be read ({error.strerror}); {_mend(path.parent)}") from error
    if found != expected:
        raise ModelBroken(
            f"{path}: is damaged or from another version (SHA-256 {found[:12]}…, expected {expected[:12]}…); "
            f"{_mend(path.parent)}"
        )


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
