"""The training loop: epochs of batches, checkpoints to go on from, and the best network kept."""

import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sentiment.errors import TrainingError
from sentiment.evaluate import f1_by_label, macro_f1, true_label
from sentiment.examples import (
    ELSEWHERE,
    WRITTEN,
    WRITTEN_REVIEWS,
    Example,
    answered,
    epoch_sample,
    label_weights,
)
from sentiment.heads import HEADS, SENTIMENT, Head
from sentiment.lessons import STORY, lessons_in
from sentiment.network import Network, device, padded
from sentiment.tokens import load_tokenizer, tokens
from sentiment.windows import pack

_CHECKPOINT = "checkpoint.pt"
_FILLER = "<pad>"
_BATCH = 32
# Tokens in one pass forth and back: some 4 GB on a CPU. A batch of long texts takes several.
_PASS = 4096
# Tokens, the marks included. Of a text as short as this a missing word is too often the one that decides.
_SHORT = 12
FRESH = 8.0
"""How much faster the layers learn that no pre-training has prepared: the pooler and the heads."""


@dataclass(frozen=True)
class Plan:
    """One training run; `rate` is the top learning rate.

    `shares` says which part of each source an epoch sees, `first_shares` the same of the first `first_epochs`.
    `word_dropout` (0 to 1) is the chance that a token is left out of a text, each time that it is read (Iyyer et
    al., "Deep unordered composition rivals syntactic methods for text classification", 2015). The embeddings of
    tokens that at least `words_from` of the training texts hold move too; with 0 none does.
    """

    base: Path
    out: Path
    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    shares: dict[str, float]
    first_shares: dict[str, float]
    first_epochs: int
    epochs: int
    rate: float
    seed: int
    word_dropout: float = 0.0
    words_from: int = 0
    checkpoint_steps: int = 100


@dataclass(frozen=True)
class Measured:
    """One epoch's score. `chosen_by` is the mean over the groups of macro-F1 on their dev part."""

    epoch: int
    loss: float
    chosen_by: float
    groups: dict[str, float]
    seconds: float


