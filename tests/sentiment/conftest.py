"""The embedded model is loaded once; a tiny one is trained once, where torch is installed."""

import importlib.util
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from sentiment.onnx import EmbeddedClassifier
from tests.sentiment import tiny


@pytest.fixture(scope="session")
def embedded() -> EmbeddedClassifier:
    return EmbeddedClassifier()


# A network that starts from nothing needs many.
EPOCHS = 30


class Trained(NamedTuple):
    base: Path
    data: Path
    run: Path


def need_torch() -> None:
    """Skips, saying what is missing; where everything must be installed it fails instead."""
    missing = [name for name in ("torch", "onnx", "safetensors") if importlib.util.find_spec(name) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"training needs {', '.join(missing)}: pip install -e '.[torch]'")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    need_torch()
    from sentiment import train

    folder = tmp_path_factory.mktemp("tiny")
    base, data, run = tiny.make_base(folder / "base"), tiny.make_data(folder / "data"), folder / "run"
    status = train.main(command(base, data, run))
    assert status == 0
    return Trained(base, data, run)


@pytest.fixture(scope="session")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sentiment import export

    out = tmp_path_factory.mktemp("exported")
    status = export.main(["--run", str(trained.run / "best"), "--data", str(trained.data), "--out", str(out)])
    assert status == 0
    return out


def command(base: Path, data: Path, out: Path, epochs: int = EPOCHS) -> list[str]:
    places = ["--base", str(base), "--data", str(data), "--out", str(out)]
    return [*places, "--epochs", str(epochs), "--rate", "0.004"]
