"""Trimming: `python -m sentiment.trim --model DIR --texts FILE … --out DIR`.

Makes a multilingual encoder small enough for one language: of its vocabulary only the tokens that occur in the given
texts stay, with the single characters and the marks, so that any text can still be written. Tokens and hidden states
on such texts stay those of the full model. Needs the package safetensors, not torch.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from sentiment.errors import TrainingError
from sentiment.examples import read_records
from sentiment.texts import readable

_WEIGHTS, _TOKENIZER, _CONFIG = "model.safetensors", "tokenizer.json", "config.json"


def trim(model: Path, texts: Iterable[str], out: Path) -> int:
    """Writes the trimmed encoder to `out`; returns how many tokens it kept.

    Raises TrainingError when the folder holds no encoder with a Unigram tokenizer.
    """
    try:
        content: dict[str, Any] = json.loads((model / _TOKENIZER).read_text(encoding="utf-8"))
        vocabulary = content["model"]["vocab"]
        config = json.loads((model / _CONFIG).read_text(encoding="utf-8"))
        weights = load_file(model / _WEIGHTS)
        kept = _kept(Tokenizer.from_file(str(model / _TOKENIZER)), vocabulary, content, texts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{model}: holds no encoder with a Unigram tokenizer ({error!r})") from error
    place = {old: new for new, old in enumerate(kept)}
    _renumber(content, vocabulary, kept, place)
    (table,) = (name for name in weights if name.endswith("embeddings.word_embeddings.weight"))
    weights[table] = np.ascontiguousarray(weights[table][kept])
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / _WEIGHTS, metadata={"format": "pt"})
    (out / _TOKENIZER).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    changed = {"vocab_size": len(kept), "pad_token_id": place[config["pad_token_id"]]}
    (out / _CONFIG).write_text(json.dumps(config | changed, indent=2), encoding="utf-8")
    if (model / "tokenizer_config.json").exists():
        shutil.copy(model / "tokenizer_config.json", out)
    return len(kept)


def _kept(
    tokenizer: Tokenizer,
    vocabulary: Sequence[tuple[str, float]],
    content: dict[str, Any],
    texts: Iterable[str],
) -> list[int]:
    """The ids that stay, in their old order."""
    marks = {mark["id"] for mark in content["added_tokens"]} | {content["model"]["unk_id"]}
    single = {place for place, (token, _) in enumerate(vocabulary) if len(token.removeprefix("▁")) <= 1}
    used = {token for text in texts for token in tokenizer.encode(readable(text)).ids}
    return sorted(marks | single | used)


def _renumber(
    content: dict[str, Any], vocabulary: Sequence[Any], kept: Sequence[int], place: dict[int, int]
) -> None:
    """Gives every token in the tokenizer's description its new id."""
    content["model"]["vocab"] = [vocabulary[old] for old in kept if old < len(vocabulary)]
    content["model"]["unk_id"] = place[content["model"]["unk_id"]]
    for mark in content["added_tokens"]:
        mark["id"] = place[mark["id"]]
    for mark in (content.get("post_processor") or {}).get("special_tokens", {}).values():
        mark["ids"] = [place[old] for old in mark["ids"]]


def _texts(path: Path) -> list[str]:
    if path.suffix == ".jsonl":
        return read_records(path, lambda record: str(record["text"]))
    return path.read_text(encoding="utf-8").splitlines()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sentiment.trim", description=__doc__)
    parser.add_argument(
        "--model", type=Path, required=True, help="folder of the encoder, as the hub gives it"
    )
    parser.add_argument(
        "--texts", type=Path, nargs="+", required=True, help="plain text, or .jsonl with a key text"
    )
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    try:
        kept = trim(asked.model, (text for path in asked.texts for text in _texts(path)), asked.out)
    except (TrainingError, OSError, ValueError, KeyError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    print(f"kept {kept} tokens")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
