"""A BERT small enough to train within a test, and texts that it can learn."""

import json
import random
from pathlib import Path
from typing import Any

WORDS = {
    "negative": ["slecht", "traag", "nooit", "kapot"],
    "neutral": ["opent", "winkel", "meldt", "cijfers"],
    "positive": ["top", "snel", "fijn", "blij"],
}
FILLING = ["de", "het", "een", "ik", "was", "met", "en", "dit"]
THEMES = {"negative": ["levering", "prijs"], "neutral": [], "positive": ["bejegening"]}


def texts(count: int, seed: int) -> list[dict[str, Any]]:
    """Labelled texts: a few filling words and two that give everything away."""
    dice = random.Random(seed)
    rows = []
    for place in range(count):
        label = list(WORDS)[place % 3]
        words = [*dice.choices(FILLING, k=dice.randint(1, 12)), *dice.choices(WORDS[label], k=2)]
        dice.shuffle(words)
        rows.append(
            {
                "text": " ".join(words),
                "label": label,
                "source": f"bron-{place % 2}",
                "themes": THEMES[label],
                "escalation": False,
                "churn": label == "negative",
                "question": label == "neutral",
            }
        )
    return rows


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def make_data(folder: Path) -> Path:
    folder.mkdir()
    write_lines(folder / "train.jsonl", texts(240, seed=1))
    write_lines(folder / "dev.jsonl", texts(60, seed=2))
    return folder


def make_base(folder: Path) -> Path:
    """An untrained encoder with its tokenizer, as `--base` wants it."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    torch.set_num_threads(1)  # two threads wait for each other longer than they compute
    torch.manual_seed(0)
    words = ["<s>", "<pad>", "</s>", "<unk>", *FILLING, *(word for known in WORDS.values() for word in known)]
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=384,
        pad_token_id=1,
        initializer_range=0.1,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
