"""The front door composes; it uses no library that has its home in a package."""

import ast
from pathlib import Path

import pytest

import klachtenradar

HOMES = {
    "sqlmodel", "sqlalchemy", "alembic", "scrapy", "twisted", "feedparser", "extruct", "dateparser", "transformers",
    "onnxruntime", "torch", "tokenizers", "apscheduler", "slack_sdk", "fastapi", "starlette",
}  # fmt: skip


def test_the_front_door_leaves_libraries_in_their_homes() -> None:
    tree = ast.parse(Path(klachtenradar.__file__).read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in named} & HOMES == set()


@pytest.mark.parametrize(
    ("words", "ordered"),
    [
        (["crawl", "--config", "x.toml", "a"], ["--config", "x.toml", "crawl", "a"]),
        (["crawl", "--config=x.toml"], ["--config=x.toml", "crawl"]),
        (["--config", "x.toml", "crawl"], ["--config", "x.toml", "crawl"]),
        (["erase", "--author", "--", "--config", "x"], ["erase", "--author", "--", "--config", "x"]),
        (["crawl"], ["crawl"]),
    ],
)
def test_the_configuration_may_be_named_before_or_behind_the_command(
    words: list[str], ordered: list[str]
) -> None:
    assert klachtenradar._config_first(words) == ordered