class Trainer:
    """Holds network, optimizer and place in the run, so that they can be stored and restored together."""

    def __init__(self, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.device = device()
        self.tokenizer = load_tokenizer(plan.base)
        self.filler = self.tokenizer.token_to_id(_FILLER) or 0
        self.network = Network(plan.base).to(self.device)
        self._hold_rare_words()
        self.optimizer = torch.optim.AdamW(self._groups(), lr=plan.rate, weight_decay=0.01)
        last = self._epoch(plan.epochs - 1)
        self.weights = [
            torch.tensor(label_weights(last, place), device=self.device) for place in range(len(HEADS))
        ]
        counts = [len(self.batches(epoch)) for epoch in range(plan.epochs)]
        self.starts = list(itertools.accumulate(counts, initial=0))
        self.total = sum(counts)
        self.step = self.measured = 0
        self.best = -1.0

    def _hold_rare_words(self) -> None:
        """Lets only those word embeddings move that enough texts speak for: others would drift from their like."""
        words = self._words()
        words.requires_grad_(bool(self.plan.words_from))
        if self.plan.words_from:
            held_by = Counter(token for row in self._tokens(self.plan.train) for token in set(row))
            often = [held_by[token] >= self.plan.words_from for token in range(len(words))]
            moving = torch.tensor(often, device=self.device).unsqueeze(1)
            words.register_hook(lambda gradient: gradient * moving)  # type: ignore[no-untyped-call]

    def _words(self) -> nn.Parameter:
        table: nn.Embedding = self.network.bert.embeddings.word_embeddings
        return table.weight  # type: ignore[return-value]

    def _groups(self) -> list[dict[str, Any]]:
        """The weights that move, with their top learning rate: what starts fresh moves faster than the encoder."""
        groups: dict[float, list[nn.Parameter]] = {}
        for name, weight in self.network.named_parameters():
            if weight.requires_grad and weight is not self._words():
                fresh = name.startswith(("heads.", "bert.pooler."))
                groups.setdefault(self.plan.rate * (FRESH if fresh else 1.0), []).append(weight)
        moving = [{"params": weights, "top": top} for top, weights in groups.items()]
        if not self.plan.words_from:
            return moving
        # Decay would move the rare words too.
        return [*moving, {"params": [self._words()], "top": self.plan.rate, "weight_decay": 0.0}]

    def _epoch(self, epoch: int) -> list[Example]:
        early = epoch < self.plan.first_epochs
        shares = self.plan.first_shares if early else self.plan.shares
        return epoch_sample(self.plan.train, shares, self.plan.seed, epoch)

    def batches(self, epoch: int) -> list[list[Example]]:
        """The epoch's batches, texts of like length together, in random order; a pure function of plan and epoch."""
        rows = self._epoch(epoch)
        # Sorting within pools of fifty batches saves padding and keeps the batches mixed.
        pools = [rows[start : start + 50 * _BATCH] for start in range(0, len(rows), 50 * _BATCH)]
        ordered = [row for pool in pools for row in sorted(pool, key=lambda example: len(example.text))]
        batches = [ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH)]
        order = torch.randperm(len(batches), generator=torch.Generator().manual_seed(self.plan.seed + epoch))
        return [batches[place] for place in order.tolist()]

    def run(self) -> Iterator[Measured]:
        """Trains epoch after epoch from wherever the run stands; the best network so far is in `out/best`."""
        self._restore()
        for epoch in range(self.measured, self.plan.epochs):
            yield self._run_epoch(epoch, self.batches(epoch)[self.step - self.starts[epoch] :])

    def _run_epoch(self, epoch: int, batches: Sequence[Sequence[Example]]) -> Measured:
        started = time.monotonic()
        losses = []
        for batch in batches:
            losses.append(self.learn(batch))
            self.step += 1
            if self.step % self.plan.checkpoint_steps == 0:
                self._store()
            if self.step % 25 == 0:
                recent = sum(losses[-25:]) / len(losses[-25:])
                say(f"step {self.step}/{self.total} loss {recent:.3f} {time.monotonic() - started:.0f} s")
        groups = self.measure()
        chosen_by = sum(groups.values()) / len(groups)
        if chosen_by > self.best:
            self.best = chosen_by
            self._keep(groups)
        self.measured = epoch + 1
        self._store()
        # After a stop at the very end of an epoch only its measuring is left to do.
        mean = sum(losses) / max(len(losses), 1)
        return Measured(epoch, mean, chosen_by, groups, time.monotonic() - started)

    def learn(self, batch: Sequence[Example]) -> float:
        """One step on one batch; the loss before it."""
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * self._slope()
        rows = [self._thinned(row) for row in self._tokens(batch)]
        parts = pack([len(row) for row in rows], _PASS)
        loss = sum(
            self._descend([batch[place] for place in part], [rows[place] for place in part], batch)
            for part in parts
        )
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss

    def _descend(
        self, part: Sequence[Example], rows: Sequence[Sequence[int]], batch: Sequence[Example]
    ) -> float:
        """Adds to the gradients what one part of the batch gives; its share of the loss."""
        loss = self.loss(part, rows, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _thinned(self, row: list[int]) -> list[int]:
        """A text's tokens without those that word dropout takes; the marks at both ends stay."""
        if not self.plan.word_dropout or len(row) <= _SHORT:
            return row
        kept = (torch.rand(len(row) - 2) >= self.plan.word_dropout).tolist()
        return list(itertools.compress(row, [True, *kept, True]))

    def _tokens(self, examples: Sequence[Example]) -> list[list[int]]:
        return tokens(self.tokenizer, examples, self.network.window)

    def _slope(self) -> float:
        """Share of the top learning rate: up over the first 6 % of the steps, then down to 0, straight."""
        rise = max(self.total * 0.06, 1.0)
        return min((self.step + 1) / rise, (self.total - self.step) / max(self.total - rise, 1.0), 1.0)

    def loss(
        self, part: Sequence[Example], rows: Sequence[Sequence[int]], batch: Sequence[Example]
    ) -> Tensor:
        """Negative log-likelihood of the part's known answers, summed over heads and labels; `rows` are its tokens.

        Over the texts it is their sum divided by how many of the whole batch answer the head, so that the parts'
        losses add up to the mean over the batch.
        """
        ids, mask = padded(rows, self.filler)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            outputs = self.network(ids.to(self.device), mask.to(self.device))
        total = torch.zeros((), device=self.device)
        for place, logits in enumerate(outputs):
            known, answers = answered(part, place)
            if known:
                wanted = torch.tensor(answers, device=self.device)
                loss = _head_loss(HEADS[place], logits.float()[known], wanted, self.weights[place])
                total = total + HEADS[place].weight * loss / len(answered(batch, place)[0])
        return total

    def measure(self) -> dict[str, float]:
        """Macro-F1 on the dev texts: sentiment of the written ones and of reviews apart, then the further heads.

        Sets whose labels answer another question (`ELSEWHERE`) are left out: nothing is chosen by them.
        """
        outputs = self.outputs(self.plan.dev)
        groups: dict[str, tuple[list[str], list[str]]] = {}
        for example, guess in zip(self.plan.dev, outputs[0].argmax(1).tolist(), strict=True):
            if example.source not in ELSEWHERE and (label := true_label(example)) is not None:
                name = "written" if example.source in (WRITTEN, WRITTEN_REVIEWS) else "reviews"
                truth, guessed = groups.setdefault(name, ([], []))
                truth.append(label)
                guessed.append(SENTIMENT.labels[guess])
        measured = {name: macro_f1(*columns, SENTIMENT.labels) for name, columns in groups.items()}
        for place, head in enumerate(HEADS):
            known, answers = answered(self.plan.dev, place)
            if not head.exclusive and known:
                said = outputs[place][known].numpy() > 0
                measured[head.name] = float(f1_by_label(np.array(answers) > 0.5, said).mean())
        return measured

    def outputs(self, examples: Sequence[Example]) -> list[Tensor]:
        """Every head's logits, texts × labels, in the order of the texts."""
        self.network.eval()
        rows = self._tokens(examples)
        answers = [torch.zeros((len(rows), len(head.labels))) for head in HEADS]
        for batch in pack([len(row) for row in rows], _PASS):
            ids, mask = padded([rows[place] for place in batch], self.filler)
            with torch.inference_mode():
                logits = self.network(ids.to(self.device), mask.to(self.device))
            for answer, given in zip(answers, logits, strict=True):
                answer[batch] = given.float().cpu()
        return answers

    def _keep(self, groups: dict[str, float]) -> None:
        best = self.plan.out / "best"
        self.network.save(best)
        self.tokenizer.save(str(best / "tokenizer.json"))
        settings = asdict(replace(self.plan, train=(), dev=()))
        rows = self.plan.train
        story = {"plan": settings, "rows": len(rows), "dev_macro_f1": groups} | lessons_in(rows)
        (best / STORY).write_text(json.dumps(story, default=str, indent=1), encoding="utf-8")

    def _store(self) -> None:
        """Writes the checkpoint beside the old one first: a kill while writing costs no progress."""
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "step": self.step,
            "measured": self.measured,
            "best": self.best,
            "total": self.total,
        }
        fresh = self.plan.out / (_CHECKPOINT + ".new")
        fresh.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, fresh)
        fresh.replace(self.plan.out / _CHECKPOINT)

    def _restore(self) -> None:
        path = self.plan.out / _CHECKPOINT
        if not path.exists():
            return
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        if state["total"] != self.total:
            raise TrainingError(
                f"{path}: belongs to a run of {state['total']} steps, this one has {self.total}; "
                "choose another --out, or give the data and settings of that run"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        self.step, self.measured, self.best = state["step"], state["measured"], state["best"]
        say(f"carrying on at step {self.step}")


def _head_loss(head: Head, logits: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Summed over texts and labels."""
    if head.exclusive:
        return nn.functional.cross_entropy(logits, wanted, weight=weights, reduction="sum")
    return nn.functional.binary_cross_entropy_with_logits(logits, wanted, pos_weight=weights, reduction="sum")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a command's progress
