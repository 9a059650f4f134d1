"""sft.py: what a run writes, what decides its numbers, and the models and tokenizers it trains."""

import hashlib
import re
import shutil
import uuid
from datetime import datetime

import pytest
from helpers import ARCHITECTURE, read_json, run
from runs import Run


def test_the_manifest_says_with_what_the_run_was_made(runs, trained):
    manifest = trained.manifest
    uuid.UUID(manifest["run_id"])
    assert datetime.fromisoformat(manifest["created_at"]).tzinfo is not None
    assert (manifest["dataset_key"], manifest["content_digest"]) == ("sums-1", "abc")
    raw = runs.data("trained").read_bytes()
    assert manifest["data_sha256"] == hashlib.sha256(raw).hexdigest()
    assert manifest["training_config"]["training"]["steps"] == 6
    assert manifest["training_config"]["training"]["b2"] == 0.98  # defaults are written out
    assert manifest["model_config"].items() >= {"family": "gemma3", **ARCHITECTURE}.items()
    assert manifest["prompt_template"] == "gemma"
    assert manifest["seed"] == 0
    assert re.fullmatch(r"[0-9a-f]{40}", manifest["git_sha"] or "0" * 40)
    assert {"google-tunix", "jax", "flax", "optax"} <= manifest["packages"].keys()
    assert manifest["device"] == {"platform": "cpu", "kind": "cpu", "count": 1}
    recipe = manifest["recipe"]
    assert recipe["data_format"] == "tunix_sft"
    for field in ("dataset_key", "data_sha256", "training_config", "prompt_template", "seed"):
        assert recipe[field] == manifest[field]


def test_there_is_a_line_of_metrics_for_every_step(trained):
    assert [line["step"] for line in trained.metrics] == [1, 2, 3, 4, 5, 6]
    for line in trained.metrics:
        assert line["loss"] > 0
        assert line["tokens_per_second"] > 0
    rates = [line["learning_rate"] for line in trained.metrics]
    assert rates == pytest.approx([0, 0.0015, 0.003, 0.002265, 0.000795, 0.00006], rel=1e-3)


def test_the_loss_on_held_out_examples_is_taken_during_training(trained):
    taken = {line["step"]: line["eval_loss"] for line in trained.metrics if "eval_loss" in line}
    assert list(taken) == [3, 6]
    assert taken[6] < taken[3] < trained.losses[0]
    assert trained.result["eval_loss"] == taken[6]


def test_the_result_sums_the_run_up(trained):
    result = trained.result
    assert (result["examples"], result["evaluation_examples"], result["too_long"]) == (24, 6, 0)
    assert (result["final_step"], result["resumed_from"], result["steps"]) == (6, 0, 6)
    assert result["first_loss"] == trained.losses[0]
    assert result["final_loss"] == trained.losses[-1] < trained.losses[0]
    assert result["tokens"] == result["trained_tokens"]  # six batches of four are one epoch
    assert result["parameters"] == result["trainable_parameters"] > 10_000
    assert result["seconds"] > 0


def test_checkpoints_and_tokenizer_are_kept(trained):
    kept = {path.name for path in (trained.directory / "checkpoints").iterdir()}
    assert kept == {"4", "6"}
    assert isinstance(read_json(trained.directory / "tokenizer" / "words.json"), list)
    assert {path.name for path in trained.directory.iterdir()} == {
        "checkpoints",
        "loss.png",
        "metrics.jsonl",
        "result.json",
        "run_manifest.json",
        "tokenizer",
    }


def test_progress_is_shown_with_loss_and_speed(trained):
    assert re.search(
        rf"training: 6/6 .*loss {trained.losses[-1]:.4f}, [\d,]+ tokens/s", trained.said
    )


@pytest.mark.runs("again", "other seed")
def test_the_same_seed_gives_the_same_losses_and_another_others(runs, trained):
    assert runs("again").losses == trained.losses
    assert runs("again").manifest["run_id"] != trained.manifest["run_id"]
    assert runs("other seed").manifest["seed"] == 1
    assert not set(runs("other seed").losses) & set(trained.losses)


@pytest.mark.runs("decayed")
def test_weight_decay_changes_the_run_from_its_first_update_on(runs, trained):
    losses = runs("decayed").losses
    assert losses[:2] == pytest.approx(trained.losses[:2], rel=1e-6)  # the first rate is 0
    for mine, other in zip(losses[2:], trained.losses[2:], strict=True):
        assert mine != pytest.approx(other, rel=1e-3)


