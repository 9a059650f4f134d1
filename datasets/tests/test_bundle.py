"""bundle.zip: what is in it, which formats and answers, and that its bytes last."""

import hashlib
import io
import json
import zipfile

import pytest
import yaml

from datasets.bundle.files import BUNDLED
from datasets.bundle.texts import template
from datasets.tests.exporting import EVERY_LINES, export
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from evalsets.tests.factories import EvalSetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def url_of(dataset) -> str:
    return f"/api/datasets/{dataset.key}/bundle.zip"


def bundle(client, dataset, **query) -> bytes:
    response = client.get(url_of(dataset), query)
    assert response.status_code == 200, response.content
    return response.getvalue()


def unzipped(body: bytes) -> dict[str, bytes]:
    """Give the files of an archive, whose own sums of them are right."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def dataset():
    for number in range(12):
        TraceFactory(prompt=f"What is {number}+7?", meta={"reference_answer": str(number + 7)})
    return SplitDatasetFactory(name="sums")


def test_it_holds_the_exports_by_split_and_what_says_how_to_train(reader, dataset):
    response = reader.get(url_of(dataset))
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == 'attachment; filename="sums-1.zip"'
    assert response["X-Content-Digest"] == dataset.content_digest
    files = unzipped(response.getvalue())
    formats = ("chat", "prompt_completion", "grpo", "tunix_tagged")
    data = [f"{fmt}.{split}.jsonl" for fmt in formats for split in ("train", "validation")]
    assert list(files) == [
        *("README.md", "manifest.json", "tunix_data.py"),
        *("tunix-sft.yaml", "tunix-grpo.yaml", "trl-sft.yaml", "trl-grpo.yaml", "rewards.py"),
        *("dataset_info.json", "axolotl.yaml", *data, "croissant.json", "SHA256SUMS"),
    ]
    for name in data:
        fmt, split, _ = name.split(".")
        assert files[name] == export(reader, dataset, fmt, split=split)
        assert files[name].count(b"\n") > 2


def test_its_sums_are_those_of_its_files(reader, dataset):
    files = unzipped(bundle(reader, dataset))
    sums = dict(line.split("  ")[::-1] for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(text).hexdigest() for name, text in files.items()}


def test_its_manifest_is_the_datasets_and_says_which_files_there_are(reader, dataset):
    manifest = json.loads(unzipped(bundle(reader, dataset, formats="grpo"))["manifest.json"])
    files, evalsets = manifest.pop("files"), manifest.pop("evalsets")
    shown = reader.get(f"/api/datasets/{dataset.key}/manifest").getvalue()
    assert manifest == json.loads(shown)
    counts = dataset.stats["split_counts"]
    assert files == [
        {
            "name": f"grpo.{split}.jsonl",
            "format": "grpo",
            "format_version": 2,
            "split": split,
            "row_count": counts[split],
            "left_out": {},
            "trained_on": split == "train",
        }
        for split in ("train", "validation")
    ]
    assert evalsets == []


def test_its_card_has_the_head_that_loaders_read(reader, dataset):
    card = unzipped(bundle(reader, dataset, formats="chat,grpo"))["README.md"].decode()
    _, head, text = card.split("---\n", 2)
    assert yaml.safe_load(head) == {
        "pretty_name": "sums 1",
        "task_categories": ["text-generation"],
        "tags": ["reasoning"],
        "size_categories": ["n<1K"],
        "configs": [
            {
                "config_name": fmt,
                "data_files": [
                    {"split": split, "path": f"{fmt}.{split}.jsonl"}
                    for split in ("train", "validation")
                ],
                **({"default": True} if fmt == "chat" else {}),
            }
            for fmt in ("chat", "grpo")
        ],
    }
    assert dataset.content_digest in text
    assert json.loads(text.split("```json\n")[1].split("```")[0]) == dataset.recipe.document()


def test_croissant_describes_files_and_columns(reader, dataset):
    files = unzipped(bundle(reader, dataset, formats="chat"))
    described = json.loads(files["croissant.json"])
    assert [one["@id"] for one in described["distribution"]] == [
        "chat.train.jsonl",
        "chat.validation.jsonl",
    ]
    for one in described["distribution"]:
        text = files[one["@id"]]
        assert one["sha256"] == hashlib.sha256(text).hexdigest()
        assert one["contentSize"] == f"{len(text)} B"
    columns = [field["@id"] for field in described["recordSet"][0]["field"]]
    assert columns == ["chat.train/prompt", "chat.train/completion", "chat.train/metadata"]


TYPES = {"sc:Text": str, "sc:Float": float, "sc:Boolean": bool}


@pytest.mark.parametrize("fmt", [name for name in BUNDLED if name in EVERY_LINES])
def test_lines_hold_what_croissant_says(reader, curator, fmt):
    steps = [{"i": 0, "type": "t", "content": "4."}]
    metas = ({"a": 1, "reference_answer": "4"}, {"a": "b", "c": [], "reference_answer": "5"})
    for number, meta in enumerate(metas):
        trace = TraceFactory(prompt=f"{number}?", meta=meta, steps=steps, tags=["x"] * number)
        verdict = {"verdict": "approved", "step_labels": {"0": 1}}
        curator.post(f"/api/traces/{trace.id}/reviews", verdict, format="json")
    files = unzipped(bundle(reader, DatasetFactory(), formats=fmt))
    [described] = json.loads(files["croissant.json"])["recordSet"]
    columns = {
        one["source"]["extract"]["column"]: one for one in described["field"] if "source" in one
    }
    lines = [json.loads(line) for line in files[f"{fmt}.train.jsonl"].splitlines()]
    assert len(lines) == 2
    for line in lines:
        for name, column in columns.items():
            held = line[name] if column.get("repeated") else [line[name]]
            assert {type(value) for value in held} == {TYPES[column["dataType"]]}, name


@pytest.mark.parametrize(
    ("reply", "answer", "reward"),
    [
        ("Answer: .5", "5", 0.0),
        ("Answer: .5", "0.5", 1.0),
        ("So it is -.5", "-0.5", 1.0),
        ("So it is .5.", "5", 0.0),
        ("<answer>$1,005.</answer>", "1005", 1.0),
        ("#### $.5$", ".5", 1.0),
        ("It is 4. Or is it 5?", "5", 1.0),
        ("Answer: Paris.", "paris", 1.0),
    ],
)
def test_the_reward_tells_right_answers(reply, answer, reward):
    namespace = {}
    exec(template("rewards.py"), namespace)
    assert namespace["right_answer"](None, [reply], [answer]) == [reward]


def test_a_dataset_without_splits_is_one_split_to_loaders(reader):
    TraceFactory()
    files = unzipped(bundle(reader, DatasetFactory(), formats="trace,record"))
    assert {"trace.train.jsonl", "record.train.jsonl"} < set(files)
    assert json.loads(files["manifest.json"])["files"][0]["split"] is None


def test_formats_without_rows_come_where_they_are_asked_for_alone(reader):
    TraceFactory()
    dataset = DatasetFactory()
    assert "grpo.train.jsonl" not in unzipped(bundle(reader, dataset))
    files = unzipped(bundle(reader, dataset, formats="grpo,unpaired,grpo,chat"))
    assert files["grpo.train.jsonl"] == files["unpaired.train.jsonl"] == b""
    told = json.loads(files["manifest.json"])["files"]
    assert told[0]["left_out"] == {"no_reference": 1}
    assert [one["trained_on"] for one in told] == [False, False, True]
    configs = yaml.safe_load(files["README.md"].decode().split("---\n")[1])["configs"]
    assert [(one["config_name"], one["default"]) for one in configs] == [("chat", True)]
    assert {name for name in files if name.endswith((".yaml", "info.json", "rewards.py"))} == {
        "trl-sft.yaml"
    }


@pytest.mark.parametrize("formats", ["nonsense", "", "chat,", "chat, grpo", "table", "chat,CHAT"])
def test_unknown_formats_are_refused_and_the_known_ones_named(reader, dataset, formats):
    response = reader.get(url_of(dataset), {"formats": formats})
    assert response.status_code == 400
    [refusal] = response.json()["formats"]
    assert formats == "" or all(name in refusal for name in BUNDLED)


def test_the_configs_are_those_of_the_formats(reader, review):
    review(TraceFactory(), "approved")
    files = unzipped(bundle(reader, DatasetFactory(), formats="messages,unpaired"))
    configs = {name for name in files if name.endswith(("yaml", "json", "py"))}
    assert configs - {"manifest.json", "croissant.json", "tunix_data.py"} == {
        *("trl-kto.yaml", "dataset_info.json", "axolotl.yaml"),
    }
    info = json.loads(files["dataset_info.json"])
    # not `messages`, of which LLaMA-Factory reads no thought
    assert {one["file_name"] for one in info.values()} == {"unpaired.train.jsonl"}
    assert yaml.safe_load(files["axolotl.yaml"])["datasets"][0]["path"] == "messages.train.jsonl"


@pytest.fixture
def kept_apart():
    return EvalSetFactory(name="asked")


def test_evaluation_sets_come_without_their_answers(reader, kept_apart):
    TraceFactory(prompt="Something that nobody asks anywhere else.")
    against = {"against": [{"eval_set": kept_apart.key}]}
    dataset = DatasetFactory(recipe__decontaminate=against)
    files = unzipped(bundle(reader, dataset))
    assert [json.loads(line) for line in files["evalset.asked-1.jsonl"].splitlines()] == [
        {
            "id": str(n),
            "prompt": f"What is {n}+1?",
            "section": None,
            "category": None,
            "difficulty": None,
        }
        for n in range(3)
    ]
    assert "lm-eval.asked-1.yaml" not in files
    [told] = json.loads(files["manifest.json"])["evalsets"]
    assert (told["key"], told["digest"]) == (kept_apart.key, kept_apart.digest)
    assert told["with_answers"] is False


def test_answers_come_where_they_are_asked_for_with_a_task(reader, kept_apart):
    TraceFactory(prompt="Something that nobody asks anywhere else.")
    against = {"against": [{"eval_set": kept_apart.key}]}
    dataset = DatasetFactory(recipe__decontaminate=against)
    files = unzipped(bundle(reader, dataset, with_answers="true"))
    lines = [json.loads(line) for line in files["evalset.asked-1.jsonl"].splitlines()]
    assert [line["expected_answer"] for line in lines] == ["1", "2", "3"]
    task = yaml.safe_load(files["lm-eval.asked-1.yaml"])
    assert task["dataset_kwargs"] == {"data_files": {"test": "evalset.asked-1.jsonl"}}
    without = reader.get(url_of(dataset))
    assert without["ETag"] != reader.get(url_of(dataset), {"with_answers": "true"})["ETag"]


def test_the_bytes_are_the_same_each_time_and_known_by_their_etag(reader, dataset):
    first = reader.get(url_of(dataset))
    body = first.getvalue()
    TraceFactory()
    assert bundle(reader, dataset) == body
    for method in (reader.get, reader.head):
        known = method(url_of(dataset), headers={"If-None-Match": first["ETag"]})
        assert (known.status_code, known.getvalue()) == (304, b"")
    other = reader.get(url_of(dataset), {"formats": "chat"})
    assert other["ETag"] != first["ETag"]
    refused = reader.get(url_of(dataset), headers={"If-Match": other["ETag"]})
    assert (refused.status_code, refused["ETag"]) == (412, first["ETag"])
    assert first["ETag"] in refused.json()["detail"]


def test_with_records_it_has_no_etag(reader, dataset):
    response = reader.get(url_of(dataset), {"formats": "record"}, headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert "ETag" not in response


def test_its_head_has_no_body(reader, dataset):
    response = reader.head(url_of(dataset))
    assert (response.status_code, response.getvalue()) == (200, b"")
    assert response["ETag"] == reader.get(url_of(dataset))["ETag"]


def test_there_is_none_of_a_dataset_that_is_not_there(reader):
    assert reader.get("/api/datasets/nothing-1/bundle.zip").status_code == 404


def test_pairs_come_where_the_dataset_has_them(reader):
    for status, answer in (("approved", "4"), ("rejected", "5")):
        TraceFactory(prompt="2+2?", final_answer=answer, status=status)
    paired = DatasetFactory(
        recipe__pair={"rules": ["approved_over_rejected"], "max_longer_share": 1}
    )
    files = unzipped(bundle(reader, paired))
    assert {"preference.train.jsonl", "preference_tunix.train.jsonl", "trl-dpo.yaml"} < set(files)
    [row] = map(json.loads, files["preference.train.jsonl"].splitlines())
    assert (row["prompt"], row["reason"]) == ("2+2?", "approved_over_rejected")
    info = json.loads(files["dataset_info.json"])["preference.train"]
    assert info["ranking"] is True
    response = reader.get(url_of(DatasetFactory()), {"formats": "preference"})
    assert response.status_code == 409
    assert "pair" in response.json()["detail"]
