"""Files that people have: every row that can be used is kept, every other one is named by its number."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.parameters.files import Column, CsvParameters
from crawlers.parsers import csv, rows
from crawlers.parsers.page import FormatChanged, Page
from storage.configuration import BrandSettings, Configuration, SourceSettings, load
from storage.models import Health
from storage.records import Kind, Precision, Reply
from tests.crawlers import payloads
from tests.crawlers.conftest import Crawling


def told(columns: dict[str, str], **changes: Any) -> CsvParameters:
    return CsvParameters.model_validate({"path": "x.csv", "columns": columns} | changes)


TEXT = told({"text": "Klacht"})
DATED = told({"text": "Klacht", "date": "Datum"})


def read(body: str | bytes, parameters: CsvParameters = payloads.CSV_COLUMNS) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    pages = list(csv.pages(raw, parameters, "csv:bron", payloads.NOW))
    return Page(
        tuple(record for page in pages for record in page.records),
        tuple(problem for page in pages for problem in page.problems),
        notes=tuple(note for page in pages for note in page.notes),
    )


def refused(page: Page) -> list[str]:
    return [f"{problem.where}: {problem.what}" for problem in page.problems]


def test_a_row_becomes_a_record_by_its_headings() -> None:
    first, second = read(payloads.CSV).records

    assert (first.external_id, first.namespace, first.kind) == ("A-1", "csv:bron", Kind.COMPLAINT)
    assert (first.text, first.author_name, first.reply) == ("Al drie weken geen internet", "Marieke", None)
    assert (first.rating, first.rating_min, first.rating_max) == (2.5, 1, 10)
    assert first.published_at == datetime(2026, 11, 18, 8, 41, tzinfo=UTC)
    assert (first.published_precision, second.published_precision) == (Precision.MINUTE, Precision.DAY)
    assert second.text == "Monteur kwam niet;\nen niemand belt"
    assert second.reply == Reply(text="Sorry, we bellen je.", at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_by_the_headings(delimiter: str) -> None:
    body = delimiter.join(["Naam, of; iets", "Datum", "KLACHT "]).replace(
        "Naam, of; iets", '"Naam, of; iets"'
    )
    page = read(f"{body}\n" + delimiter.join(["Els", "2026-11-18", "Traag"]), DATED)

    assert [record.text for record in page.records] == ["Traag"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_the_encoding_is_found(encoding: str) -> None:
    body = "Klacht\nGeïrriteerd, € 25 te veel betaald\n".encode(encoding)

    assert [record.text for record in read(body, TEXT).records] == ["Geïrriteerd, € 25 te veel betaald"]


def test_one_bad_byte_does_not_garble_the_other_letters() -> None:
    page = read("Klacht\nGeïrriteerd\nCafé gesloten\n".encode() + b"Stuk \xff\n", TEXT)

    assert [record.text for record in page.records] == ["Geïrriteerd", "Café gesloten", "Stuk \ufffd"]
    assert page.notes == ("1 characters of the file are not readable as utf-8",)


def test_a_named_encoding_counts() -> None:
    body = "Klacht\nCafé\n".encode("mac_roman")

    [record] = read(body, told({"text": "Klacht"}, encoding="mac_roman")).records
    assert record.text == "Café"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("18-11-2026", datetime(2026, 11, 17, 23, 0, tzinfo=UTC)),
        ("3-7-2026 8:05", datetime(2026, 7, 3, 6, 5, tzinfo=UTC)),
        ("03/07/2026 08:05:09", datetime(2026, 7, 3, 6, 5, 9, tzinfo=UTC)),
        ("3.7.26", datetime(2026, 7, 2, 22, 0, tzinfo=UTC)),
        ("18 november 2026 09:41", datetime(2026, 11, 18, 8, 41, tzinfo=UTC)),
        ("2 maart 2026 9.41 uur", datetime(2026, 3, 2, 8, 41, tzinfo=UTC)),
        ("18-okt-2026", datetime(2026, 10, 17, 22, 0, tzinfo=UTC)),
        ("18-nov-26", datetime(2026, 11, 17, 23, 0, tzinfo=UTC)),
        ("5 mei '26 9:41", datetime(2026, 5, 5, 7, 41, tzinfo=UTC)),
        ("18-11-2026 09:41:33.000", datetime(2026, 11, 18, 8, 41, 33, tzinfo=UTC)),
        ("2026-11-18 9:41:33,5", datetime(2026, 11, 18, 8, 41, 33, tzinfo=UTC)),
        ("18 november 2026 9:41 PM", datetime(2026, 11, 18, 20, 41, tzinfo=UTC)),
        ("wo 18 nov. 2026", datetime(2026, 11, 17, 23, 0, tzinfo=UTC)),
        ("2026-11-18T09:41:00Z", datetime(2026, 11, 18, 9, 41, tzinfo=UTC)),
        ("2026/11/18", datetime(2026, 11, 17, 23, 0, tzinfo=UTC)),
        ("2026-11-18 9:41", datetime(2026, 11, 18, 8, 41, tzinfo=UTC)),
        ("2026-7-3", datetime(2026, 7, 2, 22, 0, tzinfo=UTC)),
        ("woensdag 18 november 2026 om 09:41 uur", datetime(2026, 11, 18, 8, 41, tzinfo=UTC)),
        ("Wo. 18-11-2026 9:41", datetime(2026, 11, 18, 8, 41, tzinfo=UTC)),
        ("25-10-2026 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("25-10-2026 03:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        ("", None),
    ],
)
def test_dutch_dates_are_day_first_and_dutch_time(written: str, expected: datetime | None) -> None:
    [record] = read(f"Datum;Klacht\n{written};Traag\n", DATED).records

    assert record.published_at == expected


@pytest.mark.parametrize(
    "written",
    [
        "gisteren",
        "vandaag 2026",
        "3 dagen geleden in 2026",
        "13-13-2026",
        "31-02-2026",
        "31 februari 2026",
        "2026",
        "onbekend",
        "45982",
    ],
)
def test_a_date_that_is_not_understood_refuses_its_row_by_number(written: str) -> None:
    page = read(f"Datum;Klacht\n18-11-2026;Eerst\n{written};Fout\n19-11-2026;Daarna\n", DATED)

    assert [record.text for record in page.records] == ["Eerst", "Daarna"]
    assert refused(page) == ["row 3: date: is not a date that is understood"]


def test_a_month_without_a_day_is_the_same_day_whenever_it_is_read() -> None:
    [record] = read("Datum;Klacht\noktober 2026;Traag\n", DATED).records

    assert record.published_at == datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
    assert record.published_precision is Precision.MONTH


def test_a_date_in_the_future_refuses_its_row() -> None:
    page = read("Datum;Klacht\n22-11-2026 13:00;Morgen\n22-11-2026 13:01;Later\n2027-11-18;Jaar\n", DATED)

    assert [record.text for record in page.records] == ["Morgen"]
    assert refused(page) == [f"row {row}: date: is in the future" for row in (3, 4)]


@pytest.mark.parametrize(
    ("cell", "rating", "best"),
    [
        ("8", 8, 10),
        ("8/10", 8, 10),
        ("3,5 / 5", 3.5, 5),
        ("", None, 10),
        ("-", None, 10),
        ("N.v.t.", None, 10),
    ],
)
def test_a_rating_may_name_its_scale_or_say_that_there_is_none(
    cell: str, rating: float | None, best: float
) -> None:
    parameters = told({"text": "Klacht", "rating": "Cijfer"}, rating_max=10)
    [record] = read(f"Klacht;Cijfer\nTraag;{cell}\n", parameters).records

    assert (record.rating, record.rating_max) == (rating, best)


@pytest.mark.parametrize("cell", ["8/", "/10", "8/9/10", "veel/10", "11/10", "8/1e9", "8/99999", "geen idee"])
def test_what_is_no_rating_refuses_its_row(cell: str) -> None:
    parameters = told({"text": "Klacht", "rating": "Cijfer"}, rating_max=10)
    page = read(f"Klacht;Cijfer\nTraag;{cell}\n", parameters)

    assert (page.records, len(page.problems)) == ((), 1)


def test_wrong_rows_are_named_by_their_numbers_and_the_others_kept() -> None:
    rows = [
        "A-1;;Els;Traag;11;;",
        ";;Els;Traag;5;;",
        "A-3;;Els;Traag;veel;;",
        "A-4;;Els;;;;",
        "A-5;;;Goed;8;;",
    ]
    page = read(payloads.CSV.splitlines()[0] + "\n" + "\n".join(rows))

    assert [record.external_id for record in page.records] == ["A-5"]
    assert refused(page) == [
        "row 2: rating 11 is off its scale to 10",
        "row 3: id: is empty",
        "row 4: rating: is not a number",
        "row 5: neither text, title nor rating",
    ]


def test_a_quote_that_is_never_closed_costs_one_line() -> None:
    body = 'Nr;Klacht;Wie\n1;"Nooit dicht;Jan\n2;Goed;Els\n3;"Ook ""goed""\nhoor";Piet\n4;"Weer open\n5;Einde;An\n'
    page = read(body, told({"id": "Nr", "text": "Klacht"}))

    assert [record.external_id for record in page.records] == ["2", "3", "5"]
    assert page.records[1].text == 'Ook "goed"\nhoor'
    assert [problem.where for problem in page.problems] == ["row 2", "row 5"]


def test_the_day_of_the_week_takes_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """At five milliseconds a row, a large file would take longer than a crawl may."""
    monkeypatch.delattr("crawlers.parsers.csv.written")
    page = read("Datum;Klacht\nzo 1 november 2026;Traag\ndinsdag 3 maart 2026 9:41;Duur\n", DATED)

    assert len(page.records) == 2


def test_a_heading_may_take_two_lines() -> None:
    page = read(
        'Nr;"Datum\nontvangst";Klacht\n1;18-11-2026;"Te\nlaat"\n', told({"id": "Nr", "text": "Klacht"})
    )

    assert [(record.external_id, record.text) for record in page.records] == [("1", "Te\nlaat")]


@pytest.mark.parametrize("before", ["", "Lieve mensen,\n"])
def test_a_cell_longer_than_any_post_is_one_row_that_is_refused(before: str) -> None:
    page = read(f'Klacht\nEerst\n"{before}{"x" * 200_000}"\nDaarna\n', TEXT)

    assert [record.text for record in page.records] == ["Eerst", "Daarna"]
    assert [problem.where for problem in page.problems] == ["row 3"]


def test_empty_cells_beyond_the_headings_cost_no_row_of_several_lines() -> None:
    page = read(
        'Nr;Klacht\n1;"Te laat\nen kapot";;\n2;"Weer\nlaat";;extra\n3;Goed;;\n',
        told({"id": "Nr", "text": "Klacht"}),
    )

    assert [(record.external_id, record.text) for record in page.records] == [
        ("1", "Te laat\nen kapot"),
        ("3", "Goed"),
    ]


@pytest.mark.parametrize("headings", ["Nr;Klacht", "Nr;Klacht;", "Nr;Klacht; ;"])
def test_a_row_with_more_cells_than_headings_is_refused_not_cut(headings: str) -> None:
    page = read(
        f"{headings}\n1;Traag;\n2;Slecht; nooit meer\n3;Duur;; \n4;Slecht; nooit meer;\n",
        told({"id": "Nr", "text": "Klacht"}),
    )

    assert [record.external_id for record in page.records] == ["1", "3"]
    assert refused(page) == [f"row {row}: has more cells than there are headings" for row in (3, 5)]


@pytest.mark.parametrize("heading", ["Klacht", "Klacht, in het kort"])
def test_a_file_of_one_column_is_not_split(heading: str) -> None:
    body = f'{heading}\nSlecht; nooit meer\nDuur, traag | stuk\n"Geen ""hulp"";\nniets"\n'

    assert [record.text for record in read(body, told({"text": heading})).records] == [
        "Slecht; nooit meer",
        "Duur, traag | stuk",
        'Geen "hulp";\nniets',
    ]


def test_many_quotes_that_are_never_closed_are_not_looked_into_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    going_on = rows.Rows._going_on

    def counted(self: rows.Rows, taken: list[str]) -> Iterator[str]:
        for line in going_on(self, taken):
            asked.append(len(line))
            yield line

    monkeypatch.setattr(rows.Rows, "_going_on", counted)
    monkeypatch.setattr(rows, "MOST_REREAD", 10_000)
    body = "Klacht;Wie\n" + 'traag";Jan;"Weer\n' * 2_000 + "Goed;Els\n"
    page = read(body, TEXT)

    assert ([record.text for record in page.records], len(page.problems)) == (["Goed"], 2_000)
    assert sum(asked) < 4 * len(body)


def test_a_loose_quote_inside_a_cell_is_a_character() -> None:
    page = read('Klacht;Wie\nScherm van 24" kapot;Jan\n"Zo" zei hij;Els\n', TEXT)

    assert [record.text for record in page.records] == ['Scherm van 24" kapot', "Zo zei hij"]


def test_blank_rows_are_skipped_and_counted_and_the_line_for_excel_is_not() -> None:
    page = read("sep=,\r\nKlacht,Cijfer\r\n\r\nTraag,5\r\n,\r\n,9\r\n", told({"text": "Klacht"}))

    assert [record.text for record in page.records] == ["Traag"]
    assert [problem.where for problem in page.problems] == ["row 5"]


@pytest.mark.parametrize("apart", [0, 1_000])
def test_a_row_with_the_id_of_an_earlier_one_is_refused_with_both_numbers(apart: int) -> None:
    between = "".join(f"{number};Traag\n" for number in range(10, 10 + apart))
    page = read(f"Nr;Klacht\n1;Eerst\n{between}1 ;Daarna\n2;Stuk\n", told({"id": "Nr", "text": "Klacht"}))

    assert [one.text for one in page.records if one.external_id in ("1", "2")] == ["Eerst", "Stuk"]
    assert refused(page) == [f"row {3 + apart}: id: is that of row 2"]


def test_a_row_that_is_refused_leaves_its_id_to_a_later_one() -> None:
    page = read("Nr;Klacht\n1;\n1;Daarna\n", told({"id": "Nr", "text": "Klacht"}))

    assert [one.text for one in page.records] == ["Daarna"]
    assert refused(page) == ["row 2: neither text, title nor rating"]


def test_rows_without_an_id_that_say_the_same_count_once_which_is_noted() -> None:
    page = read("Datum;Klacht\n18-11-2026;Traag\n18-11-2026;Traag\n19-11-2026;Traag\n", DATED)

    assert [record.text for record in page.records] == ["Traag", "Traag"]
    assert (refused(page), page.notes) == ([], ("rows that say the same as an earlier one count once",))


def test_two_rows_with_one_id_do_not_edit_each_other(crawling: Crawling, tmp_path: Path) -> None:
    path = tmp_path / "klachten.csv"
    rows = "".join(f"{number};Traag {number}\n" for number in range(600))
    path.write_text(f"Nr;Klacht\n{rows}5;Iets anders\n", "utf-8")
    first = crawling.read(configuration(path))
    path.write_text(f"Nr;Klacht\n{rows}5;Iets anders\n601;Nieuw\n", "utf-8")
    second = crawling.read(configuration(path))

    assert [(one.counts["new"], one.counts["edited"]) for one in (first, second)] == [(600, 0), (1, 0)]
    assert first.stats["notes"] == ["refused: row 602"]


def test_without_an_id_a_row_is_known_by_what_it_says() -> None:
    first = read("Datum;Klacht\n18-11-2026;Traag\n", DATED).records[0]
    again = read("Klacht;Datum\nTraag ;18-11-2026\nStuk;18-11-2026\n", DATED).records

    assert first.external_id == again[0].external_id != again[1].external_id


@pytest.mark.parametrize("body", [b"", b"\n", b"Naam;Datum\nEls;18-11-2026\n", b"\x00\x01\x02", b"%PDF-1.7"])
def test_a_file_without_the_headings_is_of_another_form(body: bytes) -> None:
    with pytest.raises(FormatChanged, match="has no column 'Klacht'"):
        read(body, TEXT)


def test_a_large_file_comes_in_parts() -> None:
    body = "Klacht\n" + "".join(f"Klacht {number}\n" for number in range(1_201))

    assert [page.entries for page in csv.pages(body.encode(), TEXT, "csv:x", payloads.NOW)] == [500, 500, 201]


def configuration(path: Path, **changes: Any) -> Configuration:
    source = {"name": "klachten", "kind": "csv", "brand": "Snelveld", "path": str(path)} | changes
    source.setdefault("columns", {"id": "Nr", "text": "Klacht"})
    return Configuration(
        brand=(BrandSettings(name="Snelveld", terms=("snelveld",)),),
        source=(SourceSettings.model_validate(source),),
    )


def test_a_file_is_stored_once_its_edits_as_versions_and_nothing_is_asked(
    crawling: Crawling, tmp_path: Path
) -> None:
    path = tmp_path / "klachten.csv"
    path.write_text("Nr;Klacht\n1;Traag\n2;Stuk\n", "utf-8")
    first, again = crawling.read(configuration(path)), crawling.read(configuration(path))
    path.write_text("Nr;Klacht\n2;Weer stuk\n3;Nieuw\n", "utf-8")
    changed = crawling.read(configuration(path))

    assert (first.health, first.counts["new"]) == (Health.OK, 2)
    assert (again.health, again.stats["not_modified"], again.counts["unchanged"]) == (Health.OK, 1, 0)
    assert (changed.counts["new"], changed.counts["edited"], changed.counts["removed"]) == (1, 1, 0)
    assert [line["text"] for line in crawling.mentions()] == ["Traag", "Weer stuk", "Nieuw"]
    assert crawling.replica.requests == []


def test_refused_rows_stand_with_the_crawl_and_their_words_nowhere(
    crawling: Crawling, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "klachten.csv"
    path.write_text("Nr;Klacht\n1;Traag\n;Geheim 0612345678\n", "utf-8")
    outcome = crawling.read(configuration(path))

    assert (outcome.health, outcome.counts["refused"]) == (Health.OK, 1)
    assert outcome.stats["notes"] == ["refused: row 3"]
    assert "row 3 was refused: id: is empty" in caplog.text
    assert "0612345678" not in caplog.text


@pytest.mark.parametrize(
    ("content", "health", "cause"),
    [
        (None, Health.BROKEN, "no_file"),
        ("Naam\nEls\n", Health.FORMAT_CHANGED, "format"),
        ("Nr;Klacht\n", Health.EMPTY, "empty"),
        ("Nr;Klacht\n;a\n", Health.FORMAT_CHANGED, "all_refused"),
    ],
)
def test_what_is_wrong_with_a_file_is_a_named_state(
    crawling: Crawling, tmp_path: Path, content: str | None, health: Health, cause: str
) -> None:
    path = tmp_path / "klachten.csv"
    if content is not None:
        path.write_text(content, "utf-8")
    outcome = crawling.read(configuration(path))

    assert (outcome.health, outcome.stats["cause"]) == (health, cause)


def test_a_file_that_lost_all_its_rows_is_no_calm(crawling: Crawling, tmp_path: Path) -> None:
    path = tmp_path / "klachten.csv"
    path.write_text("Nr;Klacht\n1;Traag\n", "utf-8")
    crawling.read(configuration(path))
    path.write_text("Nr;Klacht\n", "utf-8")
    outcome = crawling.read(configuration(path))

    assert (outcome.health, outcome.stats["cause"]) == (Health.EMPTY, "empty_before")


@pytest.mark.parametrize(("wrong", "cause"), [(3, "all_refused"), (6, "many_refused")])
def test_a_file_of_which_half_is_refused_is_wrong_until_it_is_mended(
    crawling: Crawling, tmp_path: Path, wrong: int, cause: str
) -> None:
    path = tmp_path / "klachten.csv"
    bad = "".join(f"{number};Traag;Nov 18 26\n" for number in range(wrong))
    good = "8;Duur;18-11-2026\n" if cause == "many_refused" else ""
    path.write_text(f"Nr;Klacht;Datum\n{bad}{good}", "utf-8")
    columns = {"id": "Nr", "text": "Klacht", "date": "Datum"}
    seen = [crawling.read(configuration(path, columns=columns)) for _ in range(2)]
    path.write_text(f"Nr;Klacht;Datum\n{bad}{good}".replace("Nov 18 26", "18-11-2026"), "utf-8")
    mended = [crawling.read(configuration(path, columns=columns)) for _ in range(2)]

    assert [(one.health, one.stats["cause"]) for one in seen] == [(Health.FORMAT_CHANGED, cause)] * 2
    assert [one.health for one in mended] == [Health.OK] * 2
    assert (mended[0].counts["new"], mended[1].stats["not_modified"]) == (wrong, 1)


def test_a_folder_or_pipe_is_not_waited_for(crawling: Crawling, tmp_path: Path) -> None:
    outcome = crawling.read(configuration(tmp_path))

    assert outcome.reason is not None
    assert outcome.reason.endswith("the file cannot be read (not a file)")


def test_a_relative_path_is_taken_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "klachtenradar.toml"
    path.write_text(
        '[[brand]]\nname = "Snelveld"\n[[source]]\nname = "k"\nkind = "csv"\npath = "in/k.csv"\n'
        'columns = { text = "Klacht" }\n',
        "utf-8",
    )

    assert load(path).source[0].parameters["path"] == str(tmp_path / "in" / "k.csv")


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"columns": {"author": "Klant"}}, "at least a text"),
        ({"columns": {"rating": "Cijfer"}}, "add rating_max"),
        ({"columns": {"text": "K"}, "rating_max": 0}, "rating_min must be below"),
    ],
)
def test_parameters_must_fit_together(changes: dict[str, Any], advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        told(**changes)


@pytest.mark.parametrize(
    "columns",
    [
        {"text": "Klacht", "date": "Op"},
        {"text": "Klacht", "published_at": "Op"},
        {"Klacht": "text", "Op": "date"},
    ],
)
def test_columns_may_be_named_in_several_ways(columns: dict[str, str]) -> None:
    assert told(columns).columns == {Column.TEXT: "Klacht", Column.DATE: "Op"}


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="Input should be 'id', 'text'"):
        told({"text": "Klacht", "kleur": "Kleur"})
