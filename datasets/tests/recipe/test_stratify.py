"""Sharing the limit between the values of a key of meta."""

from collections import Counter

import pytest

from datasets.recipe.shares import allotted
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import selected
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.errors import Invalid

pytestmark = pytest.mark.django_db


def levels(**recipe) -> Counter:
    chosen = selected(stratify_by="meta.about.level", **recipe)
    found = Trace.objects.filter(pk__in=chosen).values_list("meta__about__level", flat=True)
    return Counter(found)


@pytest.fixture
def traces():
    for level, number in {"hard": 4, "easy": 20, "medium": 8}.items():
        TraceFactory.create_batch(number, meta={"about": {"level": level}})
    TraceFactory.create_batch(8, meta={})


def test_values_are_there_in_proportion(traces):
    assert levels(limit=10) == {"hard": 1, "easy": 5, "medium": 2, None: 2}


def test_values_get_equal_shares_and_what_is_short_goes_to_the_others(traces):
    assert levels(limit=12, weights="equal") == {"hard": 3, "easy": 3, "medium": 3, None: 3}
    assert levels(limit=22, weights="equal") == {"hard": 4, "easy": 6, "medium": 6, None: 6}


def test_values_get_the_shares_that_are_named(traces):
    weights = {"hard": 0.25, "easy": 0.5, "": 0.25}
    assert levels(limit=12, weights=weights) == {"hard": 3, "easy": 6, None: 3}


def test_what_comes_after_its_share_says_of_which_value(traces):
    dataset = DatasetFactory(recipe__limit=10, recipe__stratify_by="meta.about.level")
    assert list(dataset.items.order_by("position").values_list("position", flat=True)) == [
        *range(10)
    ]
    assert dataset.removed.count() == 30
    hard = Trace.objects.filter(meta__about__level="hard").order_by("id")[0]
    removed = dataset.removed.get(trace_id=hard.id)
    assert (removed.step, removed.reason) == ("select", "beyond_its_share")
    assert removed.because == {"value": "hard"}


def test_of_a_long_value_the_beginning_is_evidence():
    TraceFactory.create_batch(2, meta={"about": {"level": "ä" * 500_000}})
    dataset = DatasetFactory(recipe__limit=1, recipe__stratify_by="meta.about.level")
    assert dataset.removed.get().because == {"value": "ä" * 200}


@pytest.mark.parametrize("limit", [2, 40, 41])
def test_a_value_that_no_trace_has_is_refused(traces, limit):
    with pytest.raises(Invalid) as refused:
        levels(limit=limit, weights={"hard": 0.5, "simple": 0.5})
    assert refused.value.detail == {"weights": ["No trace has the value 'simple'."]}


@pytest.mark.parametrize("limit", [39, 40, 41])
def test_weights_say_the_same_where_there_is_room_for_all(traces, limit):
    assert levels(limit=limit, weights={"easy": 0.5, "": 0.5}) == {"easy": 20, None: 8}
    assert levels(limit=limit, weights="equal").total() == min(limit, 40)


def test_what_has_no_weight_is_told_apart_where_there_is_room_for_all(traces):
    dataset = DatasetFactory(
        recipe__limit=100, recipe__stratify_by="meta.about.level", recipe__weights={"hard": 1.0}
    )
    assert dataset.funnel[-2]["reasons"] == {"beyond_its_share": 36}


@pytest.mark.parametrize("limit", [40, 41, None])
def test_without_weights_all_stay_as_they_are_where_there_is_room(traces, limit):
    recipe = {"recipe__limit": limit, "recipe__selection_strategy": "random", "recipe__seed": 5}
    shared = DatasetFactory(recipe__stratify_by="meta.about.level", **recipe)
    assert shared.content_digest == DatasetFactory(**recipe).content_digest


@pytest.mark.parametrize("limit", [2, 40, 5_000])
def test_there_are_at_most_a_thousand_values(traces, limit):
    batch = [TraceFactory.build(meta={"about": {"level": n}}) for n in range(998)]
    Trace.objects.bulk_create(batch)
    with pytest.raises(Invalid) as refused:
        levels(limit=limit)
    assert list(refused.value.detail) == ["stratify_by"]


@pytest.mark.parametrize(
    ("places", "sizes", "weights", "given"),
    [
        (7, {"a": 3, "b": 3, "c": 4}, {"a": 3, "b": 3, "c": 4}, {"a": 2, "b": 2, "c": 3}),
        (1, {"a": 3, "b": 3}, {"a": 1, "b": 1}, {"a": 1, "b": 0}),
        (10, {"a": 3, "b": 30}, {"a": 0.5, "b": 0.5}, {"a": 3, "b": 7}),
        (10, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 2, "c": 3}),
        (10, {"a": 20, "b": 20}, {"b": 1.0}, {"a": 0, "b": 10}),
        (3, {"a": 2, "b": 2}, {"a": 1e-300, "b": 1.0}, {"a": 1, "b": 2}),
    ],
)
def test_places_are_shared_by_the_largest_remainder(places, sizes, weights, given):
    assert allotted(places, sizes, weights) == given
