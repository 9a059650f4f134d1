"""The loop of `make demo`, with programs that train nothing."""

import json
from collections import Counter

import pytest

from datasets.models import Dataset
from traces.models import Score, Trace
from training import demo
from training.demo import Demo, DemoFailed, operands, read_lines, refuse_unless
from training.programs import CONFIGS
from training.tests.stand_ins import ADDITIONS, put_in_place
from tunix_rt import Client, Invalid

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stand_ins(monkeypatch):
    return put_in_place(monkeypatch)


@pytest.fixture
def loop(site, site_as, key_of, tmp_path, stand_ins):
    """Go around the loop against the real web server; give the report."""
    said = []

    def run():
        with Client(site.url, key_of("curator")) as client:
            return Demo(tmp_path / "demo", client, said.append).run()

    run.said = said
    return run


def test_it_ends_with_a_report(loop, tmp_path):
    report = loop()
    directory = tmp_path / "demo"
    assert report == json.loads((directory / "report.json").read_text())
    dataset = Dataset.objects.get()
    assert report["dataset"]["dataset_key"] == dataset.key == "demo-addition-1"
    assert report["dataset"]["content_digest"] == dataset.content_digest
    split_counts = dataset.stats["split_counts"]
    assert report["dataset"]["training_traces"] == split_counts["train"]
    assert report["dataset"]["held_out"] == split_counts["held-out"] == report["problems"]
    assert all(report["checks"].values())
    assert len(report["checks"]) == 2
    assert report["answers_sent_back"] == 2 * split_counts["held-out"]
    text = (directory / "report.md").read_text()
    assert text.startswith("# Before and after\n")
    assert "| at least 90% right after | yes |" in text
    assert f"{split_counts['train']} training traces" in text
    assert "Trained for 400 steps in 50.0 s (12,346 tokens/s), 213,000 parameters" in text
    assert next(line for line in loop.said if "==" in line).endswith("with worked steps")
    assert len(loop.said) == len(report["seconds"]) == 9


def test_everything_went_over_http(loop):
    report = loop()
    sources = Counter(Trace.objects.values_list("source", flat=True))
    assert sources == {
        "problems/addition": ADDITIONS,
        "problems/gcd": 3,
        "problems/chain_sum": 2,
        "evaluation": report["answers_sent_back"],
    }
    scored = set(Score.objects.values_list("trace__source", flat=True))
    assert scored == {"problems/addition"}
    assert Score.objects.count() == ADDITIONS
    dataset = Dataset.objects.get()
    assert dataset.trace_count == ADDITIONS
    assert set(dataset.items.values_list("trace__source", flat=True)) == {"problems/addition"}


def test_programs_get_what_the_dataset_holds(loop, stand_ins, tmp_path):
    loop()
    directory = tmp_path / "demo"
    assert [name for name, _ in stand_ins.calls] == [
        *["problems"] * 3,
        *["sft"] * 2,
        *["generate"] * 3,
        "report",
    ]
    sft, control = (arguments for name, arguments in stand_ins.calls if name == "sft")
    assert sft["config"] == CONFIGS / "demo_addition_cpu.yaml"
    assert control["config"] == CONFIGS / "demo_addition_cpu_answer_only.yaml"
    assert sft["data"] == control["data"] == directory / "train.tunix_sft.jsonl"
    trained = {line["id"] for line in read_lines(sft["data"])}
    items = Dataset.objects.get().items
    held_out = items.filter(split="held-out").values_list("trace_id", flat=True)
    asked = {line["id"]: line for line in read_lines(directory / "evalset.jsonl")}
    assert asked.keys() == {str(identity) for identity in held_out}
    assert not trained & asked.keys()
    for question in asked.values():
        trace = Trace.objects.get(pk=question["id"])
        assert question == {
            "id": str(trace.id),
            "prompt": trace.prompt,
            "expected_answer": trace.final_answer,
            "category": "addition",
            "difficulty": "easy",
        }
    manifest = json.loads(sft["manifest"].read_text())
    assert manifest["content_digest"] == Dataset.objects.get().content_digest
    asking = [arguments for name, arguments in stand_ins.calls if name == "generate"]
    assert [call["model"] for call in asking] == [
        "base",
        directory / "run",
        directory / "control",
    ]
    assert asking[0]["tokenizer"] == directory / "run" / "tokenizer"


