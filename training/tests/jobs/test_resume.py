"""A run that is killed and started again with --resume is the run that it would have been."""

import contextlib
import json
import shutil
import signal
import time

import numpy as np
import pytest
from helpers import refusal, run, start
from runs import RESUMED_CHECKPOINTS as CHECKPOINT_EVERY
from runs import RESUMED_STEPS as STEPS

DEADLINE_SECONDS = 240

pytestmark = pytest.mark.runs("whole")


@pytest.fixture
def whole(runs):
    """The run that nobody interrupts."""
    return runs("whole")


@pytest.fixture
def arguments(runs, tmp_path):
    return (*runs.arguments("whole"), "--output", tmp_path / "run")


def kill_when(arguments, happened):
    """Start a run and kill it as soon as `happened` says so."""
    process = start("sft", *arguments, "--resume")
    stop = time.monotonic() + DEADLINE_SECONDS
    try:
        while not happened() and process.poll() is None and time.monotonic() < stop:
            pass
    finally:
        process.kill()
        _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, f"it ended by itself: {err[-2000:]}"


def line_count(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def resume(arguments):
    run("sft", *arguments, "--resume")


def assert_same_run(directory, whole):
    lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, STEPS + 1))
    for field in ("loss", "eval_loss", "learning_rate"):
        mine = [line.get(field, 0) for line in lines]
        others = [line.get(field, 0) for line in whole.metrics]
        np.testing.assert_allclose(mine, others, rtol=1e-4, err_msg=field)
    result = json.loads((directory / "result.json").read_text())
    assert result["final_step"] == STEPS
    assert result["final_loss"] == pytest.approx(whole.result["final_loss"], rel=1e-4)
    assert result["eval_loss"] == pytest.approx(whole.result["eval_loss"], rel=1e-4)
    assert (directory / "checkpoints" / str(STEPS)).is_dir()
    return result


def test_killed_after_a_checkpoint_and_a_few_more_steps_and_again(arguments, tmp_path, whole):
    directory = tmp_path / "run"

    def reached(checkpoint):
        saved = (directory / "checkpoints" / str(checkpoint)).exists()
        return saved and line_count(directory / "metrics.jsonl") >= checkpoint + 3

    for checkpoint in (CHECKPOINT_EVERY, 3 * CHECKPOINT_EVERY):
        kill_when(arguments, lambda at=checkpoint: reached(at))
        assert checkpoint < line_count(directory / "metrics.jsonl") < STEPS
        with (directory / "metrics.jsonl").open("a") as file:
            file.write('{"step": 9')  # as of a write that the kill cut off
    resume(arguments)
    result = assert_same_run(directory, whole)
    assert 3 * CHECKPOINT_EVERY <= result["resumed_from"] < STEPS


def test_killed_before_the_first_checkpoint(arguments, tmp_path, whole):
    directory = tmp_path / "run"
    kill_when(arguments, lambda: line_count(directory / "metrics.jsonl") >= 2)
    assert not (directory / "checkpoints" / str(CHECKPOINT_EVERY)).exists()
    resume(arguments)
    assert assert_same_run(directory, whole)["resumed_from"] == 0


def test_killed_while_a_checkpoint_is_written(arguments, tmp_path, whole):
    directory = tmp_path / "run"

    def happened():
        with contextlib.suppress(FileNotFoundError):
            names = [path.name for path in (directory / "checkpoints").iterdir()]
            return any(not name.isdigit() for name in names)
        return False

    kill_when(arguments, happened)
    resume(arguments)
    assert_same_run(directory, whole)


def test_killed_as_soon_as_anything_is_written(arguments, tmp_path, whole):
    directory = tmp_path / "run"
    kill_when(arguments, directory.exists)
    resume(arguments)
    assert_same_run(directory, whole)


def test_killed_while_the_manifest_was_written(arguments, tmp_path, whole):
    """The state that such a kill leaves: a tokenizer cut off, and a manifest that is none yet."""
    directory = tmp_path / "run"
    (directory / "tokenizer").mkdir(parents=True)
    (directory / "tokenizer" / "words.json").write_text('["cut o')
    (directory / "run_manifest.json.part").write_text('{"run_id": "5')
    assert "no run of this program" in refusal("sft", *arguments)
    resume(arguments)
    assert_same_run(directory, whole)
    assert not list(directory.glob("*.part"))


def test_killed_before_the_result_was_written(arguments, tmp_path, whole):
    directory = shutil.copytree(whole.directory, tmp_path / "run")
    (directory / "result.json").unlink()
    resume(arguments)
    assert assert_same_run(directory, whole)["resumed_from"] == STEPS
