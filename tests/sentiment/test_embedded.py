"""The model that ships: how it answers, and how it says that it is broken. Not how good it is."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment import classifier, manifest
from sentiment.errors import ModelBroken
from sentiment.manifest import FOLDER
from sentiment.onnx import EmbeddedClassifier
from storage.records import Sentiment

ODD = [
    "",
    "   ",
    "\x00\x01",
    "😡😡😡",
    "\ud83d",
    "‮⁦",
    "!!!",
    "a" * 5000,
    "<script>alert(1)</script>",
    "日本語",
]


def test_plain_praise_and_plain_blame_are_told_apart(embedded: EmbeddedClassifier) -> None:
    praise, blame = embedded.classify(
        [
            "Top geholpen, heel vriendelijk en snel. Echt een aanrader!",
            "Waardeloos bedrijf, nooit meer. Schandalig slecht.",
        ]
    )
    assert (praise.sentiment, blame.sentiment) == (Sentiment.POSITIVE, Sentiment.NEGATIVE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.one_of(st.sampled_from(ODD), st.text(st.characters(codec=None), max_size=80)), max_size=6
    )
)
def test_every_text_is_answered_whatever_it_holds(embedded: EmbeddedClassifier, texts: list[str]) -> None:
    verdicts = embedded.classify(texts)
    assert len(verdicts) == len(texts)
    for verdict in verdicts:
        assert sum(verdict.probabilities.values()) == pytest.approx(1)
        assert verdict.probabilities[verdict.sentiment] == max(verdict.probabilities.values())


def test_a_verdict_does_not_depend_on_the_other_texts(embedded: EmbeddedClassifier) -> None:
    texts = [f"{'heel ' * count}slecht geholpen door de monteur" for count in range(40)]
    alone = [embedded.classify([text])[0].probabilities[Sentiment.NEGATIVE] for text in texts]
    together = [verdict.probabilities[Sentiment.NEGATIVE] for verdict in embedded.classify(texts)]
    assert together == pytest.approx(alone, abs=1e-5)


def test_threads_change_nothing_but_the_time() -> None:
    texts = [f"{'heel ' * (count % 17)}slecht geholpen door de monteur" for count in range(60)]
    alone, together = EmbeddedClassifier(threads=1), EmbeddedClassifier(threads=3)
    expected = [verdict.probabilities[Sentiment.NEGATIVE] for verdict in alone.classify(texts)]
    found = [verdict.probabilities[Sentiment.NEGATIVE] for verdict in together.classify(texts)]
    assert found == pytest.approx(expected, abs=1e-5)


def test_the_end_of_a_long_text_counts(embedded: EmbeddedClassifier) -> None:
    praise = (
        "Drie jaar geleden zijn wij hier klant geworden en daar hebben we geen dag spijt van gehad. De monteur kwam op "
        "tijd en legde rustig uit wat hij deed. Aan de telefoon krijg je altijd iemand die meedenkt. De rekening klopt "
        "en is elke maand hetzelfde. Mijn moeder van tachtig is er ook heel tevreden over. "
    ) * 4
    blame = (
        "Maar sinds de overname is het een drama. We zitten al vier weken zonder internet en niemand weet waarom. Twee "
        "keer is er een monteur niet op komen dagen. Bellen heeft geen zin, je wordt na een uur gewoon weggedrukt. "
        "Wat een waardeloze service is dit geworden. "
    ) * 6
    first, second = embedded.classify([praise, praise + blame])
    assert first.sentiment is Sentiment.POSITIVE
    assert second.probabilities[Sentiment.NEGATIVE] > first.probabilities[Sentiment.NEGATIVE] + 0.3


def test_a_hundred_thousand_characters_are_read(embedded: EmbeddedClassifier) -> None:
    (verdict,) = embedded.classify(["nog steeds geen internet " * 4000])
    assert verdict.sentiment is Sentiment.NEGATIVE


def test_a_text_without_words_holds_no_attitude(embedded: EmbeddedClassifier) -> None:
    assert embedded.classify([" \u200b\x00"]) == [classifier.NOTHING_SAID]


def test_no_texts_no_verdicts(embedded: EmbeddedClassifier) -> None:
    assert embedded.classify([]) == []


def test_the_embedded_model_is_the_default(embedded: EmbeddedClassifier) -> None:
    assert classifier.load().model_id == embedded.model_id


def test_the_model_fits_in_forty_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 40_000_000


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A model folder whose files may be spoilt."""
    for name in (manifest.MODEL, manifest.TOKENIZER):
        (tmp_path / name).write_bytes(b"spoilt")
    shutil.copy(FOLDER / manifest.MANIFEST, tmp_path)
    return tmp_path


