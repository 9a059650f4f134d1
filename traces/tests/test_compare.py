"""GET /api/traces/compare."""

import uuid

import pytest

from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces/compare"


def shown(trace, score: float) -> dict:
    return {
        "id": str(trace.id),
        "created_at": trace.created_at.isoformat().replace("+00:00", "Z"),
        "score": score,
        "trace_version": trace.trace_version,
        "payload": {
            "trace_version": trace.trace_version,
            "prompt": trace.prompt,
            "final_answer": trace.final_answer,
            "steps": trace.steps,
            "meta": trace.meta,
        },
    }


def test_two_traces_are_shown_side_by_side(reader):
    base = TraceFactory(steps=[{"i": 0, "type": "a", "content": "c" * 500}])
    other = TraceFactory(trace_version="2", steps=[{"i": 3, "type": "a", "content": "c" * 250}])
    ScoreFactory(trace=base, value=1)  # what is stored is not looked at
    response = reader.get(f"{URL}?base={base.id}&other={other.id}")
    assert response.status_code == 200
    assert response.json() == {"base": shown(base, 55.0), "other": shown(other, 30.0)}


def test_a_conversation_is_shown_too(reader):
    trace = TraceFactory(messages=[{"role": "user", "content": "?"}])
    answer = reader.get(f"{URL}/?base={trace.id}&other={trace.id}").json()
    assert answer["base"] == answer["other"]
    assert answer["base"]["payload"]["messages"] == trace.messages


def test_comparing_stores_no_score(reader):
    trace = TraceFactory()
    reader.get(f"{URL}?base={trace.id}&other={trace.id}")
    assert not trace.scores.exists()


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", ["base", "other"]),
        ("base={0}", ["other"]),
        ("base={0}&other=", ["other"]),
        ("base={0}&other=5", ["other"]),
        ("base=%00&other={0}", ["base"]),
        ("base={0}&other={0}&third={0}", ["third"]),
        ("base={0}&base={0}&other={0}", ["base"]),
    ],
)
def test_what_is_refused_names_its_parameter(reader, query, fields):
    response = reader.get(f"{URL}?{query.format(TraceFactory().id)}")
    assert (response.status_code, list(response.json())) == (400, fields)


@pytest.mark.parametrize("query", ["base={0}&other={1}", "base={1}&other={0}"])
def test_what_is_not_there_is_not_found(reader, query):
    missing = uuid.uuid4()
    response = reader.get(f"{URL}?{query.format(TraceFactory().id, missing)}")
    assert response.status_code == 404
    assert response.json() == {"detail": f"Trace {missing} not found."}


def test_the_queries_are_the_key_and_the_two_traces(reader, django_assert_num_queries):
    base, other = TraceFactory.create_batch(2)
    with django_assert_num_queries(3):
        reader.get(f"{URL}?base={base.id}&other={other.id}")