def test_a_second_time_nothing_is_doubled(loop, tmp_path):
    first = loop()
    (tmp_path / "demo" / "left over").touch()
    second = loop()
    assert second["dataset"] == first["dataset"]
    assert not (tmp_path / "demo" / "left over").exists()
    assert Trace.objects.filter(source="problems/addition").count() == ADDITIONS
    assert Score.objects.count() == ADDITIONS


@pytest.mark.parametrize(
    ("changes", "unmet"),
    [
        ({"accuracy": {"before": 0.03, "after": 0.98, "control": 0.5}}, "2% right before"),
        ({"accuracy": {"before": 0.0, "after": 0.89, "control": 0.5}}, "90% right after"),
    ],
)
def test_a_result_that_is_not_good_enough_fails_and_is_reported(
    loop, stand_ins, tmp_path, changes, unmet
):
    for name, value in changes.items():
        setattr(stand_ins, name, value)
    with pytest.raises(DemoFailed, match=f"Not met: .*{unmet}"):
        loop()
    report = json.loads((tmp_path / "demo" / "report.json").read_text())
    assert [met for name, met in report["checks"].items() if unmet in name] == [False]
    assert "| no |" in (tmp_path / "demo" / "report.md").read_text()


def test_a_slow_machine_closes_the_loop_as_well(loop, stand_ins):
    stand_ins.seconds = 3600.0
    report = loop()
    assert report["training"]["seconds"] == 3600.0
    assert all(report["checks"].values())


@pytest.mark.parametrize(
    ("limit", "value", "unmet"),
    [
        ("MAX_TRAINING_TRACES", 10, "at most 10 training traces"),
        ("MIN_HELD_OUT", 60, "at least 60 held-out problems"),
    ],
)
def test_a_dataset_of_the_wrong_size_is_not_trained_on(
    loop, stand_ins, monkeypatch, limit, value, unmet
):
    monkeypatch.setattr(demo, limit, value)
    with pytest.raises(DemoFailed, match=unmet):
        loop()
    assert {name for name, _ in stand_ins.calls} == {"problems"}


def test_what_is_trained_on_is_not_asked_in_the_other_order(loop, stand_ins):
    half = stand_ins.pairs[: ADDITIONS // 2]
    stand_ins.pairs = [*half, *((right, left) for left, right in half)]
    with pytest.raises(DemoFailed, match="no pair of operands in both"):
        loop()
    assert {name for name, _ in stand_ins.calls} == {"problems"}


def test_a_version_that_was_deleted_is_passed_over(loop, curator):
    assert loop()["dataset"]["dataset_key"] == "demo-addition-1"
    assert curator.delete("/api/datasets/demo-addition-1").status_code == 204
    assert loop()["dataset"]["dataset_key"] == "demo-addition-2"


def test_there_is_an_end_to_the_versions(loop, curator, monkeypatch):
    monkeypatch.setattr(demo, "MAX_VERSIONS", 1)
    loop()
    curator.delete("/api/datasets/demo-addition-1")
    with pytest.raises(DemoFailed, match=r"^1 versions of demo-addition are taken\.$"):
        loop()


def test_another_refusal_of_the_build_is_not_passed_over(loop, monkeypatch):
    monkeypatch.setattr(Demo, "_score", lambda self, ids: None)
    with pytest.raises(Invalid, match=r"POST /api/datasets/build: 400 .*No trace matches"):
        loop()


def test_operands_are_the_same_in_either_order():
    pairs = [[1, 2], [2, 1], [5, 5]]
    records = [{"meta": {"operands": pair}} for pair in pairs]
    assert operands(records) == {frozenset({1, 2}), frozenset({5})}


def test_all_checks_that_fail_are_named():
    refuse_unless({"one": True})
    refuse_unless({})
    with pytest.raises(DemoFailed, match=r"^Not met: two; three\.$"):
        refuse_unless({"one": True, "two": False, "three": False})