def test_a_damaged_model_file_is_named_with_what_to_do(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelBroken, match=r"model\.onnx: is damaged.*export it again"):
        EmbeddedClassifier(copy)
    monkeypatch.setattr(manifest, "FOLDER", copy)
    with pytest.raises(ModelBroken, match=r"model\.onnx: is damaged.*git checkout"):
        EmbeddedClassifier(copy)


def test_a_missing_model_file_is_named(copy: Path) -> None:
    (copy / manifest.MODEL).unlink()
    with pytest.raises(ModelBroken, match=r"model\.onnx: cannot be read"):
        EmbeddedClassifier(copy)


def changed(copy: Path, **keys: object) -> Path:
    """The shipped model with other words in its manifest about its first output."""
    for name in (manifest.MODEL, manifest.TOKENIZER):
        shutil.copy(FOLDER / name, copy)
    content = json.loads((copy / manifest.MANIFEST).read_text(encoding="utf-8"))
    content["outputs"][0] |= keys
    (copy / manifest.MANIFEST).write_text(json.dumps(content), encoding="utf-8")
    return copy


def test_below_the_stated_confidence_a_verdict_is_unsure(copy: Path) -> None:
    texts = ["Top geholpen, heel vriendelijk en snel!", "Ze hebben een winkel.", "Mwah, ging wel", "Slecht."]
    before = EmbeddedClassifier(changed(copy, sure_from=0.0)).classify(texts)
    assert not any(verdict.unsure for verdict in before)
    highest = [max(verdict.probabilities.values()) for verdict in before]
    between = sum(sorted(highest)[1:3]) / 2
    doubted = EmbeddedClassifier(changed(copy, sure_from=between)).classify(texts)
    assert [verdict.unsure for verdict in doubted] == [sure < between for sure in highest]
    assert [verdict.sentiment for verdict in doubted] == [verdict.sentiment for verdict in before]


def test_a_text_without_words_is_no_doubtful_case(copy: Path) -> None:
    assert EmbeddedClassifier(changed(copy, sure_from=1.0)).classify([""]) == [classifier.NOTHING_SAID]


def test_what_a_model_confuses_is_read_from_its_manifest(copy: Path) -> None:
    counts = [[5, 1, 0], [0, 4, 0], [2, 0, 9]]
    assert manifest.described(changed(copy, confusion=counts)).outputs[0].confusion == tuple(
        map(tuple, counts)
    )


def test_a_manifest_from_before_doubt_is_sure_of_everything(copy: Path) -> None:
    content = json.loads((copy / manifest.MANIFEST).read_text(encoding="utf-8"))
    for output in content["outputs"]:
        output.pop("sure_from", None)
        output.pop("confusion", None)
    (copy / manifest.MANIFEST).write_text(json.dumps(content), encoding="utf-8")
    first = manifest.described(copy).outputs[0]
    assert (first.sure_from, first.confusion) == (0.0, ())


@pytest.mark.parametrize("spoilt", ["{", "[]", "{}", '{"format": 99}', '{"format": 1, "files": {}}'])
def test_a_broken_manifest_is_named(copy: Path, spoilt: str) -> None:
    (copy / manifest.MANIFEST).write_text(spoilt, encoding="utf-8")
    with pytest.raises(ModelBroken, match=r"manifest\.json: is not a manifest"):
        EmbeddedClassifier(copy)


def test_a_file_that_is_no_model_is_named_even_when_its_hash_is_right(copy: Path) -> None:
    shutil.copy(FOLDER / manifest.TOKENIZER, copy)
    content = json.loads((copy / manifest.MANIFEST).read_text(encoding="utf-8"))
    content["files"][manifest.MODEL] = manifest.digest(copy / manifest.MODEL)
    (copy / manifest.MANIFEST).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelBroken, match=r"model\.onnx: onnxruntime cannot load it"):
        EmbeddedClassifier(copy)
