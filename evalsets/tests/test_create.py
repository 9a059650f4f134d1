"""POST /api/evalsets with a body of JSON."""

import hashlib

import pytest

from evalsets.models import EvalItem, EvalSet
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

SUM = {"id": "a", "prompt": "What is 17+25?", "expected_answer": "42"}
FULL = {
    "id": "b",
    "prompt": "  Wie viel ist 1/2?  ",
    "expected_answer": "0.5",
    "aliases": ["1/2", "½"],
    "section": "fractions",
    "category": "de",
    "difficulty": "easy",
    "meta": {"z": [1.0, 2.5], "a": {"b": None}},
}
BODY = {"name": "held out/sums", "version": "1", "items": [SUM, FULL]}


def post(client, body=BODY, **changes):
    return client.post("/api/evalsets", {**body, **changes}, format="json")


def test_a_set_is_stored_and_read_back(curator, reader):
    answer = post(curator, answer_type="number", license="MIT")
    assert answer.status_code == 201
    lines = reader.get("/api/evalsets/held_out_sums-1/items.jsonl").getvalue()
    assert answer.json() == {
        "key": "held_out_sums-1",
        "digest": hashlib.sha256(lines).hexdigest(),
        "item_count": 2,
    }
    assert lines.decode().splitlines() == [
        '{"id":"a","prompt":"What is 17+25?","expected_answer":"42"}',
        '{"id":"b","prompt":"  Wie viel ist 1/2?  ","expected_answer":"0.5",'
        '"aliases":["1/2","½"],"section":"fractions","category":"de","difficulty":"easy",'
        '"meta":{"a":{"b":null},"z":[1,2.5]}}',
    ]
    shown = reader.get("/api/evalsets/held_out_sums-1").json()
    created_at = shown.pop("created_at")
    assert created_at.endswith("Z")
    assert shown == {
        **answer.json(),
        "name": "held out/sums",
        "version": "1",
        "answer_type": "number",
        "license": "MIT",
        "parent": None,
        "parent_split": None,
        "generator": None,
    }


def test_what_is_optional_may_be_null_or_left_out(curator):
    nothing = dict.fromkeys(("section", "category", "difficulty"))
    left_out = post(curator, items=[SUM]).json()["digest"]
    as_null = post(curator, version="2", items=[{**SUM, **nothing, "meta": {}, "aliases": []}])
    assert as_null.json()["digest"] == left_out
    assert post(curator, version="3", items=[{**SUM, "expected_answer": ""}]).status_code == 201
    of_nobody = {**BODY, "answer_type": None, "license": None}
    assert post(curator, of_nobody, version="4").status_code == 201
    assert post(curator, version="4").status_code == 200


def test_the_same_request_again_gives_the_stored_one(curator):
    first = post(curator)
    again = post(curator)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert EvalSet.objects.count() == 1
    assert EvalItem.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"items": [SUM]}, "items"),
        ({"items": [FULL, SUM]}, "items"),
        ({"license": "MIT"}, "license"),
        ({"answer_type": "text"}, "answer_type"),
    ],
)
def test_a_name_and_version_are_made_once(curator, change, named):
    post(curator)
    refused = post(curator, **change)
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        f"held_out_sums-1 was made by another request (different: {named}). Choose another version."
    )
    assert EvalItem.objects.count() == 2


def test_two_names_never_share_a_key(curator):
    post(curator)
    refused = post(curator, name="held_out_sums")
    assert refused.status_code == 409
    assert "is taken by 'held out/sums' version '1'" in refused.json()["detail"]


def test_a_key_that_a_route_has_is_refused(curator):
    refused = post(curator, name="from", version="dataset")
    assert (refused.status_code, list(refused.json())) == (400, ["version"])


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"items": []}, {"items": ["This list may not be empty."]}),
        ({"items": [SUM, FULL, SUM]}, {"items": {"2": {"id": ["Another item has this id."]}}}),
        ({"items": [SUM, {**FULL, "prompt": 1}]}, {"items": {"1": {"prompt": ["Not a string."]}}}),
        (
            {"items": [{**SUM, "prompt": ""}]},
            {"items": {"0": {"prompt": ["This field may not be blank."]}}},
        ),
        ({"items": [{**SUM, "meta": []}]}, {"items": {"0": {"meta": ["Not an object."]}}}),
        ({"items": {}}, {"items": ['Expected a list of items but got type "dict".']}),
        ({"name": " x"}, None),
        ({"version": "1\n"}, None),
        ({"answer_type": "sum"}, None),
        ({"license": ""}, None),
        ({"items": [{**SUM, "id": "x" * 201}]}, None),
        ({"items": [{**SUM, "aliases": ["x"] * 51}]}, None),
        ({"items": [{**SUM, "answer": "x"}]}, None),
    ],
)
def test_what_is_wrong_is_named_and_nothing_stored(curator, change, errors):
    refused = post(curator, **change)
    assert refused.status_code == 400
    assert list(refused.json()) == list(change)
    assert errors is None or refused.json() == errors
    assert not EvalSet.objects.exists()


@pytest.mark.parametrize("bad", [{}, SUM])
def test_of_many_bad_items_a_hundred_are_told(curator, bad):
    refused = post(curator, items=[SUM, *[bad] * 1_000])
    assert refused.status_code == 400
    assert list(refused.json()["items"]) == [str(position) for position in range(1, 101)]
    assert not EvalSet.objects.exists()


def test_parameters_are_for_lines_alone(curator):
    refused = curator.post("/api/evalsets?name=x", BODY, format="json")
    assert (refused.status_code, list(refused.json())) == (400, ["name"])


def test_an_item_has_the_hash_of_a_trace_with_its_prompt(curator):
    post(curator)
    trace = TraceFactory(prompt="what IS  17+25?")
    assert EvalItem.objects.get(prompt_hash=trace.prompt_hash).item_id == "a"


def test_one_event_tells_of_it(curator):
    from events.models import Event

    answer = post(curator).json()
    event = Event.objects.get(object_type="evalset")
    assert (event.action, event.object_id, event.count) == ("create", answer["key"], 2)
    assert event.after == {"digest": answer["digest"]}


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_making_one_needs_a_curator(client_as, role):
    assert post(client_as(role)).status_code == 403
