"""bundle.zip of a dataset whose names and texts are meant to break out of where they stand."""

import io
import json
import re
import zipfile

import pytest
import yaml

from datasets.bundle.card import card
from datasets.bundle.files import data_files
from datasets.bundle.names import ENTRY, key_names, split_names
from datasets.bundle.texts import as_yaml
from datasets.tests.factories import DatasetFactory
from datasets.tests.test_bundle import bundle, unzipped
from evalsets.tests.factories import EvalSetFactory, items
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

EVIL = (
    "```\n---\nconfigs: [evil]\n'\"\\ ${head} {{7*7}} </script> \x85\u2028 "
    "$(id) `id` ../../etc/passwd"
)
SPLITS = {"a-b": 0.2, "a.b": 0.2, "A_B": 0.2, "all": 0.2, "train..x": 0.2}


@pytest.fixture
def dataset():
    for _ in range(40):
        TraceFactory(prompt=EVIL, meta={"source": EVIL, EVIL: EVIL, "reference_answer": EVIL})
        TraceFactory(meta={"source": EVIL, EVIL: EVIL})
    evalset = EvalSetFactory(
        name="a..b /- CON", version="...", license=EVIL, items=items(section=EVIL, meta={EVIL: 1})
    )
    return DatasetFactory(
        name="A..b /-- __init__",
        version=".._-",
        provenance={EVIL: EVIL},
        recipe__filters={EVIL: EVIL},
        recipe__splits=SPLITS,
        recipe__split_by="trace",
        recipe__seed=1,
        recipe__decontaminate={"against": [{"eval_set": evalset.key}]},
    )


def test_each_file_has_a_name_that_stays_where_it_is_unpacked(reader, dataset):
    with zipfile.ZipFile(io.BytesIO(bundle(reader, dataset, with_answers="true"))) as archive:
        names = archive.namelist()
    assert all(ENTRY.fullmatch(name) and not name.startswith((".", "-")) for name in names)
    assert len({name.casefold() for name in names}) == len(names)


def test_the_manifest_says_which_split_a_file_is(reader, dataset):
    files = unzipped(bundle(reader, dataset, formats="trace"))
    told = json.loads(files["manifest.json"])["files"]
    assert {one["split"] for one in told} == set(SPLITS)
    assert all(re.fullmatch(r"trace\.\w+\.jsonl", one["name"]) for one in told)
    assert sum(one["row_count"] for one in told) == 80
    for one in told:
        assert files[one["name"]].count(b"\n") == one["row_count"]


def test_what_is_written_stays_one_value(reader, dataset):
    files = unzipped(bundle(reader, dataset, formats="chat,messages,grpo", with_answers="true"))
    assert json.loads(files["manifest.json"])["provenance"] == {EVIL: EVIL}
    head = files["README.md"].decode().split("---\n")[1]
    configs = yaml.safe_load(head)["configs"]
    assert [one["config_name"] for one in configs] == ["chat", "messages", "grpo"]
    for name, text in files.items():
        if name.endswith(".json"):
            json.loads(text)
        if name.endswith(".yaml"):
            assert isinstance(yaml.safe_load(text), dict)
        if name.endswith(".py"):
            assert "evil" not in text.decode()
            compile(text, name, "exec")


def test_no_text_ends_the_block_of_the_card(dataset):
    text = card(dataset, data_files(dataset, ["chat"]), [])
    assert text.count("```") == 8  # the four blocks of the template
    block = text.split("```json\n")[1].split("\n```")[0]
    assert json.loads(block) == dataset.recipe.document()


def test_names_that_would_be_the_same_are_told_apart():
    splits = ["a-b", "TRAIN", "a.b", "A_B", "a_b_2", "ALL", "", "é/..\n", "train", "t" * 201]
    named = {
        "a-b": "a_b_3",
        "TRAIN": "TRAIN_2",
        "a.b": "a_b_4",
        "A_B": "A_B",
        "a_b_2": "a_b_2",
        "ALL": "ALL_2",
        "": "_",
        "é/..\n": "______"[:5],
        "train": "train",
        "t" * 201: "t" * 200,
    }
    assert split_names(splits) == named
    assert list(split_names(splits)) == splits
    assert key_names(["../x", "x" * 500]) == {"../x": ".._x", "x" * 500: "x" * 200}


def test_yaml_holds_whatever_is_put_in():
    document = {"a": EVIL, EVIL: [EVIL], "tag": "!!python/object/apply:os.system [id]", "on": "on"}
    assert yaml.safe_load(as_yaml(document)) == document
