"""sft.py says in one line what is wrong and writes nothing; --dry-run trains nothing."""

import json

import pytest
from helpers import (
    ARCHITECTURE,
    refusal,
    run,
    sft_line,
    start,
    write_config,
    write_gemma3,
    write_lines,
)


@pytest.fixture
def files(tmp_path):
    """A good configuration and good data, to be spoilt."""
    write_config(tmp_path / "config.yaml")
    write_lines(tmp_path / "data.jsonl", [sft_line(number) for number in range(8)])
    return tmp_path


def arguments(directory, *more, **changes):
    named = {
        "config": directory / "config.yaml",
        "data": directory / "data.jsonl",
        "output": directory / "out",
        **changes,
    }
    return [part for name, value in named.items() for part in (f"--{name}", value)] + list(more)


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["run", "dry run"])
@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"training": {"steps": "many"}}, "training.steps: Expected `int`, got `str`"),
        ({"training": {"pace": 1}}, "training: Object contains unknown field `pace`"),
        (
            {"model": {"directory": "/nowhere", "architecture": None}},
            "model.directory: no directory",
        ),
        ({"data": {"batch_size": 3}, "mesh": {"fsdp": 2}}, "data.batch_size: no multiple"),
    ],
)
def test_a_bad_configuration_is_named_by_file_and_field(files, sections, message, dry):
    path = write_config(files / "config.yaml", **sections)
    line = refusal("sft", *arguments(files, *dry))
    assert line.startswith(f"{path}: ")
    assert message in line
    assert not (files / "out").exists()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "the file holds no line"),
        (b"not json\n", "line 1: no JSON"),
        (b'GOOD\n{"prompts": "x"}\n', "line 2: prompts: no user's and model's turn"),
        (b'GOOD\n{"id": "x"}\n', "line 2: prompts: not a string"),
        (b"GOOD\nGOOD\n\xff\xfe\n", "line 3: not UTF-8"),
        (b'{"prompt": "x\\ud800", "response": "y"}', "line 1: prompt: a lone surrogate"),
    ],
)
@pytest.mark.parametrize("option", ["data", "eval-data"])
def test_bad_data_is_named_by_file_line_and_field(files, raw, message, option):
    path = files / "bad.jsonl"
    path.write_bytes(raw.replace(b"GOOD", json.dumps(sft_line(0)).encode()))
    line = refusal("sft", *arguments(files, **{option: path}))
    assert line.startswith(f"{path}: ")
    assert message in line
    assert not (files / "out").exists()


@pytest.mark.parametrize("option", ["config", "data", "eval-data", "manifest"])
def test_a_missing_file_is_named(files, option):
    path = files / "none"
    line = refusal("sft", *arguments(files, **{option: path}))
    assert line == f"{path}: No such file or directory"
    assert not (files / "out").exists()


@pytest.mark.parametrize(("text", "message"), [("{", "no JSON"), ("[]", "no JSON object")])
def test_a_broken_manifest_is_named(files, text, message):
    path = files / "manifest.json"
    path.write_text(text)
    assert refusal("sft", *arguments(files, manifest=path)) == f"{path}: {message}"


@pytest.mark.parametrize("option", ["data", "eval-data"])
def test_data_of_which_nothing_fits_is_refused(files, option):
    path = write_lines(files / "long.jsonl", [sft_line(0)])
    text = path.read_text().replace("Ones", "Ones " * 500)
    path.write_text(text)
    line = refusal("sft", *arguments(files, **{option: path}))
    assert line.startswith(f"{path}: every line is longer than data.max_length")
    assert not (files / "out").exists()


def test_what_is_too_long_is_left_out_and_said(files):
    lines = [sft_line(number) for number in range(8)]
    lines[3]["prompts"] = lines[3]["prompts"].replace("Ones", "Ones " * 200)
    write_lines(files / "data.jsonl", lines)
    shown = json.loads(run("sft", *arguments(files, "--dry-run"))[0])
    assert (shown["examples"], shown["too_long"]) == (7, 1)


