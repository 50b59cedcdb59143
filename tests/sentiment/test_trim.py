"""A trimmed encoder reads the texts it was trimmed for as the full one does."""

import json
from pathlib import Path

import pytest

from tests.sentiment.conftest import need_torch

WORDS = ["▁slecht", "▁top", "▁snel", "▁zeppelin", "▁de"]


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    need_torch()
    import numpy as np
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    letters = [f"▁{letter}" for letter in "abc"] + list("abcdefghijklmnopqrstuvwxyz▁")
    marks = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = [(mark, 0.0) for mark in marks] + [(token, -1.0) for token in WORDS]
    vocabulary += [(letter, -9.0) for letter in letters]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(marks)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    folder = tmp_path / "encoder"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.arange(len(vocabulary) * 2, dtype=np.float32).reshape(-1, 2)
    save_file({"embeddings.word_embeddings.weight": table, "other": table}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"vocab_size": len(vocabulary), "pad_token_id": 1}))
    return folder


def test_tokens_of_other_languages_go_and_the_rest_reads_as_before(encoder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    from sentiment.trim import trim

    out = tmp_path / "trimmed"
    kept = trim(encoder, ["slecht", "de top"], out)
    whole, small = (Tokenizer.from_file(str(folder / "tokenizer.json")) for folder in (encoder, out))
    before, after = whole.encode("de top is slecht"), small.encode("de top is slecht")
    tables = [
        load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]
        for folder in (encoder, out)
    ]
    assert kept == small.get_vocab_size() == whole.get_vocab_size() - 2
    assert before.tokens == after.tokens
    assert (tables[0][before.ids] == tables[1][after.ids]).all()


def test_a_word_that_went_is_still_spelled(encoder: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    from sentiment.trim import trim

    trim(encoder, ["slecht"], tmp_path / "trimmed")
    small = Tokenizer.from_file(str(tmp_path / "trimmed" / "tokenizer.json"))
    assert "".join(small.encode("zeppelin", add_special_tokens=False).tokens) == "▁zeppelin"


def test_a_folder_without_an_encoder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_torch()
    from sentiment import trim

    texts = tmp_path / "texts.txt"
    texts.write_text("slecht\n")
    places = ["--model", str(tmp_path / "weg"), "--texts", str(texts), "--out", str(tmp_path / "out")]
    assert trim.main(places) == 2
    assert str(tmp_path / "weg") in capsys.readouterr().err


def test_texts_come_as_lines_or_as_records(encoder: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    from sentiment import trim

    (tmp_path / "a.txt").write_text("slecht\n")
    (tmp_path / "b.jsonl").write_text('{"text": "de top"}\n')
    texts, out = [str(tmp_path / name) for name in ("a.txt", "b.jsonl")], tmp_path / "out"
    assert trim.main(["--model", str(encoder), "--texts", *texts, "--out", str(out)]) == 0
    kept = Tokenizer.from_file(str(out / "tokenizer.json")).get_vocab()
    assert [word for word in WORDS if word in kept] == ["▁slecht", "▁top", "▁de"]
