"""Building a dataset of what a search finds."""

import pytest

from datasets.models import DatasetItem
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from traces.tests.searching import index_all

pytestmark = pytest.mark.django_db

URL = "/api/datasets/build"


def request(version="1", **where) -> dict:
    return {"dataset_name": "fruit", "dataset_version": version, "where": where, "limit": None}


def held(answer) -> set:
    key = answer.json()["dataset_key"]
    return {item.trace_id for item in DatasetItem.objects.filter(dataset__key=key)}


@pytest.fixture
def fruit():
    traces = [
        TraceFactory(prompt="How many apples?"),
        ApprovedTraceFactory(prompt="How many pears?", final_answer="red apples"),
        TraceFactory(prompt="How many plums?"),
    ]
    index_all()
    return [trace.pk for trace in traces]


def test_the_traces_that_hold_the_words_are_taken(curator, fruit):
    for version, (where, taken) in enumerate(
        [
            ({"q": "apples"}, {fruit[0], fruit[1]}),
            ({"q": '"red apples" OR plums'}, {fruit[1], fruit[2]}),
            ({"q": "-apples"}, {fruit[2]}),
            ({"q": "apples", "status": "approved"}, {fruit[1]}),
        ]
    ):
        answer = curator.post(URL, request(str(version), **where), format="json")
        assert answer.status_code == 201
        assert held(answer) == taken


def test_what_is_not_indexed_yet_is_not_sure_to_lack_the_words(curator, fruit):
    """Where another filter of `not` tells it from what is unwanted, the words do not matter."""
    pending = [TraceFactory(prompt="How many apples?"), TraceFactory(prompt="How many figs?")]
    answer = curator.post(URL, request("1", **{"not": {"q": "apples"}}), format="json")
    assert held(answer) == {fruit[2]}
    unwanted = {"q": "apples", "status": "approved"}
    answer = curator.post(URL, request("2", **{"not": unwanted}), format="json")
    assert held(answer) == {fruit[0], fruit[2], *(trace.pk for trace in pending)}
    index_all()
    answer = curator.post(URL, request("3", **{"not": {"q": "apples"}}), format="json")
    assert held(answer) == {fruit[2], pending[1].pk}


def test_the_words_are_kept_as_they_were_given(curator, fruit):
    words = '  "many apples"  -km/h '
    first = curator.post(URL, request(q=words), format="json")
    assert curator.get("/api/datasets/fruit-1").json()["where"] == {"q": words}
    TraceFactory(prompt="many apples")
    index_all()
    again = curator.post(URL, request(q=words), format="json")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    anew = curator.post(URL, request("2", q=words), format="json")
    assert anew.json()["trace_count"] == first.json()["trace_count"] + 1


@pytest.mark.parametrize("words", ["", "the", 5, None, ["apples"], "a\0", "-" * 100 + "apples"])
def test_words_that_cannot_be_searched_for_are_refused(curator, fruit, words):
    answer = curator.post(URL, request(q=words), format="json")
    assert answer.status_code == 400
    assert list(answer.json()["where"]) == ["q"]


def test_nothing_found_builds_nothing(curator, fruit):
    assert curator.post(URL, request(q="absent"), format="json").status_code == 400
