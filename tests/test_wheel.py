"""What is installed from a wheel has all that it needs: migrations, model, templates, catalogues."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="building the wheel needs hatchling: run `make setup` for developers")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contents of the wheel and nothing else of the project."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def _run(installed: Path, folder: Path, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KLACHTENRADAR_")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "klachtenradar", *words],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(installed)},
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_migrations_run_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    assert _run(installed, tmp_path, "init").returncode == 0
    done = _run(installed, tmp_path, "db", "upgrade")
    assert done.returncode == 0, done.stderr
    assert _run(installed, tmp_path, "check", "--config", "klachtenradar.toml").returncode == 0


def test_the_model_is_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, tmp_path, "classify", given='{"text": "Top geholpen, dank jullie wel!"}\n')
    assert '"sentiment": "positive"' in done.stdout, done.stderr


def test_nothing_but_the_product_is_in_the_wheel(installed: Path) -> None:
    names = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {
        "alerts", "crawlers", "dashboard", "demo", "klachtenradar.py", "sentiment", "storage",
    }  # fmt: skip
    assert (installed / "dashboard" / "static" / "style.css").exists()
    assert (installed / "demo" / "story" / "storm.jsonl").exists()
