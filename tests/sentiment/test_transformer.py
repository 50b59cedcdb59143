"""Other models through transformers: their labels, their windows, and what is said when they cannot be used."""

import json
import shutil
from pathlib import Path

import pytest

from sentiment import classifier
from sentiment.errors import ModelUnusable
from storage.configuration import SentimentSettings
from storage.records import Sentiment
from tests.sentiment import tiny
from tests.sentiment.conftest import Trained

ROWS = tiny.texts(30, seed=5)


def named(trained: Trained, folder: Path, labels: list[str]) -> str:
    """The tiny model under other labels, as people publish them."""
    path = shutil.copytree(trained.run / "best", folder / "model")
    config = json.loads((path / "config.json").read_text())
    config["id2label"] = dict(enumerate(labels))
    config["label2id"] = {label: place for place, label in enumerate(labels)}
    (path / "config.json").write_text(json.dumps(config))
    (path / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "model_max_length": 64,
                "pad_token": "<pad>",
                "unk_token": "<unk>",
                "cls_token": "<s>",
                "sep_token": "</s>",
            }
        )
    )
    return str(path)


def judged(model: str, texts: list[str], **labels: str) -> list[classifier.Verdict]:
    settings = SentimentSettings.model_validate({"model": model, "labels": labels})
    return classifier.load(settings).classify(texts)


def test_labels_that_speak_for_themselves_need_no_mapping(trained: Trained, tmp_path: Path) -> None:
    model = named(trained, tmp_path, ["Negative", "Neutral", "Positive"])
    verdicts = judged(model, [row["text"] for row in ROWS])
    right = sum(verdict.sentiment == row["label"] for verdict, row in zip(verdicts, ROWS, strict=True))
    assert right > 25


def test_what_training_leaves_behind_is_measured_by_its_folder(trained: Trained) -> None:
    verdicts = judged(str(trained.run / "best"), [row["text"] for row in ROWS])
    right = sum(verdict.sentiment == row["label"] for verdict, row in zip(verdicts, ROWS, strict=True))
    assert right > 25


def test_labels_are_read_as_configured(trained: Trained, tmp_path: Path) -> None:
    model = named(trained, tmp_path, ["LABEL_0", "LABEL_1", "LABEL_2"])
    (straight,) = judged(model, ["slecht traag"], LABEL_0="negative", LABEL_1="neutral", LABEL_2="positive")
    (turned,) = judged(model, ["slecht traag"], LABEL_0="positive", LABEL_1="neutral", LABEL_2="negative")
    assert (straight.sentiment, turned.sentiment) == (Sentiment.NEGATIVE, Sentiment.POSITIVE)


def test_labels_of_one_meaning_add_up(trained: Trained, tmp_path: Path) -> None:
    model = named(trained, tmp_path, ["1 star", "2 stars", "5 stars"])
    labels = {"1 star": "negative", "2 stars": "negative", "5 stars": "positive"}
    (verdict,) = judged(model, ["slecht traag"], **labels)
    assert verdict.probabilities[Sentiment.NEUTRAL] == 0
    assert sum(verdict.probabilities.values()) == pytest.approx(1)


def test_a_label_without_meaning_is_named_with_what_to_write(trained: Trained, tmp_path: Path) -> None:
    model = named(trained, tmp_path, ["negative", "LABEL_1", "positive"])
    with pytest.raises(ModelUnusable, match=r"say what 'LABEL_1' of .* means, for instance labels = "):
        judged(model, ["a"])


def test_a_configured_label_that_the_model_lacks_is_named(trained: Trained, tmp_path: Path) -> None:
    model = named(trained, tmp_path, ["negative", "neutral", "positive"])
    with pytest.raises(ModelUnusable, match="'LABEL_9' is not a label of"):
        judged(model, ["a"], LABEL_9="negative")


def test_a_folder_without_a_model_is_named(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=f"{tmp_path.name}.* cannot be loaded"):
        judged(str(tmp_path), ["a"])


def test_the_end_of_a_long_text_counts_here_too(trained: Trained, tmp_path: Path) -> None:
    model = named(trained, tmp_path, ["negative", "neutral", "positive"])
    first, second = judged(model, ["top fijn blij " * 30, "top fijn blij " * 30 + "slecht nooit traag " * 60])
    assert (first.sentiment, second.sentiment) == (Sentiment.POSITIVE, Sentiment.NEGATIVE)


def test_odd_texts_are_answered_in_order(trained: Trained, tmp_path: Path) -> None:
    model = named(trained, tmp_path, ["negative", "neutral", "positive"])
    empty, half, praise = judged(model, ["", "\ud83d", "top blij fijn"])
    assert (empty, praise.sentiment) == (classifier.NOTHING_SAID, Sentiment.POSITIVE)
    assert sum(half.probabilities.values()) == pytest.approx(1)


def test_other_weights_under_the_same_name_have_another_id(trained: Trained, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    model = named(trained, tmp_path, ["negative", "neutral", "positive"])
    settings = SentimentSettings(model=model)
    before = classifier.load(settings).model_id
    again = classifier.load(settings).model_id
    path = Path(model) / "model.safetensors"
    weights = {name: value.copy() for name, value in load_file(path).items()}
    weights["classifier.bias"] += 1
    save_file(weights, path, metadata={"format": "pt"})
    assert before == again != classifier.load(settings).model_id
