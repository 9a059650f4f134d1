"""Several devices: the same run, whatever the mesh."""

import pytest
from helpers import ARCHITECTURE, read_lines, refusal, run, write_config
from runs import TWO_DEVICES, Run


@pytest.mark.runs("tp")
def test_two_devices_train_like_one(runs, trained):
    done = runs("tp")
    assert done.losses == pytest.approx(trained.losses, rel=1e-4)
    assert done.manifest["device"]["count"] == 2


@pytest.mark.runs("lora", "lora on two")
def test_lora_on_two_devices_trains_like_on_one(runs):
    assert runs("lora on two").losses == pytest.approx(runs("lora").losses, rel=1e-4)


def test_a_run_begun_on_one_device_goes_on_and_answers_on_two(runs, trained, eval_set, tmp_path):
    output = tmp_path / "run"
    run("sft", *runs.arguments("trained"), "--output", output, "--max-steps", 4)
    config = write_config(tmp_path / "two.yaml", mesh={"fsdp": 2})
    given = (*runs.arguments("trained"), "--config", config, "--output", output, "--resume")
    moved = Run(output, run("sft", *given, environment=TWO_DEVICES)[1])
    assert moved.result["resumed_from"] == 4
    assert moved.losses == pytest.approx(trained.losses, rel=1e-4)
    assert moved.result["eval_loss"] == pytest.approx(trained.result["eval_loss"], rel=1e-4)
    asked = ("--model", output, "--eval-set", eval_set, "--max-examples", 3)
    two, one = tmp_path / "two.jsonl", tmp_path / "one.jsonl"
    run("generate", *asked, "--config", config, "--output", two, environment=TWO_DEVICES)
    run("generate", *asked, "--config", runs.config("trained"), "--output", one)
    assert read_lines(two) == read_lines(one)


def test_a_model_that_does_not_divide_is_refused_before_anything_is_written(runs, tmp_path):
    architecture = {**ARCHITECTURE, "kv_heads": 1}
    path = write_config(tmp_path / "c.yaml", model={"architecture": architecture}, mesh={"tp": 2})
    arguments = ("--config", path, "--data", runs.data("again"), "--output", tmp_path / "out")
    line = refusal("sft", *arguments, environment=TWO_DEVICES)
    assert line == "mesh: the model's kv_heads, 1, does not divide among 1 x 2 devices"
    assert not (tmp_path / "out").exists()
