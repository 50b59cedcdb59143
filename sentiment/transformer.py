"""Any sequence-classification model through `transformers`, by path or hub id. Needs torch."""

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import Sentiment, Verdict, verdict_of
from sentiment.errors import ModelUnusable
from sentiment.manifest import TOKENIZER, digest
from sentiment.texts import groups, readable
from sentiment.windows import OVERLAP, Window, averaged, pack, softmax

_BATCH_TOKENS = 4096
_LONGEST = 512
_MARKS = {
    "cls_token": ("<s>", "[CLS]"),
    "sep_token": ("</s>", "[SEP]"),
    "pad_token": ("<pad>", "[PAD]"),
    "unk_token": ("<unk>", "[UNK]"),
}


class TransformersClassifier:
    """Judges texts with the model that `name` stands for, reading its labels as `labels` says."""

    def __init__(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """`labels` gives for each label of the model the sentiment it means; labels called negative, neutral or
        positive need no entry. Several may mean the same sentiment: their probabilities add up.

        Raises ModelUnusable when torch is missing, the model cannot be loaded, or a label has no meaning.
        """
        self._torch, self._tokenizer, self._model = _loaded(name)
        self.model_id = f"transformers:{name[-150:]}:{_version(name, self._model.config)}"
        self._meaning = _meaning(name, self._model.config.id2label, labels or {})
        self._window = _window(self._tokenizer, self._model.config)

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """One verdict per text, in order; a long text is read in overlapping windows."""
        verdicts: list[Verdict] = []
        for group in groups(texts):
            verdicts += self._classify([readable(text) for text in group])
        return verdicts

    def _classify(self, texts: Sequence[str]) -> list[Verdict]:
        held = list(self._windows(texts))
        answers = averaged(held, self._probabilities(held), len(texts))
        labels = [sentiment.value for sentiment in Sentiment]
        return [verdict_of(text, labels, row) for text, row in zip(texts, answers, strict=True)]

    def _windows(self, texts: Sequence[str]) -> Iterator[Window]:
        overlap = min(OVERLAP, self._window // 4)
        cut = self._tokenizer(
            list(texts),
            truncation=True,
            max_length=self._window,
            stride=overlap,
            return_overflowing_tokens=True,
        )
        before = -1
        for place, ids in zip(cut["overflow_to_sample_mapping"], cut["input_ids"], strict=True):
            fresh = len(ids) if place != before else len(ids) - overlap
            before = place
            yield Window(place, tuple(ids), max(fresh, 1))

    def _probabilities(self, held: Sequence[Window]) -> NDArray[np.float64]:
        answers = np.empty((len(held), self._meaning.shape[1]))
        for batch in pack([len(window.ids) for window in held], _BATCH_TOKENS):
            filled = self._tokenizer.pad(
                {"input_ids": [list(held[place].ids) for place in batch]}, return_tensors="pt"
            )
            with self._torch.inference_mode():
                logits = self._model(**filled).logits.float().numpy()
            answers[batch] = softmax(logits) @ self._meaning
        return answers


def _loaded(name: str) -> tuple[Any, Any, Any]:
    if importlib.util.find_spec("torch") is None:
        raise ModelUnusable(
            f"sentiment.model: {name!r} needs torch; install it with `pip install klachtenradar[torch]`, "
            'or write model = "embedded"'
        )
    # More than a second each: only for those who ask for it.
    import torch
    from transformers import AutoModelForSequenceClassification
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    # That a model has weights beside those of its sentiment is no news.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        tokenizer = _tokenizer(name)
        model = AutoModelForSequenceClassification.from_pretrained(name)
    except Exception as error:  # the hub, the file system and the formats each raise their own
        reason = str(error).strip().splitlines()[0]
        raise ModelUnusable(
            f"sentiment.model: {name!r} cannot be loaded ({reason}); give a folder or hub id of a "
            "sequence-classification model"
        ) from error
    if not tokenizer.is_fast:
        raise ModelUnusable(
            f"sentiment.model: {name!r} has no fast tokenizer, so long texts would be cut; choose another"
        )
    return torch, tokenizer, model.eval()


def _tokenizer(name: str) -> Any:
    from transformers import AutoTokenizer

    folder = Path(name)
    if (folder / TOKENIZER).is_file() and not (folder / "tokenizer_config.json").exists():
        # By the kind of the model alone another tokenizer would be guessed than the one that lies there.
        return tokenizer_of(folder / TOKENIZER)
    return AutoTokenizer.from_pretrained(name)


def tokenizer_of(path: Path) -> Any:
    """The tokenizer in a bare tokenizer.json, as `transformers` wants it."""
    from transformers import PreTrainedTokenizerFast

    reader: Any = PreTrainedTokenizerFast  # without types
    known = reader(tokenizer_file=str(path)).get_vocab()
    marks = {kind: [mark for mark in written if mark in known] for kind, written in _MARKS.items()}
    return reader(tokenizer_file=str(path), **{kind: found[0] for kind, found in marks.items() if found})


def _version(name: str, config: Any) -> str:
    """What tells these weights from later ones of the same name: the hub's commit, or a hash of the folder's."""
    weights = sorted(path for path in Path(name).glob("*") if path.suffix in (".safetensors", ".bin"))
    together = hashlib.sha256("".join(digest(path) for path in weights).encode())
    return str(getattr(config, "_commit_hash", None) or together.hexdigest())[:12]


def _meaning(name: str, known: Mapping[int, str], given: Mapping[str, str]) -> NDArray[np.float64]:
    """What each label of the model means, as a matrix (labels of the model × sentiments) of zeros and ones."""
    if len(known) < 2:
        raise ModelUnusable(f"sentiment.model: {name!r} gives one number, not labels; choose a classifier")
    if strange := sorted(set(given) - set(known.values())):
        raise ModelUnusable(
            f"sentiment.labels: {strange[0]!r} is not a label of {name!r}; its labels are {_listed(known)}"
        )
    words = {sentiment.value: sentiment.value for sentiment in Sentiment}
    matrix = np.zeros((len(known), len(Sentiment)))
    for place, label in known.items():
        meant = given.get(label) or words.get(label.casefold())
        if meant is None:
            raise ModelUnusable(
                f"sentiment.labels: say what {label!r} of {name!r} means, for instance "
                f'labels = {{ "{label}" = "negative", … }}; its labels are {_listed(known)}'
            )
        matrix[place, list(words).index(meant)] = 1
    return matrix


def _listed(known: Mapping[int, str]) -> str:
    return ", ".join(repr(label) for label in known.values())


def _window(tokenizer: Any, config: Any) -> int:
    """Tokens the model takes at once. Some positions are reserved in models of the RoBERTa family."""
    positions = getattr(config, "max_position_embeddings", None) or _LONGEST + 2
    return int(min(tokenizer.model_max_length, max(positions - 2, 8), _LONGEST))
