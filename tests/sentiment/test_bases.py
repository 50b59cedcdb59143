"""Encoders to start from: other kinds, many languages, and those of the hub."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sentiment.errors import TrainingError
from tests.sentiment import tiny
from tests.sentiment.conftest import need_torch

SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 202,
}


@pytest.fixture(autouse=True)
def _torch() -> None:
    need_torch()


@pytest.fixture
def roberta(tmp_path: Path) -> Path:
    """An encoder of another kind, as people publish it."""
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaModel

    base = tiny.make_base(tmp_path / "bert")
    marks = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "cls": "<s>", "sep": "</s>", "unk": "<unk>"}
    reader: Any = PreTrainedTokenizerFast
    tokenizer = reader(
        tokenizer_file=str(base / "tokenizer.json"), **{f"{kind}_token": mark for kind, mark in marks.items()}
    )
    folder = tmp_path / "roberta"
    tokenizer.save_pretrained(folder)
    config = RobertaConfig(vocab_size=len(tokenizer), type_vocab_size=1, pad_token_id=1, **SIZES)
    RobertaModel(config).save_pretrained(folder)
    return folder


def test_a_roberta_becomes_a_bert_that_reads_alike(roberta: Path, tmp_path: Path) -> None:
    import torch
    from transformers import BertModel, RobertaModel

    from sentiment.bases import prepared

    folder = prepared(str(roberta), [], tmp_path / "base")
    models: list[Any] = [RobertaModel.from_pretrained(roberta), BertModel.from_pretrained(folder)]
    ids = torch.tensor([[0, 5, 6, 7, 8, 9, 2]])
    with torch.inference_mode():
        before, after = (model.eval()(ids).last_hidden_state for model in models)
    assert torch.allclose(before, after, atol=1e-5)


def test_an_encoder_that_was_half_written_is_written_again(
    roberta: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment import bases
    from sentiment.network import Network

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bases, "save_file", killed)
        with pytest.raises(KeyboardInterrupt):
            bases.prepared(str(roberta), [], tmp_path / "base")
    Network(bases.prepared(str(roberta), [], tmp_path / "base"))


def test_the_encoder_of_an_earlier_run_is_taken_as_it_is(tmp_path: Path) -> None:
    from sentiment.bases import prepared

    base = tiny.make_base(tmp_path / "bert")
    assert prepared(str(base), [], tmp_path / "base") == base
    assert not (tmp_path / "base").exists()


def test_an_encoder_from_the_hub_is_trained_by_its_id(roberta: Path, tmp_path: Path) -> None:
    cache = tmp_path / "hub" / "models--snelveld--tiny"
    shutil.copytree(roberta, cache / "snapshots" / "abc")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("abc")
    data, out = tiny.make_data(tmp_path / "data"), tmp_path / "run"
    words = ["--base", "snelveld/tiny", "--data", str(data), "--out", str(out), "--epochs", "1"]
    known = os.environ | {"HF_HUB_CACHE": str(cache.parent), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "sentiment.train", *words],
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "best" / "config.json").read_text())["num_hidden_layers"] == 2


def test_an_encoder_for_many_languages_keeps_the_tokens_of_the_texts(
    roberta: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    from sentiment import bases

    monkeypatch.setattr(bases, "_MANY", 10)
    folder = bases.prepared(str(roberta), [], tmp_path / "base")
    words = [f"▁{word}" for word in ("slecht", "top", "mauvais", "schlecht")]
    vocabulary = [(token, -1.0) for token in ("<s>", "<pad>", "</s>", "<unk>", *words, *"abcdefghijkl")]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    trimmed = bases.prepared(str(folder), ["slecht top"], tmp_path / "base")
    kept = Tokenizer.from_file(str(trimmed / "tokenizer.json")).get_vocab()
    assert {word for word in words if word in kept} == {"▁slecht", "▁top"}
    assert json.loads((trimmed / "config.json").read_text())["vocab_size"] == len(kept)


def test_an_encoder_of_a_kind_we_cannot_export_is_refused(roberta: Path, tmp_path: Path) -> None:
    from transformers import ElectraConfig, ElectraModel

    from sentiment.bases import prepared

    ElectraModel(ElectraConfig(vocab_size=30, embedding_size=16, **SIZES)).save_pretrained(roberta)
    with pytest.raises(TrainingError, match="of the kind 'electra'; give one of bert, roberta"):
        prepared(str(roberta), [], tmp_path / "base")


@pytest.mark.parametrize("base", ["./weg", "/weg/is/weg", "een/twee/drie"])
def test_a_folder_that_is_not_there_is_not_asked_of_the_hub(base: str, tmp_path: Path) -> None:
    from sentiment.bases import prepared

    with pytest.raises(TrainingError, match="there is no such folder"):
        prepared(base, [], tmp_path / "base")
