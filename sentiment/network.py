"""The trained network: a BERT encoder with one linear head per question. Needs torch and transformers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import BertForSequenceClassification
from transformers.utils import logging

from sentiment.errors import TrainingError
from sentiment.heads import HEADS, SENTIMENT
from sentiment.windows import LONGEST

WEIGHTS = "model.safetensors"


class Network(nn.Module):
    """Token ids in, one tensor of logits per head out (texts × labels), in the order of HEADS."""

    def __init__(self, folder: Path) -> None:
        """Loads a base encoder, or a network saved before; heads that the folder lacks start fresh.

        Raises TrainingError when the folder holds no such model.
        """
        super().__init__()
        # That an encoder lacks the fresh heads is no news.
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            whole = BertForSequenceClassification.from_pretrained(
                folder,
                dtype=torch.float32,
                num_labels=len(SENTIMENT.labels),
                local_files_only=True,
                attn_implementation="eager",  # under bfloat16 on a CPU twice as fast as the fused one
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise TrainingError(
                f"{folder}: holds no BERT model that transformers can load ({error})"
            ) from error
        self.bert = whole.bert
        self.dropout = whole.dropout
        width = whole.config.hidden_size
        self.heads = nn.ModuleDict({head.name: nn.Linear(width, len(head.labels)) for head in HEADS})
        self.heads[SENTIMENT.name] = whole.classifier
        self._restore_further_heads(folder)

    @property
    def window(self) -> int:
        """Tokens that it can see at once."""
        return min(LONGEST, self.bert.config.max_position_embeddings)

    def _restore_further_heads(self, folder: Path) -> None:
        saved = load_file(folder / WEIGHTS)
        for head in HEADS[1:]:
            if f"heads.{head.name}.weight" in saved:
                self.heads[head.name].load_state_dict(
                    {part: saved[f"heads.{head.name}.{part}"] for part in ("weight", "bias")}
                )

    def forward(self, ids: Tensor, mask: Tensor) -> list[Tensor]:
        pooled = self.dropout(self.bert(input_ids=ids, attention_mask=mask).pooler_output)
        return [self.heads[head.name](pooled) for head in HEADS]

    def tensors(self) -> dict[str, Tensor]:
        """All weights under the names that `BertForSequenceClassification` gives them; further heads apart."""
        named = {}
        for name, value in self.state_dict().items():
            plain = name.replace(f"heads.{SENTIMENT.name}.", "classifier.")
            named[plain] = value.detach().cpu().contiguous()
        return named

    def save(self, folder: Path) -> None:
        """Writes the network so that `transformers` loads it by path as a sequence-classification model."""
        folder.mkdir(parents=True, exist_ok=True)
        config = self.bert.config
        config.architectures = ["BertForSequenceClassification"]
        config.id2label = dict(enumerate(SENTIMENT.labels))
        config.label2id = {label: place for place, label in enumerate(SENTIMENT.labels)}
        config.dtype = torch.float32
        config.save_pretrained(folder)
        save_file(self.tensors(), folder / WEIGHTS, metadata={"format": "pt"})


def padded(rows: Sequence[Sequence[int]], filler: int) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, texts × the longest row."""
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), filler)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return ids, mask


def device() -> Any:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