@pytest.mark.runs("accumulated")
def test_accumulated_batches_train_like_one_large_batch(runs, trained):
    accumulated = runs("accumulated")
    assert accumulated.losses == pytest.approx(trained.losses, rel=1e-4)
    assert accumulated.result["eval_loss"] == pytest.approx(trained.result["eval_loss"], rel=1e-4)
    assert len(accumulated.metrics) == 6
    assert accumulated.result["trained_tokens"] == trained.result["trained_tokens"]


@pytest.mark.runs("short")
def test_the_shortest_run_of_a_batch_larger_than_the_data(runs):
    short = runs("short")
    assert [line["learning_rate"] for line in short.metrics] == pytest.approx([0.003])
    assert short.result["eval_loss"] < short.losses[0]  # the one update has helped
    assert [path.name for path in (short.directory / "checkpoints").iterdir()] == ["1"]


def test_training_can_stop_early_and_go_on(runs, trained, tmp_path):
    output = tmp_path / "run"
    given = (*runs.arguments("trained"), "--output", output)
    part = Run(output, run("sft", *given, "--max-steps", 3)[1])
    assert part.losses == trained.losses[:3]
    assert part.result["final_step"] == 3
    whole = Run(output, run("sft", *given, "--resume")[1])
    assert whole.losses == pytest.approx(trained.losses, rel=1e-5)
    assert (whole.result["resumed_from"], whole.result["final_step"]) == (3, 6)
    assert whole.result["first_loss"] == trained.losses[0]
    assert whole.manifest == part.manifest


def test_a_finished_run_that_is_resumed_stays_as_it_is(runs, trained, tmp_path):
    output = shutil.copytree(trained.directory, tmp_path / "run")
    again = Run(output, run("sft", *runs.arguments("trained"), "--output", output, "--resume")[1])
    assert again.metrics == trained.metrics
    for field in ("final_step", "first_loss", "final_loss", "eval_loss"):
        assert again.result[field] == trained.result[field]
    assert again.result["trained_tokens"] == 0


def size_of(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


@pytest.mark.runs("lora")
def test_lora_trains_and_saves_its_own_parameters_alone(runs, trained):
    lora = runs("lora")
    assert lora.losses[0] == pytest.approx(trained.losses[0], rel=1e-5)
    assert lora.losses[-1] < lora.losses[0]
    added = lora.result["parameters"] - trained.result["parameters"]
    assert 0 < lora.result["trainable_parameters"] == added
    saved, full = (size_of(one.directory / "checkpoints" / "6") for one in (lora, trained))
    assert saved < full / 2


@pytest.mark.runs("gemma3", "gemma3 lora", "qwen3", "qwen3 lora")
@pytest.mark.parametrize("lora", ["", " lora"], ids=["full", "LoRA"])
@pytest.mark.parametrize(("family", "template"), [("gemma3", "gemma"), ("qwen3", "chatml")])
def test_a_directorys_model_is_trained(runs, family, lora, template):
    done = runs(f"{family}{lora}")
    assert done.losses[-1] < done.losses[0]
    assert done.manifest["model_config"]["family"] == family
    assert done.manifest["prompt_template"] == template
    assert (done.directory / "tokenizer" / "tokenizer.json").exists()
    trained, there = done.result["trainable_parameters"], done.result["parameters"]
    assert trained < there / 2 if lora else trained == there


@pytest.mark.runs("gemma3", "gemma3 lora")
def test_both_formats_of_data_are_trained_on(runs):
    formats = [runs(name).manifest["recipe"]["data_format"] for name in ("gemma3", "gemma3 lora")]
    assert formats == ["training_example", "tunix_sft"]


@pytest.mark.runs("piece")
def test_a_sentencepiece_model_is_used_and_kept(runs):
    done = runs("piece")
    kept = done.directory / "tokenizer" / "tokenizer.model"
    assert kept.read_bytes() == (runs.directory("piece") / "piece.model").read_bytes()
    assert done.losses[-1] < done.losses[0]


@pytest.mark.runs("bytes in half precision")
def test_bytes_alone_are_a_tokenizer_and_half_precision_stays_finite(runs):
    done = runs("bytes in half precision")
    assert read_json(done.directory / "tokenizer" / "words.json") == []
    assert done.result["vocabulary"] == 262
    assert done.losses[-1] < done.losses[0]
