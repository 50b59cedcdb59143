"""Measuring a model: what is counted, how sure the figures are, and what the command prints."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import klachtenradar
from sentiment import labelled, measure, report
from sentiment.classifier import Sentiment, Verdict
from sentiment.labelled import Labelled
from storage import corrections
from storage.corrections import Answers, Change
from storage.database import Database
from tests.storage import shop

NEGATIVE, NEUTRAL, POSITIVE = Sentiment


@dataclass(frozen=True)
class Parrot:
    """Answers what it was told to, 80 % sure."""

    answers: Mapping[str, Sentiment]
    themes: tuple[str, ...] = ()
    escalation: bool = False
    model_id: str = "papegaai-1"
    sure: Mapping[str, float] = field(default_factory=dict)
    unsure: str = ""

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        return [self._verdict(text) for text in texts]

    def _verdict(self, text: str) -> Verdict:
        said, sure = self.answers[text], self.sure.get(text, 0.8)
        probabilities = dict.fromkeys(Sentiment, (1 - sure) / 2) | {said: sure}
        return Verdict(said, probabilities, self.themes, self.escalation, unsure=text in self.unsure)


def told(*lines: Any) -> tuple[list[Labelled], list[str]]:
    """What is read of these lines, and what is said of the others."""
    given = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    source = io.BytesIO(given.encode())
    source.name = "test.jsonl"
    said: list[str] = []
    found, faults = labelled.read(source, said.append)
    assert faults == len(said)
    return found, said


def test_sentiment_is_measured_over_all_and_by_source() -> None:
    texts = [
        Labelled("a", "forum", NEGATIVE),
        Labelled("b", "forum", POSITIVE),
        Labelled("c", "winkel", POSITIVE),
        Labelled("d", "winkel"),
    ]
    found = measure.measured(Parrot(dict.fromkeys("abcd", NEGATIVE)), texts)
    assert (found.model, found.texts) == ("papegaai-1", 4)
    assert [(one.name, one.rows, one.accuracy) for one in found.sentiment] == [
        ("all", 3, pytest.approx(1 / 3)),
        ("forum", 2, 0.5),
        ("winkel", 1, 0.0),
    ]
    assert found.confusion == ((1, 0, 0), (0, 0, 0), (2, 0, 0))
    low, high = found.sentiment[0].accuracy_interval
    assert 0 <= low < 1 / 3 < high <= 1


def test_a_set_without_neutral_is_also_scored_with_neutral_left_out() -> None:
    texts = [
        Labelled("a", "boeken", POSITIVE),
        Labelled("b", "boeken", NEGATIVE),
        Labelled("c", "forum", NEUTRAL),
    ]
    parrot = Parrot({"a": NEUTRAL, "b": NEGATIVE, "c": NEUTRAL}, sure={"a": 0.5})
    [books] = measure.measured(parrot, texts).two_classes
    assert (books.name, books.rows, books.accuracy) == ("boeken", 2, 0.5)
    assert measure.measured(parrot, texts[:1]).sentiment[0].accuracy == 0.0


def test_certainty_is_held_against_how_often_it_is_right() -> None:
    texts = [Labelled(name, "x", NEGATIVE) for name in "abcdefghij"]
    half = Parrot(dict.fromkeys("abcde", NEGATIVE) | dict.fromkeys("fghij", POSITIVE))
    found = measure.measured(half, texts).certainty
    assert found is not None
    assert found.calibration_error == pytest.approx(0.3)  # 80 % sure, right half the time
    assert (found.unsure, found.accuracy_sure, found.accuracy_unsure) == (0.0, 0.5, None)


def test_what_is_unsure_is_scored_apart() -> None:
    texts = [Labelled(name, "x", NEGATIVE) for name in "abcd"]
    parrot = Parrot(dict.fromkeys("abc", NEGATIVE) | {"d": POSITIVE}, unsure="cd")
    found = measure.measured(parrot, texts)
    assert found.certainty is not None
    assert (found.certainty.unsure, found.certainty.accuracy_sure, found.certainty.accuracy_unsure) == (
        0.5,
        1.0,
        0.5,
    )
    shown = [str(one) for one in report.tables(found)]
    assert "50.0% of the verdicts are unsure, 50.0% of those are right, 100.0% of the others" in shown[-2]


def test_the_worst_mistakes_come_first_and_right_answers_not_at_all() -> None:
    texts = [Labelled(name, "x", POSITIVE) for name in "abc"]
    parrot = Parrot({"a": NEGATIVE, "b": NEUTRAL, "c": POSITIVE}, sure={"a": 0.6, "b": 0.98})
    assert [(one.text, one.said) for one in measure.measured(parrot, texts).mistakes] == [
        ("b", "neutral"),
        ("a", "negative"),
    ]


def test_themes_agree_with_a_hand_count() -> None:
    texts = [
        Labelled("a", "x", themes=("prijs",)),
        Labelled("b", "x", themes=("prijs", "retour")),
        Labelled("c", "x", themes=()),
        Labelled("d", "x"),  # nobody said what this is about: not counted
    ]
    found = measure.measured(Parrot(dict.fromkeys("abcd", NEUTRAL), themes=("prijs",)), texts).themes
    assert found is not None
    price = next(one for one in found.themes if one.label == "prijs")
    assert (price.precision, price.recall, price.f1, price.rows) == pytest.approx((2 / 3, 1, 0.8, 2))
    assert found.rows == 3
    assert found.macro_f1 == pytest.approx((0.8 + 0) / 2)
    assert found.interval[0] <= found.macro_f1 <= found.interval[1]


def test_a_signal_is_measured_where_somebody_said_it() -> None:
    texts = [Labelled("a", "x", escalation=True), Labelled("b", "x", escalation=False), Labelled("c", "x")]
    [found] = measure.measured(Parrot(dict.fromkeys("abc", NEUTRAL), escalation=True), texts).signals
    assert (found.label, found.precision, found.recall, found.rows) == ("escalation", 0.5, 1.0, 1)


def test_many_texts_give_narrower_intervals_than_few() -> None:
    def width(times: int) -> float:
        texts = [Labelled("a", "x", themes=("prijs",)), Labelled("b", "x", themes=())] * times
        found = measure.measured(Parrot(dict.fromkeys("ab", NEUTRAL), themes=("prijs",)), texts).themes
        assert found is not None
        return found.interval[1] - found.interval[0]

    assert width(200) < width(5)


def test_lines_are_read_with_what_they_know() -> None:
    found, said = told(
        {"text": "Traag.", "label": "negative", "source": "forum"},
        "",
        {
            "text": "Hij is er.",
            "title": "Pakket",
            "sentiment": "neutral",
            "themes": ["levering"],
            "churn": False,
        },
    )
    assert said == []
    assert found == [
        Labelled("Traag.", "forum", NEGATIVE),
        Labelled("Pakket. Hij is er.", "unnamed", NEUTRAL, ("levering",), churn=False),
    ]


def test_half_an_emoji_is_no_fault() -> None:
    found, said = told(
        '{"text": "Top \\ud83d", "label": "positive"}',
        '{"title": "Fijn\\ud83d", "text": "Top", "source": "x\\ud83d", "themes": []}',
    )
    assert ([(one.text, one.source) for one in found], said) == (
        [("Top ", "unnamed"), ("Fijn. Top", "x")],
        [],
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("rommel", "JSON"),
        ({"label": "negative"}, "text"),
        ("[" * 100_000, "JSON"),
        ({"label": "negative"}, "text is missing"),
        ({"text": 3, "label": "negative"}, "text is not a text"),
        ({"text": "x", "label": "blij"}, "label is none of negative, neutral, positive"),
        ({"text": "x", "churn": "misschien"}, "churn is neither true nor false"),
        ({"text": "x", "themes": "prijs"}, "themes is not a list of themes; themes: levering"),
        ({"text": "x", "themes": ["weer"]}, "'weer'; themes: levering"),
        ({"text": "x"}, "no answer to measure on; give at least one of sentiment, label, themes"),
        (
            {"text": "x", "sentiment": "negative", "label": "positive"},
            "sentiment is negative and label is positive",
        ),
        ([1], "object"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_rest_goes_on(line: Any, says: str) -> None:
    found, [said] = told({"text": "a", "churn": True}, line, {"text": "b", "label": "neutral"})
    assert [one.text for one in found] == ["a", "b"]
    assert said.startswith("test.jsonl:2: ")
    assert says in said
    assert "Input" not in said


def test_few_texts_have_no_interval(folder: Path) -> None:
    line = {"text": "Waardeloos, er kwam niemand.", "label": "negative"}
    one, ten = (call(write(folder / f"{number}.jsonl", *[line] * number)).stdout for number in (1, 10))
    assert ("on 1 labelled text;" in one, "1.000-1.000" in one) == (True, False)
    assert "1.000-1.000" in ten


def test_a_strangers_text_cannot_command_a_terminal() -> None:
    assert report.plain("rood \x1b[31m\n\nregel  " + "x" * 300) == "rood [31m regel " + "x" * 183 + "…"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration in it, from which commands are given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "klachtenradar.toml").write_text(
        'database = "sqlite:///radar.db"\n[[brand]]\nname = "Snelveld"\nterms = ["snelveld"]\n'
    )
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(klachtenradar.app, ["evaluate", *words])


def write(path: Path, *lines: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def test_the_command_prints_tables_for_people_and_json_for_machines(folder: Path) -> None:
    file = write(
        folder / "test.jsonl",
        {"text": "Waardeloos, er kwam niemand.", "label": "negative", "source": "forum"},
        {"text": "Top geholpen, heel blij mee!", "label": "negative", "source": "winkel [b]"},
    )
    shown = call(file)
    assert shown.exit_code == 0
    for words in ("macro-F1", "confusion", "winkel [b]", "worst mistakes", "Top geholpen"):
        assert words in shown.stdout
    found = json.loads(call(file, "--json").stdout)
    assert found["confusion"] == [[1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert [one["name"] for one in found["sentiment"]] == ["all", "forum", "winkel [b]"]


def test_a_bad_line_fails_the_command_after_the_rest_is_measured(folder: Path) -> None:
    file = write(folder / "test.jsonl", {"text": "Prima!", "label": "positive"}, {"label": "positive"})
    done = call(file, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["texts"] == 1
    assert "test.jsonl:2: text" in done.stderr


@pytest.mark.parametrize(
    "words", [(), ("x.jsonl",), (".",), ("x.jsonl", "--corrections"), ("x.jsonl", "--label", "LABEL_0=boos")]
)
def test_wrong_use_is_refused(folder: Path, words: tuple[str, ...]) -> None:
    assert call(*words).exit_code == 2


def test_without_corrections_there_is_nothing_to_measure(folder: Path) -> None:
    done = call("--corrections")
    assert done.exit_code == 1
    assert "nobody corrected" in done.stderr


def test_the_model_in_use_is_measured_on_what_people_said(folder: Path) -> None:
    with Database("sqlite:///radar.db") as database:
        database.upgrade()
        shop.set_up(database)
        shop.store(database, shop.record("r1"), shop.record("r2", text="Alles prima geregeld."))
        with database.write() as session:
            answers = Answers(POSITIVE, ("afspraken",), question=True)
            corrections.correct(session, Change(1, 1, 0, "marieke", shop.NOW), answers)
    found = json.loads(call("--corrections", "--json").stdout)
    assert (found["texts"], found["confusion"][2]) == (1, [1, 0, 0])
    assert found["mistakes"][0]["text"] == "Monteur kwam niet. Drie keer thuisgebleven voor niets."
    assert [one["rows"] for one in found["signals"]] == [0, 0, 1]


def test_another_model_is_told_what_its_labels_mean(folder: Path) -> None:
    chosen = klachtenradar._sentiment_settings("hub/model", ["1 = slecht=negative", "goed=positive"])
    assert chosen.model == "hub/model"
    assert chosen.labels == {"1 = slecht": "negative", "goed": "positive"}
    assert klachtenradar._sentiment_settings(None, []).model == "embedded"
