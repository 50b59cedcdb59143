"""The encoder that training starts from: by folder or hub id, of several kinds, with one language's vocabulary.

Training and exporting know one kind, BERT. A RoBERTa is a BERT whose positions begin further on and that has no
second kind of token, so it is written as one. Needs torch and transformers.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from sentiment.errors import TrainingError
from sentiment.trim import trim

# Encoders of one language have 30,000 to 52,000 tokens, those of many have 119,000 and more.
_MANY = 60_000
_KINDS = ("bert", "roberta", "xlm-roberta", "camembert")
_SETTINGS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "layer_norm_eps",
    "pad_token_id",
)

Weights = dict[str, NDArray[Any]]


def prepared(base: str, texts: Iterable[str], out: Path) -> Path:
    """A folder with the encoder that `base` names, fit for training; `out` when anything had to be done to it.

    An encoder for many languages keeps the tokens of `texts` only (see `sentiment.trim`). Raises TrainingError when
    there is no such encoder or it is of another kind.
    """
    folder = Path(base)
    if not _ours(folder):
        if not (out / "whole" / "config.json").exists():
            _write(base, out / "whole")
        folder = out / "whole"
    if not _multilingual(folder):
        return folder
    if not (out / "trimmed" / "config.json").exists():
        trim(folder, texts, out / "trimmed")
    return out / "trimmed"


def _ours(folder: Path) -> bool:
    """Whether the folder can be trained as it stands, as what training leaves behind can."""
    files = [folder / name for name in ("config.json", "tokenizer.json", "model.safetensors")]
    return all(file.is_file() for file in files) and _config(folder).get("model_type") == "bert"


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder}/config.json: cannot be read ({error})") from error
    return config if isinstance(config, dict) else {}


def _multilingual(folder: Path) -> bool:
    if int(_config(folder).get("vocab_size", 0)) <= _MANY:
        return False
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return bool(tokenizer["model"]["type"] == "Unigram")


def _write(base: str, out: Path) -> None:
    """Writes the encoder as a BERT, whatever files it comes in."""
    if not Path(base).is_dir() and (base.count("/") > 1 or base.startswith((".", "/"))):
        raise TrainingError(f"{base}: there is no such folder; give the folder or hub id of an encoder")
    from transformers import AutoModel, AutoTokenizer, BertConfig
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
        model: Any = AutoModel.from_pretrained(base)
    except Exception as error:  # the hub, the file system and the formats each raise their own
        reason = str(error).strip().splitlines()[0]
        raise TrainingError(
            f"{base}: no encoder can be loaded ({reason}); give a folder or hub id"
        ) from error
    _check(base, model.config, tokenizer)
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    shifted = 0 if model.config.model_type == "bert" else model.config.pad_token_id + 1
    settings = {name: getattr(model.config, name) for name in _SETTINGS}
    config: Any = BertConfig(
        **settings,
        max_position_embeddings=model.config.max_position_embeddings - shifted,
        type_vocab_size=model.config.type_vocab_size,
    )
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.backend_tokenizer.save(str(out / "tokenizer.json"))
    save_file(_as_bert(weights, shifted), out / "model.safetensors", metadata={"format": "pt"})
    # Last, for by it a later start knows that all is there.
    config.save_pretrained(out)


def _check(base: str, config: Any, tokenizer: Any) -> None:
    if config.model_type not in _KINDS:
        raise TrainingError(f"{base}: is of the kind {config.model_type!r}; give one of {', '.join(_KINDS)}")
    if config.hidden_act != "gelu" or getattr(config, "is_decoder", False):
        raise TrainingError(f"{base}: is no encoder with GELU ({config.hidden_act}); choose another")
    if not tokenizer.is_fast:
        raise TrainingError(f"{base}: has no fast tokenizer; choose another")


def _as_bert(weights: Mapping[str, NDArray[Any]], shifted: int) -> Weights:
    """The weights under BERT's names; of the position embeddings those that stand for a token's place."""
    named = {f"bert.{name}": np.ascontiguousarray(value) for name, value in weights.items()}
    table = "bert.embeddings.position_embeddings.weight"
    named[table] = np.ascontiguousarray(named[table][shifted:])
    return {name: value for name, value in named.items() if value.dtype.kind == "f"}
