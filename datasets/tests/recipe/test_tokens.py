"""The filter `where.tokens`: traces of so many tokens, by the scores of a tokenizer."""

import pytest

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import selected
from traces.models import Score
from traces.scorers.named import scorer_named
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory
from traces.tests.tokenizer_files import write_words

pytestmark = pytest.mark.django_db

WORDS = "tokens:words"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Give the server a tokenizer of words, and its folder."""
    settings.TOKENIZERS_DIR = tmp_path
    write_words(tmp_path / "words.json")
    return tmp_path


def counted(value: float | None, trace=None, **score):
    trace = trace or TraceFactory()
    ours = {"criteria": WORDS, "scorer_version": scorer_named(WORDS).version}
    ScoreFactory(trace=trace, value=value, **{**ours, **score})
    return trace


def tokens(**bounds) -> dict:
    return {"tokens": {"tokenizer": "words", **bounds}}


def build(client, **recipe):
    body = {"dataset_name": "set", "dataset_version": "1", **recipe}
    return client.post("/api/datasets/build", body, format="json")


def test_traces_between_the_bounds_match_and_the_others_are_told_apart(curator):
    _, at_least, at_most, _ = (counted(count) for count in (9, 10, 20, 21))
    TraceFactory.create_batch(2)
    built = build(curator, where=tokens(min=10, max=20))
    assert (built.status_code, built.json()["trace_count"]) == (201, 2)
    dataset = Dataset.objects.get()
    assert {item.trace_id for item in dataset.items.all()} == {at_least.id, at_most.id}
    shown = curator.get("/api/datasets/set-1").json()
    match = shown["funnel"][0]
    assert (match["in"], match["out"]) == (6, 2)
    assert match["reasons"] == {"did_not_match": 2, "not_scored": 2}
    version = scorer_named(WORDS).version
    assert shown["counted_by"] == {"criteria": WORDS, "scorer_version": version}
    asked = {"tokenizer": "words", "min": 10, "max": 20}
    assert shown["where"] == shown["recipe"]["where"] == {"tokens": asked}


def test_one_bound_is_enough_and_none_asks_for_a_count_alone():
    few, many = counted(5), counted(500)
    TraceFactory()
    assert selected(where=tokens(min=100)) == [many.id]
    assert selected(where=tokens(max=100)) == [few.id]
    assert selected(where=tokens()) == [many.id, few.id]


def test_what_another_filter_leaves_out_is_not_missing_a_count():
    approved = counted(5, ApprovedTraceFactory())
    ApprovedTraceFactory()
    TraceFactory.create_batch(3)
    dataset = DatasetFactory(recipe__where={"status": "approved", **tokens()})
    assert [item.trace_id for item in dataset.items.all()] == [approved.id]
    assert dataset.funnel[0]["reasons"] == {"did_not_match": 3, "not_scored": 1}


def test_undecided_counts_and_those_of_others_are_none():
    counted(None, details={"outcome": "undecided"})
    counted(5, scorer_version="theirs-1")
    counted(5, criteria="tokens:other")
    ours = counted(5)
    dataset = DatasetFactory(recipe__where=tokens())
    assert [item.trace_id for item in dataset.items.all()] == [ours.id]
    assert dataset.funnel[0]["reasons"] == {"not_scored": 3}


def test_a_pass_rate_looks_at_the_attempts_of_that_length():
    judged = {"criteria": "judge", "scorer_version": "1"}
    short = counted(5, TraceFactory(prompt="one"))
    ScoreFactory(trace=short, value=0, **judged)
    long = counted(500, TraceFactory(prompt="one"))
    ScoreFactory(trace=long, value=1, **judged)
    unscored = TraceFactory(prompt="one")
    ScoreFactory(trace=unscored, value=1, **judged)
    counted(500, TraceFactory(prompt="another"))
    where = {**tokens(min=100), "pass_rate": {**judged, "min": 1}}
    dataset = DatasetFactory(recipe__where=where)
    assert [item.trace_id for item in dataset.items.all()] == [long.id]
    assert dataset.funnel[0]["reasons"] == {"did_not_match": 2, "not_scored": 1}


def test_a_preview_counts_them_as_well(reader):
    counted(5)
    TraceFactory.create_batch(2)
    body = {"where": tokens(min=10)}
    [match] = reader.post("/api/datasets/preview", body, format="json").json()["funnel"]
    assert (match["out"], match["reasons"]) == (0, {"did_not_match": 1, "not_scored": 2})


def test_nothing_scored_is_named_where_nothing_is_left(curator):
    TraceFactory.create_batch(2)
    answer = build(curator, where=tokens())
    assert answer.status_code == 400
    assert answer.json() == {
        "detail": "No trace matches: nothing was built. "
        "2 lack the count that `where.tokens` asks for."
    }


def test_the_best_may_be_the_shortest_and_lengths_may_be_verified(curator):
    counted(50, TraceFactory(prompt="one"))
    short = counted(5, TraceFactory(prompt="one"))
    keep = [{"by": f"score:{WORDS}", "order": "asc"}]
    assert selected(dedupe={"per_prompt": 1, "keep": keep}) == [short.id]
    Score.objects.all().delete()
    verify = {"criteria": WORDS, "min": 1, "missing": "score"}
    assert build(curator, verify=verify).json()["trace_count"] == 2
    assert set(Score.objects.values_list("criteria", flat=True)) == {WORDS}


@pytest.mark.parametrize("name", ["other", "words.json", "small"])
def test_a_tokenizer_that_is_not_there_is_refused_with_those_that_are(curator, folder, name):
    (folder / "large.model").write_bytes(b"x")
    counted(5)
    answer = build(curator, where={"tokens": {"tokenizer": name}})
    assert answer.status_code == 400
    [said] = answer.json()["where"]["tokens"]["tokenizer"]
    assert said == f"There is no tokenizer '{name}' here. Known ones: large, words."
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"tokenizer": ""},
        {"tokenizer": "../words"},
        {"tokenizer": "/etc/passwd"},
        {"tokenizer": "w" * 49},
        {"tokenizer": 1},
        {"tokenizer": "words", "min": -1},
        {"tokenizer": "words", "min": 1.5},
        {"tokenizer": "words", "max": "10"},
        {"tokenizer": "words", "min": 2, "max": 1},
        {"tokenizer": "words", "most": 1},
        "words",
        None,
    ],
)
def test_what_is_wrong_with_it_is_refused(curator, asked):
    counted(5)
    answer = build(curator, where={"tokens": asked})
    assert (answer.status_code, list(answer.json())) == (400, ["where"])
    assert not Dataset.objects.exists()


def test_it_stands_in_recipes_alone(curator):
    assert curator.get("/api/traces?tokens=words").status_code == 400
    body = {"where": tokens(), "criteria": "format"}
    assert curator.post("/api/traces/score-all", body, format="json").status_code == 400


def test_of_a_tokenizer_that_went_since_a_dataset_stays_what_it_is(curator, folder):
    older, newer = counted(5), counted(6)
    assert build(curator, where=tokens(), limit=1).status_code == 201
    (folder / "words.json").unlink()
    assert [item.trace_id for item in Dataset.objects.get().items.all()] == [newer.id]
    assert curator.get("/api/datasets/set-1").json()["counted_by"]["criteria"] == WORDS
    why = curator.get(f"/api/datasets/set-1/why?trace={older.id}").json()
    assert (why["step"], why["reason"]) == ("select", "beyond_the_limit")
