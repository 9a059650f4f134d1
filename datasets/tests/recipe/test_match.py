"""The step that finds what the recipe's filters match."""

import pytest

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import selected
from traces.models import Score, Trace
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_site.errors import Invalid

pytestmark = pytest.mark.django_db


def test_where_takes_the_filters_of_the_list():
    trace = ApprovedTraceFactory(meta={"level": {"deep": 2}})
    ApprovedTraceFactory(meta={"level": {"deep": 3}})
    TraceFactory(meta={"level": {"deep": 2}})
    assert selected(where={"status": "approved", "meta.level.deep": 2}) == [trace.id]


def test_what_matches_not_is_left_out():
    trace = TraceFactory(meta={"level": 1})
    TraceFactory(meta={"level": 2})
    ApprovedTraceFactory(meta={"level": 1})
    scored = TraceFactory(meta={"level": 1})
    Score.objects.create(trace=scored, criteria="judge", scorer_version="1", value=0.1)
    unwanted = [{"status": "approved"}, {"criteria": "judge", "max_score": 0.5}]
    assert selected(where={"meta.level": 1, "not": unwanted[0]}) == [scored.id, trace.id]
    assert selected(where={"status": "unreviewed", "meta.level": 1, "not": unwanted[1]}) == [
        trace.id
    ]


def test_where_selects_prompts_by_how_many_attempts_pass():
    judged = {"criteria": "judge", "scorer_version": "1"}
    traces = {}
    for prompt, values in {"easy": [1, 1], "hard": [0, 0.5], "some": [1, 0], "once": [1]}.items():
        for value in values:
            trace = TraceFactory(prompt=prompt, meta={"level": 1})
            Score.objects.create(trace=trace, value=value, **judged)
            traces.setdefault(prompt, []).append(trace.id)
    unscored = TraceFactory(prompt="some", meta={"level": 1})
    other = TraceFactory(prompt="hard", meta={"level": 2})
    Score.objects.create(trace=other, value=1, **judged)

    def chosen(**rate):
        return set(selected(where={"meta.level": 1, "pass_rate": judged | rate}))

    assert chosen(min=0.25, max=0.75) == {*traces["some"], unscored.id}
    assert chosen(max=0) == {*traces["hard"]}
    assert chosen(min=1) == {*traces["easy"], *traces["once"]}
    assert chosen(min=1, min_attempts=2) == {*traces["easy"]}


def test_where_selects_by_score():
    good, bad = TraceFactory.create_batch(2)
    Score.objects.create(trace=good, criteria="judge", scorer_version="1", value=0.9)
    Score.objects.create(trace=bad, criteria="judge", scorer_version="1", value=0.1)
    assert selected(where={"criteria": "judge", "min_score": 0.5}) == [good.id]


@pytest.mark.parametrize(
    ("wanted", "others"),
    [
        (3, ["3", 3.5, True, None, [3], {"a": 3}]),
        ("3", [3, ["3"]]),
        (True, [1, "true"]),
        (1, [True]),
        (None, [0, "", False, "null"]),
        (0.5, ["0.5", 5]),
        (1e22, ["1e22"]),
        ("naïve\n", ["naïve"]),
    ],
)
def test_filters_compare_by_json_type(wanted, others):
    trace = TraceFactory(meta={"key": wanted})
    for other in others:
        TraceFactory(meta={"key": other})
    TraceFactory(meta={})
    assert selected(filters={"key": wanted}) == [trace.id]


def test_filters_are_all_held_and_keys_are_literal():
    trace = TraceFactory(meta={"a.b": 1, "c": "x"})
    TraceFactory(meta={"a": {"b": 1}, "c": "x"})
    TraceFactory(meta={"a.b": 1, "c": "y"})
    assert selected(filters={"a.b": 1, "c": "x"}) == [trace.id]


def test_traces_without_meta_do_not_disturb_filters():
    TraceFactory(meta=None)
    trace = TraceFactory(meta={"source": "here"})
    TraceFactory(meta=None)
    assert selected(filters={"source": "here"}) == [trace.id]
    assert len(selected()) == 3


def test_filters_see_all_rows_and_not_the_newest_alone():
    old = TraceFactory(meta={"wanted": True})
    Trace.objects.bulk_create(TraceFactory.build_batch(1_500))
    assert selected(filters={"wanted": True}, limit=1) == [old.id]


def test_nothing_matched_builds_nothing():
    TraceFactory()
    with pytest.raises(Invalid):
        DatasetFactory(recipe__filters={"source": "nowhere"})
    assert not Dataset.objects.exists()
