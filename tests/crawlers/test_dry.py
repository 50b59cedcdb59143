"""What would be stored is shown, and nothing is."""

from pathlib import Path

import pytest

from crawlers import catalogue, dry
from crawlers.sources import SOURCES
from storage.configuration import BrandSettings, Configuration, SourceSettings
from storage.database import Database
from storage.export import mentions
from storage.models import Health
from storage.sources import source_named
from tests.crawlers.conftest import START, crawl, known


def configuration(folder: Path, **changes: object) -> Configuration:
    source = {"name": "klachten", "kind": "csv", "path": str(folder / "k.csv"), "brand": "Snelveld"}
    source |= {"columns": {"id": "Nr", "text": "Klacht"}} | changes
    return Configuration(
        database=f"sqlite:///{folder / 'data' / 'k.db'}",
        brand=(BrandSettings(name="Snelveld", terms=("snelveld",)),),
        source=(SourceSettings.model_validate(source),),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "k.csv").write_text("Nr;Klacht\n1;Traag\n2;Stuk\n;Fout\n", "utf-8")
    return tmp_path


def test_before_the_first_crawl_nothing_is_made(folder: Path) -> None:
    found = dry.preview(configuration(folder), "klachten")

    assert [(record["what"], record["text"]) for record in found.records] == [
        ("new", "Traag"),
        ("new", "Stuk"),
    ]
    assert (found.result.health, found.result.new, found.result.refused) == (Health.OK, 2, 1)
    assert [path.name for path in folder.iterdir()] == ["k.csv"]


def test_what_is_stored_already_is_known_and_stays_as_it_is(folder: Path) -> None:
    told = configuration(folder)
    with Database(told.database) as database:
        database.upgrade()
        crawl(database, known(database, told), "klachten")
        with database.read() as session:
            before = (source_named(session, "klachten").state, list(mentions(session)))
        (folder / "k.csv").write_text("Nr;Klacht\n1;Traag\n2;Weer stuk\n3;Nieuw\n", "utf-8")
        found = dry.preview(told, "klachten")
        with database.read() as session:
            after = (source_named(session, "klachten").state, list(mentions(session)))

    assert [record["what"] for record in found.records] == ["unchanged", "edited", "new"]
    assert (found.result.new, found.result.edited) == (1, 1)
    assert after == before
    [standing] = catalogue.standings(told, START)
    assert (standing.source, standing.status) == ("klachten", "ok")  # the one crawl that was real


def test_a_source_that_is_not_ready_says_so_and_asks_nothing(folder: Path) -> None:
    found = dry.preview(configuration(folder, columns={"text": "Klacht", "rating": "Cijfer"}), "klachten")

    assert (found.result.health, found.result.cause, found.records) == (Health.BROKEN, "configuration", ())


def test_every_kind_is_listed_with_what_it_needs() -> None:
    lines = {line.kind: line for line in catalogue.kinds()}

    assert list(lines) == list(SOURCES)
    assert (lines["csv"].needs, lines["discourse"].needs) == (("path", "columns"), ("base_url",))
    assert lines["trustpilot_web"].needs == ("domain", "permission")
    assert lines["kiyoh"].secrets == ("token", "hash")
    assert all(line.terms for line in lines.values())


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({}, "never crawled", None),
        ({"enabled": False}, "off", "enabled = false"),
        ({"kind": "facebook"}, "not ready", "source klachten.kind: there is no kind 'facebook'"),
        ({"columns": {}}, "not ready", "source klachten.columns:"),
    ],
)
def test_a_source_that_was_never_read_says_why(
    folder: Path, changes: dict[str, object], status: str, reason: str | None
) -> None:
    [standing] = catalogue.standings(configuration(folder, **changes), START)

    assert standing.status == status
    assert (standing.reason or "").startswith(reason or "")
    assert not (folder / "data").exists()
