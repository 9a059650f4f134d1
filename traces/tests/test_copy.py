"""What is written by COPY is what was sent, whatever characters it holds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.intake.bodies import read_batch
from traces.models import Trace
from traces.services.storing import create_traces
from traces.tests.strategies import quickly, traces

ODD_TEXTS = [
    *("\1", "\2", "\1\2\1", '"', "'", "\\", "\\.", "\n\\.\n", "\\N", "\\n", "\\x00", "\\u0000"),
    *("\n", "\r", "\r\n", "\t", " ", "\b\f\v", "\x7f", "\x1f", "\x85", "\u2028\u2029", "\ufeff"),
    *("\ufffe\uffff", "\U0010ffff", "😀\u200d👧", "e\u0301é", "\u202eabc", ",", ";", "{}", "$$"),
    *("%s", "NULL"),
]


def odd_body(odd: str) -> dict:
    return {
        "trace_version": odd,
        "prompt": odd,
        "final_answer": odd,
        "steps": [{"i": 0, "type": odd, "content": odd}],
        "meta": {odd: {odd: [odd]}, "source": odd},
        "messages": [{"role": odd, "content": {odd: odd}, odd: odd}],
        "tags": [odd],
    }


@pytest.mark.django_db
@pytest.mark.parametrize("named", [True, False], ids=["with ids", "without"])
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a batch"])
def test_odd_text_is_stored_as_it_was_sent(writer, alone, named):
    bodies = [{**odd_body(odd), **({"external_id": odd} if named else {})} for odd in ODD_TEXTS]
    if alone:
        entries = [writer.post("/api/traces", body, format="json").json() for body in bodies]
    else:
        entries = writer.post("/api/traces/batch", bodies, format="json").json()["traces"]
    for body, entry in zip(bodies, entries, strict=True):
        stored = writer.get(f"/api/traces/{entry['id']}").json()
        shown = {**stored["payload"], **stored}
        assert {key: shown[key] for key in body} == body
        assert stored["source"] == body["prompt"]


unnamed = traces.filter(lambda body: "external_id" not in body)  # equal ids would collide


@pytest.mark.django_db
@quickly
@given(st.lists(unnamed, min_size=1, max_size=4))
def test_any_traces_are_stored_as_they_were_sent(bodies):
    documents = read_batch(json.dumps(bodies).encode()).documents
    stored = create_traces(documents=documents, skip_taken=False).traces
    for body, trace in zip(bodies, stored, strict=True):
        found = Trace.objects.get(pk=str(trace.id))
        expected = {**body, "meta": body.get("meta") or {}, "tags": body.get("tags", [])}
        expected["steps"] = sorted(body["steps"], key=lambda step: step["i"])
        assert {**found.payload, "tags": found.tags} == expected
