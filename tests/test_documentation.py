"""Documentation cannot rot: what it lists is what there is."""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

import klachtenradar
from crawlers.sources import SOURCES
from storage.configuration import Configuration, SourceSettings

ROOT = Path(__file__).parent.parent
EXAMPLE = resources.files("storage").joinpath("klachtenradar.example.toml").read_text(encoding="utf-8")


def _commands() -> set[str]:
    group: Any = typer.main.get_command(klachtenradar.app)
    return {
        f"{name} {inner}" if hasattr(command, "commands") else name
        for name, command in group.commands.items()
        for inner in getattr(command, "commands", [""])
    }


@pytest.mark.parametrize("command", sorted(_commands()))
def test_every_command_stands_in_the_readme(command: str) -> None:
    assert re.search(rf"`{command}[` ]", (ROOT / "README.md").read_text(encoding="utf-8"))


def _keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    return {f"{prefix}{name}" for name in model.model_fields}


def test_the_example_configuration_is_valid() -> None:
    configuration = Configuration.model_validate(tomllib.loads(EXAMPLE))
    assert list(configuration.faults()) == []


@pytest.mark.parametrize("section", ["crawl", "alerts", "dashboard", "retention"])
def test_the_example_shows_every_key_of_a_section(section: str) -> None:
    model = Configuration.model_fields[section].annotation
    assert isinstance(model, type)
    shown = EXAMPLE.split(f"[{section}]")[1].split("\n[")[0]
    missing = {key for key in model.model_fields if not re.search(rf"^#? ?{key} = ", shown, re.MULTILINE)}
    assert missing == set()


def test_installing_explains_every_key_of_a_source() -> None:
    text = (ROOT / "docs" / "sources" / "README.md").read_text(encoding="utf-8")
    assert {key for key in _keys(SourceSettings) if f"`{key}`" not in text} == set()


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_every_kind_of_source_has_a_page_with_its_parameters(kind: str) -> None:
    page = (ROOT / "docs" / "sources" / f"{kind}.md").read_text(encoding="utf-8")
    assert {name for name in SOURCES[kind].parameters.model_fields if f"`{name}`" not in page} == set()


def _local_links() -> list[tuple[Path, str]]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return [
        (page, target.split("#")[0])
        for page in pages
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("#")
    ]


@pytest.mark.parametrize(("page", "target"), _local_links(), ids=str)
def test_links_between_pages_lead_somewhere(page: Path, target: str) -> None:
    assert (page.parent / target).exists()
