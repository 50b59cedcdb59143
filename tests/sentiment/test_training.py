"""From a base encoder to verdicts: training, stopping and going on, exporting, loading, judging."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment.examples import Example
from sentiment.onnx import EmbeddedClassifier
from tests.sentiment import tiny
from tests.sentiment.conftest import EPOCHS, Trained, command, need_torch


def test_a_trained_and_exported_model_judges_texts_it_has_not_seen(exported: Path) -> None:
    rows = tiny.texts(90, seed=3)
    verdicts = EmbeddedClassifier(exported).classify([row["text"] for row in rows])
    right = [verdict.sentiment == row["label"] for verdict, row in zip(verdicts, rows, strict=True)]
    assert np.mean(right) > 0.9


def test_an_exported_model_is_asked_for_by_its_folder(exported: Path) -> None:
    from sentiment import classifier
    from storage.configuration import SentimentSettings

    loaded = classifier.load(SentimentSettings(model=str(exported)))
    assert loaded.model_id == EmbeddedClassifier(exported).model_id


def test_themes_and_signals_come_from_the_same_pass(exported: Path) -> None:
    rows = tiny.texts(90, seed=3)
    verdicts = EmbeddedClassifier(exported).classify([row["text"] for row in rows])
    pairs = list(zip(verdicts, rows, strict=True))
    assert (
        np.mean([set(verdict.themes) == set(row["themes"]) for verdict, row in pairs]) > 0.6
    )  # guessing: a third
    assert np.mean([verdict.churn == row["churn"] for verdict, row in pairs]) > 0.9
    assert not any(verdict.escalation for verdict in verdicts)


def test_rounding_to_8_bits_hardly_moves_the_probabilities(trained: Trained, exported: Path) -> None:
    import torch

    from sentiment.network import Network, padded
    from sentiment.tokens import load_tokenizer
    from sentiment.windows import softmax

    texts = [row["text"] for row in tiny.texts(60, seed=4)]
    network = Network(trained.run / "best").eval()
    ids, mask = padded([row.ids for row in load_tokenizer(trained.base).encode_batch(texts)], 1)
    classifier = EmbeddedClassifier(exported)
    output = classifier.manifest.outputs[0]
    with torch.inference_mode():
        whole = softmax(network(ids, mask)[0].numpy(), output.temperature, output.offsets)
    small = [list(verdict.probabilities.values()) for verdict in classifier.classify(texts)]
    assert np.abs(whole - np.array(small)).mean() < 0.02


def test_exporting_says_what_rounding_to_8_bits_costs(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sentiment import export, manifest

    places = [
        "--run",
        str(trained.run / "best"),
        "--data",
        str(trained.data),
        "--out",
        str(tmp_path / "model"),
    ]
    assert export.main(places) == 0
    told = json.loads(capsys.readouterr().out)["macro_f1_in_32_and_8_bits"]
    assert set(told) == {"sentiment", "themes", "signals"}
    assert told["sentiment"] == pytest.approx([1, 1], abs=0.1)
    first = manifest.described(tmp_path / "model").outputs[0]
    assert sum(map(sum, first.confusion)) == 60
    assert 0 < first.sure_from < 1


def test_a_stopped_run_goes_on_to_the_same_network(trained: Trained, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    plan = plan_from(command(trained.base, trained.data, tmp_path / "run"))
    stopped = iter(Trainer(plan).run())
    next(stopped)
    next(stopped)
    del stopped
    left = list(Trainer(plan).run())
    whole, halved = (load_file(run / "best" / "model.safetensors") for run in (trained.run, plan.out))
    assert [measured.epoch for measured in left] == list(range(2, EPOCHS))
    assert all(np.allclose(whole[name], halved[name], atol=1e-4) for name in whole)


def test_a_run_killed_within_an_epoch_goes_on_to_the_same_network(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    plan = replace(plan_from(command(trained.base, trained.data, tmp_path / "run")), checkpoint_steps=2)
    killed = Trainer(plan)
    learn = killed.learn

    def learn_until_killed(batch: Sequence[Example]) -> float:
        if killed.step == 13:
            raise KeyboardInterrupt
        return learn(batch)

    monkeypatch.setattr(killed, "learn", learn_until_killed)
    with pytest.raises(KeyboardInterrupt):
        list(killed.run())
    list(Trainer(plan).run())
    whole, halved = (load_file(run / "best" / "model.safetensors") for run in (trained.run, plan.out))
    assert all(np.allclose(whole[name], halved[name], atol=1e-4) for name in whole)


def test_word_dropout_leaves_out_other_tokens_each_time_and_none_when_measuring(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment.network import padded
    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    asked = [*command(trained.base, trained.data, tmp_path / "run"), "--word-dropout", "0.3"]
    trainer = Trainer(plan_from(asked))
    batch = [replace(trainer.batches(0)[0][0], text="een twee drie vier vijf zes zeven acht " * 10)] * 20
    short = [replace(batch[0], text="niet goed")] * 20
    whole = trainer._tokens(batch)[0]
    read: list[list[list[int]]] = []

    def watched(rows: list[list[int]], filler: int) -> Any:
        read.append(rows)
        return padded(rows, filler)

    monkeypatch.setattr("sentiment.trainer.padded", watched)
    trainer.learn(batch)
    trainer.learn(short)
    trainer.outputs(batch[:1])
    thinned, untouched, measured = read
    assert len({tuple(row) for row in thinned}) == len(batch)
    assert {(row[0], row[-1]) for row in thinned} == {(whole[0], whole[-1])}
    assert np.mean([len(row) for row in thinned]) == pytest.approx(0.7 * len(whole), rel=0.1)
    assert untouched == trainer._tokens(short)
    assert measured == [whole]


def test_the_embeddings_of_words_that_enough_texts_hold_move_and_no_others(
    trained: Trained, tmp_path: Path
) -> None:
    import torch

    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    rare = tiny.texts(1, seed=5)[0] | {"text": "de traag"}
    often = [rare | {"text": f"het kapot {number}"} for number in range(3)]
    tiny.write_lines(tmp_path / "train.jsonl", [rare, *often])
    shutil.copy(trained.data / "dev.jsonl", tmp_path)
    asked = command(trained.base, tmp_path, tmp_path / "run")

    def moved(*further: str) -> set[str]:
        trainer = Trainer(plan_from([*asked, *further]))
        words = trainer.network.bert.embeddings.word_embeddings.weight
        before = words.detach().clone()
        for batch in trainer.batches(0):
            trainer.learn(batch)
        changed = (words != before).any(dim=1)
        return {str(trainer.tokenizer.id_to_token(place)) for place in torch.nonzero(changed).flatten()}

    assert moved() == set()
    assert moved("--words-from", "3") == {"<s>", "</s>", "<unk>", "het", "kapot"}
    assert moved("--words-from", "1") >= {"de", "traag", "het", "kapot"}


def test_a_checkpoint_of_other_data_is_refused(trained: Trained, tmp_path: Path) -> None:
    from sentiment import train

    shutil.copytree(trained.run, tmp_path / "run")
    assert train.main(command(trained.base, trained.data, tmp_path / "run", epochs=7)) == 2


def test_a_record_that_cannot_be_used_is_named(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sentiment import train

    data = tiny.make_data(tmp_path / "data")
    with (data / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"text": "hoe dan", "label": "boos"}) + "\n")
    assert train.main(command(trained.base, data, tmp_path / "run")) == 2
    assert f"{data / 'train.jsonl'}:241" in capsys.readouterr().err


@pytest.mark.parametrize("empty", ["train.jsonl", "dev.jsonl"])
def test_a_set_without_texts_is_refused(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str], empty: str
) -> None:
    from sentiment import train

    data = tiny.make_data(tmp_path / "data")
    tiny.write_lines(data / empty, [])
    assert train.main(command(trained.base, data, tmp_path / "run")) == 2
    assert f"{data / empty}: holds no" in capsys.readouterr().err


def test_a_folder_without_a_model_is_refused(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sentiment import train

    assert train.main(command(tmp_path, trained.data, tmp_path / "run")) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_the_best_network_loads_as_any_transformers_model(trained: Trained) -> None:
    from transformers import BertForSequenceClassification

    model: Any = BertForSequenceClassification.from_pretrained(trained.run / "best")
    assert list(model.config.id2label.values()) == ["negative", "neutral", "positive"]


def test_the_exported_file_is_the_same_every_time(trained: Trained, exported: Path, tmp_path: Path) -> None:
    from sentiment import export, manifest

    places = ["--run", str(trained.run / "best"), "--data", str(trained.data), "--out", str(tmp_path)]
    assert export.main(places) == 0
    assert manifest.read(tmp_path).files == manifest.read(exported).files


def test_exporting_what_is_no_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_torch()
    from sentiment import export

    data = tiny.make_data(tmp_path / "data")
    status = export.main(["--run", str(tmp_path), "--data", str(data), "--out", str(tmp_path / "out")])
    assert (status, str(tmp_path) in capsys.readouterr().err) == (2, True)


def test_the_restored_network_says_what_the_embedded_model_says(exported: Path) -> None:
    import torch
    from tokenizers import Tokenizer

    from sentiment import manifest, restore
    from sentiment.windows import softmax

    tokenizer = Tokenizer.from_file(str(exported / manifest.TOKENIZER))
    ids = torch.tensor([tokenizer.encode("ik was blij met dit top").ids])
    network = restore.network(exported / manifest.MODEL)
    with torch.inference_mode():
        logits = network(input_ids=ids).logits.numpy()
    verdict = EmbeddedClassifier(exported).classify(["ik was blij met dit top"])[0]
    output = manifest.read(exported).outputs[0]
    (given,) = softmax(logits, output.temperature, output.offsets)
    assert np.abs(given - list(verdict.probabilities.values())).max() < 0.03


def test_speed_is_measured_against_the_same_weights(exported: Path) -> None:
    from tests.bench import scoring

    found = scoring.measure(mentions=4, rounds=1, folder=exported, width=24)
    assert found.ratio == pytest.approx(found.embedded / found.pipeline)
    assert found.large_ratio == pytest.approx(found.embedded / found.large)


def test_texts_of_one_length_share_a_batch_and_none_is_left_out(trained: Trained, tmp_path: Path) -> None:
    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    trainer = Trainer(plan_from(command(trained.base, trained.data, tmp_path / "run")))
    batches = trainer.batches(0)
    spread = [max(len(row.text) for row in batch) - min(len(row.text) for row in batch) for batch in batches]
    assert sum(len(batch) for batch in batches) == 240
    assert np.mean(spread) < 20


def test_a_batch_of_long_texts_is_learnt_in_parts_that_add_up(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment import trainer as module
    from sentiment.train import plan_from

    trainer = module.Trainer(plan_from(command(trained.base, trained.data, tmp_path / "run")))
    batch = trainer.batches(0)[0]
    # A head that some texts do not answer has a mean of its own.
    batch = [replace(row, targets=(*row.targets[:1], None, None)) for row in batch[:5]] + batch[5:]
    trainer.network.eval()
    rows = trainer._tokens(batch)
    whole = float(trainer.loss(batch, rows, batch).detach())
    monkeypatch.setattr(module, "_PASS", 40)
    seen: list[Sequence[Example]] = []
    loss = trainer.loss

    def watched(part: Sequence[Example], rows: Sequence[Sequence[int]], batch: Sequence[Example]) -> Any:
        seen.append(part)
        return loss(part, rows, batch)

    monkeypatch.setattr(trainer, "loss", watched)
    monkeypatch.setattr(trainer.network, "train", lambda: None)  # so that chance leaves nothing out
    monkeypatch.setattr(trainer.optimizer, "step", lambda: None)
    monkeypatch.setattr(trainer.optimizer, "zero_grad", lambda set_to_none: None)
    monkeypatch.setattr("torch.nn.utils.clip_grad_norm_", lambda *rest: None)
    assert trainer.learn(batch) == pytest.approx(whole, rel=0.02)
    head: Any = trainer.network.heads["sentiment"].weight
    together, head.grad = head.grad.clone(), None
    whole_loss: Any = loss(batch, rows, batch)
    whole_loss.backward()
    assert float((together - head.grad).norm() / head.grad.norm()) < 0.05
    assert sorted(row.text for part in seen for row in part) == sorted(row.text for row in batch)
    longest = [max(len(row.text.split()) + 2 for row in part) for part in seen]
    assert all(len(part) * most <= 40 for part, most in zip(seen, longest, strict=True))


def test_a_text_is_read_as_far_as_the_encoder_has_positions(trained: Trained, tmp_path: Path) -> None:
    from sentiment.export import Trained as Exported
    from sentiment.network import Network
    from sentiment.windows import LONGEST, WINDOW

    best = trained.run / "best"
    assert Network(best).window == 384 < LONGEST
    assert Exported.read(best).window == WINDOW
    short = shutil.copytree(best, tmp_path / "short")
    config = json.loads((short / "config.json").read_text(encoding="utf-8"))
    config["max_position_embeddings"] = 100
    (short / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert Exported.read(short).window == 100


def test_translated_texts_are_seen_in_the_first_epochs_only(trained: Trained, tmp_path: Path) -> None:
    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    data = shutil.copytree(trained.data, tmp_path / "data")
    tiny.write_lines(
        data / "train_translated.jsonl", [{"text": "vertaald", "label": "neutral", "source": "mt"}]
    )
    words = [*command(trained.base, data, tmp_path / "run", epochs=3), "--translated-epochs", "2"]
    trainer = Trainer(plan_from(words))
    seen = [{row.source for batch in trainer.batches(epoch) for row in batch} for epoch in range(3)]
    assert ["mt" in sources for sources in seen] == [True, True, False]


def test_labels_that_answer_another_question_do_not_choose_the_network(
    trained: Trained, tmp_path: Path
) -> None:
    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    plan = plan_from(command(trained.base, trained.data, tmp_path / "run"))
    before = Trainer(plan).measure()
    tone = tuple(replace(row, source="ecosent_headlines") for row in plan.dev)
    assert Trainer(replace(plan, dev=plan.dev + tone)).measure() == before


def test_what_starts_fresh_learns_faster_than_the_encoder(trained: Trained, tmp_path: Path) -> None:
    from sentiment.train import plan_from
    from sentiment.trainer import FRESH, Trainer

    trainer = Trainer(plan_from(command(trained.base, trained.data, tmp_path / "run")))
    top = {id(weight): group["top"] for group in trainer.optimizer.param_groups for weight in group["params"]}
    for name, weight in trainer.network.named_parameters():
        fresh = name.startswith(("heads.", "bert.pooler."))
        expected = trainer.plan.rate * (FRESH if fresh else 1.0)
        assert not weight.requires_grad or top[id(weight)] == expected, name


def test_averaged_networks_lie_halfway(trained: Trained, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    from sentiment import average

    one, other, out = trained.run / "best", tmp_path / "other", tmp_path / "mean"
    shutil.copytree(one, other)
    weights = load_file(one / average.WEIGHTS)
    save_file({name: value + 1 for name, value in weights.items()}, other / average.WEIGHTS)
    assert average.main([str(one), str(other), "--out", str(out)]) == 0
    mean = load_file(out / average.WEIGHTS)
    assert all(np.allclose(mean[name], value + 0.5) for name, value in weights.items())
    tiny.make_base(tmp_path / "bare")
    assert average.main([str(one), str(tmp_path / "bare"), "--out", str(out)]) == 2
    (other / "config.json").unlink()
    assert average.main([str(other), str(one), "--out", str(out)]) == 2


def test_a_head_is_averaged_over_those_that_were_taught_it(trained: Trained, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    from sentiment import average
    from sentiment.lessons import STORY, lessons_of

    one, other, out = trained.run / "best", tmp_path / "other", tmp_path / "mean"
    shutil.copytree(one, other)
    weights = load_file(one / average.WEIGHTS)
    save_file({name: value + 1 for name, value in weights.items()}, other / average.WEIGHTS)
    (other / STORY).write_text(json.dumps({"taught": {"sentiment": ["boeken"]}}), encoding="utf-8")
    assert average.main([str(one), str(other), "--out", str(out)]) == 0
    mean = load_file(out / average.WEIGHTS)
    for name in weights:
        moved = 0.0 if name.startswith(("heads.themes", "heads.signals")) else 0.5
        assert np.allclose(mean[name], weights[name] + moved), name
    known = lessons_of(out)
    assert known.hold("themes", "bron-0")
    assert known.hold("sentiment", "boeken")
    assert average.main([str(other), str(other), "--out", str(out)]) == 0
    assert not lessons_of(out).hold("themes")
    (other / STORY).write_text(json.dumps({"taught": {"themes": ["boeken"]}}), encoding="utf-8")
    assert average.main([str(one), str(other), "--out", str(out)]) == 0
    mean = load_file(out / average.WEIGHTS)
    assert np.allclose(mean["classifier.weight"], weights["classifier.weight"])
    assert np.allclose(mean["bert.pooler.dense.weight"], weights["bert.pooler.dense.weight"] + 0.5)
    (other / STORY).write_text("[]", encoding="utf-8")
    assert average.main([str(one), str(other), "--out", str(out)]) == 2


def test_teachers_answer_for_part_of_a_label_and_for_all_of_a_missing_one(
    trained: Trained, tmp_path: Path
) -> None:
    from sentiment.train import plan_from

    data = tmp_path / "data"
    data.mkdir()
    told, untold = tiny.texts(2, seed=5)
    tiny.write_lines(data / "train.jsonl", [told, {key: untold[key] for key in ("text", "source")}])
    tiny.write_lines(data / "dev.jsonl", [told])
    teacher = ["--teachers", str(trained.run / "best")]
    plan = plan_from([*command(trained.base, data, tmp_path / "run"), *teacher])
    known, unknown = plan.train
    assert known.targets[0] is not None
    assert unknown.targets[0] is not None
    assert 0.5 < known.targets[0][0] < 1.0  # a complaint, and half of it the teacher's doubt
    assert unknown.targets[0][1] > 0.5  # the teacher recognises a neutral text
    assert sum(unknown.targets[0]) == pytest.approx(1.0)
    assert plan.dev[0].targets[0] == (1.0, 0.0, 0.0)


def test_a_teacher_has_no_say_on_what_it_was_not_taught(trained: Trained, tmp_path: Path) -> None:
    from sentiment import train
    from sentiment.lessons import lessons_of
    from sentiment.train import plan_from

    reviews = tmp_path / "reviews"
    reviews.mkdir()
    rows = [{key: row[key] for key in ("text", "label")} | {"source": "boeken"} for row in tiny.texts(9, 5)]
    tiny.write_lines(reviews / "train.jsonl", rows)
    tiny.write_lines(reviews / "dev.jsonl", rows)
    assert train.main(command(trained.run / "best", reviews, tmp_path / "narrow", epochs=1)) == 0
    narrow = tmp_path / "narrow" / "best"
    assert lessons_of(narrow).hold("sentiment", "boeken")
    assert not lessons_of(narrow).hold("sentiment", "bron-0")
    assert not lessons_of(narrow).hold("themes")

    data = tmp_path / "data"
    data.mkdir()
    other, bare = tiny.texts(2, seed=6)
    tiny.write_lines(data / "train.jsonl", [rows[0], other, {"text": bare["text"], "source": "bron-1"}])
    tiny.write_lines(data / "dev.jsonl", [other])
    asked = command(trained.base, data, tmp_path / "run")
    plain = plan_from(asked).train
    review, complaint, unlabelled = plan_from([*asked, "--teachers", str(narrow)]).train
    assert review.targets[0] != plain[0].targets[0]
    assert review.targets[1:] == (None, None)
    assert complaint.targets == plain[1].targets
    assert unlabelled.targets[0] is not None
    assert unlabelled.targets[1:] == (None, None)

    asked += ["--teachers", str(narrow), "--teachers-also", complaint.source]
    assert plan_from(asked).train[1].targets[0] != plain[1].targets[0]


@pytest.mark.parametrize(("source", "heard"), [("written", False), ("sterren", True)])
def test_a_teacher_who_contradicts_a_label_read_twice_is_not_heard(
    trained: Trained, tmp_path: Path, source: str, heard: bool
) -> None:
    from sentiment.train import plan_from

    data = tmp_path / "data"
    data.mkdir()
    complaint = tiny.texts(1, seed=5)[0] | {"source": source}
    praised = complaint | {"label": "positive"}
    tiny.write_lines(data / "train.jsonl", [complaint, praised])
    tiny.write_lines(data / "dev.jsonl", [complaint])
    asked = [*command(trained.base, data, tmp_path / "run"), "--teachers", str(trained.run / "best")]
    agreed, contradicted = plan_from([*asked, "--teachers-also", source]).train

    assert agreed.targets[0] not in (None, (1.0, 0.0, 0.0))
    assert (contradicted.targets[0] != (0.0, 0.0, 1.0)) is heard


def test_what_weighing_gave_a_rare_label_is_not_taught(trained: Trained, tmp_path: Path) -> None:
    from sentiment.train import plan_from
    from sentiment.trainer import Trainer
    from sentiment.windows import softmax

    data = tmp_path / "data"
    data.mkdir()
    *told, untold = tiny.texts(31, seed=5)
    rare = [row for row in told if row["label"] != "negative"] + [
        row for row in told if row["label"] == "negative"
    ][:1]
    tiny.write_lines(data / "train.jsonl", [*rare, {key: untold[key] for key in ("text", "source")}])
    tiny.write_lines(data / "dev.jsonl", told)
    teacher = trained.run / "best"
    asked = command(teacher, data, tmp_path / "run")
    said = softmax(Trainer(plan_from(asked)).outputs(plan_from(asked).train)[0].numpy())[-1]
    taught = plan_from([*asked, "--teachers", str(teacher)]).train[-1].targets[0]
    assert taught is not None
    assert taught[0] / taught[1] < 0.9 * said[0] / said[1]


def test_a_teacher_without_a_network_is_refused(trained: Trained, tmp_path: Path) -> None:
    from sentiment.errors import TrainingError
    from sentiment.train import plan_from

    with pytest.raises(TrainingError, match="no tokenizer can be read"):
        plan_from([*command(trained.base, trained.data, tmp_path / "run"), "--teachers", str(tmp_path)])


def test_an_exported_model_can_be_trained_further(trained: Trained, exported: Path, tmp_path: Path) -> None:
    from sentiment import restore
    from sentiment.train import plan_from
    from sentiment.trainer import Trainer

    assert restore.main(["--model", str(exported), "--out", str(tmp_path / "base")]) == 0
    trainer = Trainer(plan_from(command(tmp_path / "base", trained.data, tmp_path / "run", epochs=1)))
    measured = trainer.measure()
    assert measured["reviews"] > 0.9
    assert measured["signals"] > 0.6  # two of three: nobody escalates in these texts


def test_a_damaged_model_is_not_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_torch()
    from sentiment import restore

    assert restore.main(["--model", str(tmp_path), "--out", str(tmp_path / "base")]) == 2
    assert str(tmp_path) in capsys.readouterr().err