def test_no_step_at_all_is_refused(files):
    assert refusal("sft", *arguments(files, "--max-steps", 0)) == "--max-steps: 0 is less than 1"


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["run", "dry run"])
@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"mesh": {"fsdp": 4}}, "mesh: 4 x 1 devices are wanted and 1 are there"),
        (
            {"model": {"architecture": {**ARCHITECTURE, "kv_heads": 1}}, "mesh": {"tp": 2}},
            "mesh: 1 x 2 devices are wanted and 1 are there",
        ),
    ],
)
def test_what_the_machine_cannot_do_is_refused_before_anything_is_written(
    files, sections, message, dry
):
    write_config(files / "config.yaml", **sections)
    assert refusal("sft", *arguments(files, *dry)) == message
    assert not (files / "out").exists()


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["run", "dry run"])
def test_a_broken_model_is_refused_before_anything_is_written(files, dry):
    model = files / "model"
    write_gemma3(model)
    (model / "model.safetensors").write_bytes(b"no weights")
    write_config(files / "config.yaml", model={"architecture": None, "directory": str(model)})
    line = refusal("sft", *arguments(files, *dry))
    assert line.startswith(f"{model / 'model.safetensors'}: no safetensors")
    assert not (files / "out").exists()


def test_a_dry_run_shows_what_would_run_and_writes_nothing(files):
    before = {path: path.stat().st_mtime_ns for path in files.rglob("*")}
    out, _ = run("sft", *arguments(files, "--dry-run", "--max-steps", 4), cwd=files)
    shown = json.loads(out)
    assert (shown["examples"], shown["steps"], shown["evaluation_examples"]) == (8, 4, 0)
    assert shown["padded_lengths"] == [max(shown["padded_lengths"])]
    assert shown["model"].items() >= ARCHITECTURE.items()
    assert 0 <= shown["padding_share"] < 0.2
    assert {path: path.stat().st_mtime_ns for path in files.rglob("*")} == before


def test_a_dry_run_says_what_is_missing_from_the_environment(files):
    """What a run would import is imported: here it finds a Tunix that is none."""
    (files / "tunix").mkdir()
    (files / "tunix" / "__init__.py").write_text("raise ImportError('no Tunix here')")
    process = start("sft", *arguments(files, "--dry-run"), environment={"PYTHONPATH": str(files)})
    _, err = process.communicate()
    assert process.returncode != 0
    assert "no Tunix here" in err


@pytest.mark.parametrize("kind", ["a file", "another directory"])
def test_what_is_no_run_is_not_written_over(files, kind):
    output = files / "out"
    if kind == "a file":
        output.write_text("mine")
    else:
        output.mkdir()
        (output / "mine.txt").write_text("mine")
    for resume in ([], ["--resume"]):
        line = refusal("sft", *arguments(files, *resume))
        assert line == f"{output}: holds something that is no run of this program"
    assert [p.read_text() for p in (output, output / "mine.txt") if p.is_file()] == ["mine"]


def test_a_run_is_not_written_over(runs, trained):
    before = {path: path.stat().st_mtime_ns for path in trained.directory.rglob("*")}
    line = refusal("sft", *runs.arguments("trained"), "--output", trained.directory)
    assert line.startswith(f"{trained.directory}: holds a run; give --resume")
    assert {path: path.stat().st_mtime_ns for path in trained.directory.rglob("*")} == before


def test_a_run_is_not_resumed_as_another(runs, trained, tmp_path):
    config, data = runs.config("trained"), runs.data("trained")
    other_data = tmp_path / "data.jsonl"
    other_data.write_bytes(data.read_bytes() + data.read_bytes().splitlines(keepends=True)[0])
    other_config = write_config(tmp_path / "config.yaml", training={"learning_rate": 0.5})
    before = {path: path.stat().st_mtime_ns for path in trained.directory.rglob("*")}
    for given, field in (
        (("--config", config, "--data", other_data), "data_sha256"),
        (("--config", other_config, "--data", data), "training_config"),
    ):
        line = refusal("sft", *given, "--output", trained.directory, "--resume")
        assert line.endswith(f"run_manifest.json: recipe.{field} differs: this is another run")
    assert {path: path.stat().st_mtime_ns for path in trained.directory.rglob("*")} == before


def test_unknown_arguments_are_refused(files):
    process = start("sft", *arguments(files, "--speed", "9"))
    _, err = process.communicate()
    assert process.returncode == 2
    assert "Traceback" not in err
    assert not (files / "out").exists()
