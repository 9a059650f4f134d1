"""bundle.zip of splits without rows, or of names that are nearly the same: what trains on which."""

import io
import json
import os
import subprocess
import zipfile

import pytest
import yaml

from datasets.tests.factories import DatasetFactory
from datasets.tests.test_bundle import bundle, unzipped
from datasets.tests.test_export_library import TRAINING_PYTHON, needs_the_library
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

PROGRAM = """\
import json, sys, datasets
loaded = {name: datasets.load_dataset(sys.argv[1], name) for name in sys.argv[2:]}
print(json.dumps({name: {one: len(rows[one]) for one in rows} for name, rows in loaded.items()}))
"""
EMPTY = {"train": 0.999999, "validation": 0.000001}
ALIKE = {"train": 0.5, "all": 0.25, "TRAIN": 0.25}


def dataset_of(splits, traces=12):
    for number in range(traces):
        TraceFactory(prompt=f"What is {number}+7?", meta={"reference_answer": str(number + 7)})
    return DatasetFactory(recipe__seed=1, recipe__splits=splits)


def head(files) -> dict[str, list[dict[str, str]]]:
    """Give the files that loaders read, by config."""
    configs = yaml.safe_load(files["README.md"].decode().split("---\n")[1])["configs"]
    return {one["config_name"]: one["data_files"] for one in configs}


def named(files) -> set[str]:
    """Give the splits of the files that trainers read."""
    paths = [
        yaml.safe_load(files[name])["datasets"][0].get(key, "")
        for name, key in (
            ("trl-sft.yaml", "data_files"),
            ("trl-grpo.yaml", "data_files"),
            ("axolotl.yaml", "path"),
        )
    ]
    told = json.loads(files["manifest.json"])["files"]
    return {name.split(".")[1] for name in paths + [f["name"] for f in told if f["trained_on"]]}


def test_a_split_without_rows_is_none_to_loaders_and_trainers(reader):
    files = unzipped(bundle(reader, dataset_of(EMPTY)))
    assert files["chat.validation.jsonl"] == b""
    assert head(files)["chat"] == [{"split": "train", "path": "chat.train.jsonl"}]
    assert "prompt_completion.validation" not in json.loads(files["dataset_info.json"])
    assert "test_datasets" not in yaml.safe_load(files["axolotl.yaml"])
    assert named(files) == {"train"}


@needs_the_library
@pytest.mark.parametrize(
    ("splits", "counts"),
    [(EMPTY, {"train": 12}), (ALIKE, None)],
)
def test_the_library_loads_the_folder_whole(reader, tmp_path, splits, counts):
    dataset = dataset_of(splits)
    with zipfile.ZipFile(io.BytesIO(bundle(reader, dataset))) as archive:
        archive.extractall(tmp_path / "bundle")
    told = json.loads((tmp_path / "bundle" / "manifest.json").read_text())["files"]
    formats = list(dict.fromkeys(one["format"] for one in told))
    program = tmp_path / "load.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [TRAINING_PYTHON, program, tmp_path / "bundle", *formats],
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert loaded == {
        fmt: {
            one["name"].split(".")[1]: one["row_count"]
            for one in told
            if one["format"] == fmt and one["row_count"]
        }
        for fmt in formats
    }
    assert counts is None or all(rows == counts for rows in loaded.values())


def test_all_train_on_the_split_that_is_called_so(reader):
    files = unzipped(bundle(reader, dataset_of(ALIKE)))
    told = {one["split"]: one["name"] for one in json.loads(files["manifest.json"])["files"][:3]}
    assert told == {
        "train": "chat.train.jsonl",
        "all": "chat.all_2.jsonl",
        "TRAIN": "chat.TRAIN_2.jsonl",
    }
    assert named(files) == {"train"}


@pytest.mark.parametrize(
    ("splits", "trained"),
    [
        ({"rest": 0.2, "most": 0.8}, "most"),
        ({"test": 0.8, "rest": 0.2}, "rest"),
        ({"most": 0.8, "Training": 0.2}, "Training"),
        ({"TRAIN": 0.8, "train": 0.2}, "train"),
        ({"train": 0.000001, "rest": 0.999999}, "rest"),
    ],
)
def test_without_rows_called_so_they_train_on_the_largest_that_is_not_held_out(
    reader, splits, trained
):
    assert named(unzipped(bundle(reader, dataset_of(splits, traces=40)))) == {trained}


def test_nothing_trains_on_what_is_held_out(reader):
    files = unzipped(bundle(reader, dataset_of({"test": 0.5, "Validation": 0.5})))
    assert {name for name in files if name.endswith((".yaml", "rewards.py"))} == set()
    assert {one["split"] for one in head(files)["chat"]} == {"test", "Validation"}
    assert not any(one["trained_on"] for one in json.loads(files["manifest.json"])["files"])
