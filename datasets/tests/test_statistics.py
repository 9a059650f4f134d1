"""The statistics of each split in the manifest."""

import itertools
import json

import pytest

from datasets.statistics import counting
from datasets.statistics.edges import EDGES, ranges
from datasets.statistics.shown import split_rows
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import step
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db


def counted(edges: str, counts: list[int]) -> dict[str, int]:
    """Give the counts that are there by what they are of."""
    names = ranges(EDGES[edges])
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def of(dataset, split="") -> dict:
    told: dict = dataset.stats["by_split"][split]
    return told


def test_each_split_has_its_histograms_in_the_manifest(reader):
    for number in range(12):
        TraceFactory(
            prompt=f"{number}?",
            steps=[step("x" * 100, i=i) for i in range(1 + number % 3)],
            meta={"source": "a" if number < 9 else "b", "model": "small"},
        )
    dataset = DatasetFactory(recipe__seed=3, recipe__split_counts={"test": 4, "train": 8})
    stats = json.loads(reader.get(f"/api/datasets/{dataset.key}/manifest").getvalue())["stats"]
    assert stats["edges"] == EDGES
    assert list(stats["by_split"]) == ["test", "train"]
    for split, told in stats["by_split"].items():
        traces = [item.trace for item in dataset.items.filter(split=split)]
        assert told["trace_count"] == len(traces) == stats["split_counts"][split]
        for edges, values in (
            ("steps", [trace.step_count for trace in traces]),
            ("chars", [trace.total_chars for trace in traces]),
        ):
            bounds = [float("-inf"), *EDGES[edges], float("inf")]
            assert told[edges] == [
                sum(low <= value < high for value in values)
                for low, high in itertools.pairwise(bounds)
            ]
        of_a = sum(trace.source == "a" for trace in traces)
        assert told["sources"]["values"].get("a", 0) == of_a
        assert sum(told["sources"]["values"].values()) == len(traces)
        assert told["models"] == {"others": 0, "values": {"small": len(traces)}}


def test_a_split_without_traces_is_told_of_with_counts_of_nothing():
    TraceFactory.create_batch(3)
    dataset = DatasetFactory(recipe__seed=1, recipe__splits={"train": 0.999999, "b": 0.000001})
    assert list(dataset.stats["by_split"]) == ["b", "train"]
    nothing = of(dataset, "b")
    assert nothing.keys() == of(dataset, "train").keys()
    assert nothing["trace_count"] == sum(nothing["steps"] + nothing["chars"]) == 0
    assert (nothing["models"], nothing["scores"]) == ({"values": {}, "others": 0}, [])
    rows = list(split_rows(dataset.stats))
    assert rows[:2] == [("b", "traces", [("in it", 0)]), ("train", "traces", [("in it", 3)])]


def test_a_dataset_without_splits_has_one(reader):
    TraceFactory(meta={})
    dataset = DatasetFactory()
    assert list(dataset.stats["by_split"]) == [""]
    assert of(dataset)["models"] == {"values": {"": 1}, "others": 0}
    assert of(dataset)["scores"] == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", "none"),
        ("42", "number"),
        ("-1,024.50", "number"),
        ("$3.50", "number"),
        ("50 %", "number"),
        ("3/4", "number"),
        ("B", "choice"),
        ("(c).", "choice"),
        ("--", "text"),
        ("Bob", "text"),
        ("42 apples", "text"),
        ("9" * 50, "text"),
        ("x\ny", "text"),
    ],
)
def test_answers_are_counted_by_what_they_are(answer, kind):
    TraceFactory(final_answer=answer)
    told = of(DatasetFactory())["answers"]
    assert {name for name, count in told.items() if count} == {kind}


def test_scores_are_counted_by_criteria_and_version_and_tokens_by_their_number():
    traces = TraceFactory.create_batch(4)
    for trace, value in zip(traces, (1, 1, 0.25, None), strict=True):
        details = {"outcome": "undecided"} if value is None else {}
        ScoreFactory(
            trace=trace, criteria="judge", scorer_version="1", value=value, details=details
        )
    ScoreFactory(trace=traces[0], criteria="judge", scorer_version="2", value=-3)
    ScoreFactory(trace=traces[0], criteria="tokens:small", scorer_version="1", value=100)
    ScoreFactory(trace=traces[1], criteria="length", scorer_version="1", value=120)
    length, judge, again, tokens = sorted(
        of(DatasetFactory())["scores"], key=lambda one: (one["edges"], one["scorer_version"])
    )
    assert (judge["criteria"], judge["scorer_version"], judge["undecided"]) == ("judge", "1", 1)
    assert counted("scores", judge["counts"]) == {"0.2 to 0.3": 1, "1 to 2": 2}
    assert counted("scores", again["counts"]) == {"below 0": 1}
    assert (tokens["criteria"], tokens["edges"]) == ("tokens:small", "tokens")
    assert counted("tokens", tokens["counts"]) == {"64 to 128": 1}
    assert counted("chars", length["counts"]) == {"100 to 200": 1}


def test_of_very_many_sources_and_scorers_the_first_are_named():
    for number in range(60):
        trace = TraceFactory(meta={"source": f"s{number:02}", "model": "m" * 1_000})
        ScoreFactory(trace=trace, criteria=f"judge {number:02}", scorer_version="1", value=0)
    TraceFactory(meta={"source": "s59"})
    told = of(DatasetFactory())
    sources = told["sources"]
    assert next(iter(sources["values"])) == "s59"
    assert (len(sources["values"]), sources["others"]) == (20, 40)
    assert set(told["models"]["values"]) == {"m" * 128, ""}
    assert [one["criteria"] for one in told["scores"]] == [f"judge {n:02}" for n in range(50)]


def test_histograms_are_whole_however_few_values_are_named(monkeypatch):
    monkeypatch.setattr(counting, "MOST_VALUES", 1)
    for number in (1, 2, 3):
        steps = [step("x", i=i) for i in range(number)]
        TraceFactory(steps=steps, final_answer="4" if number < 3 else "Bob")
    told = of(DatasetFactory())
    assert counted("steps", told["steps"]) == {"below 2": 1, "2 to 3": 1, "3 to 4": 1}
    assert (told["answers"]["number"], told["answers"]["text"]) == (2, 1)
    assert len(told["models"]["values"]) == 1


def test_scores_are_counted_in_the_split_of_their_trace():
    for number in range(6):
        ScoreFactory(
            trace=TraceFactory(), criteria="judge", scorer_version="1", value=number, details={}
        )
    dataset = DatasetFactory(recipe__seed=3, recipe__split_counts={"test": 2, "train": 4})
    for split, count in (("test", 2), ("train", 4)):
        values = [item.trace.scores.get().value for item in dataset.items.filter(split=split)]
        assert len(values) == count
        bounds = [float("-inf"), *EDGES["scores"], float("inf")]
        (judge,) = (one for one in of(dataset, split)["scores"] if one["criteria"] == "judge")
        assert judge["counts"] == [
            sum(low <= value < high for value in values) for low, high in itertools.pairwise(bounds)
        ]


def test_rows_of_a_page_say_what_there_is_and_nothing_of_older_datasets():
    trace = TraceFactory(meta={"source": "a"}, final_answer="4")
    ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=1)
    rows = {name: counts for _, name, counts in split_rows(DatasetFactory().stats)}
    assert rows["sources"] == [("a", 1)]
    assert rows["models"] == [("none", 1)]
    assert rows["answers"] == [("number", 1)]
    assert rows["judge 1"] == [("1 to 2", 1)]
    assert list(split_rows({"trace_count": 1})) == []
