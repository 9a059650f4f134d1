"""GET /api/traces/{id}."""

from datetime import UTC, datetime

import pytest

from traces.models import Trace
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces"

NO_IDS = [
    "01890000-0000-7000-8000-000000000000",
    "0",
    "5",
    "none",
    "null",
    "None",
    "%00",
    "%ff",
    "%ed%a0%80",
    "a%00b",
    "%F0%9F%98%80",
    "é",
    "..",
    "%2e%2e",
    "%2F",
    "%25",
    "-",
    ".",
    "a.json",
    "{}",
    "' OR 1=1 --",
    "x" * 5_000,
    "9" * 32,
    "\u0660" * 32,
    "g" * 32,
    "01890000-0000-7000-8000-00000000000",
    "batches",
]


def test_a_trace_is_shown_with_its_content_and_scores(reader):
    trace = ApprovedTraceFactory(
        meta={"source": "made_up", "n": 1.5},
        external_id="q-1",
        tags=["a"],
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )
    older = ScoreFactory(trace=trace, value=12.25, details={"why": ["long"]})
    newer = ScoreFactory(trace=trace, criteria="judge", scorer_version="v2", value=-1)
    response = reader.get(f"{URL}/{trace.id}")
    assert response.status_code == 200
    assert response.json() == {
        "id": str(trace.id),
        "created_at": "2026-01-02T03:04:05.678901Z",
        "trace_version": "1.0",
        "source": "made_up",
        "external_id": "q-1",
        "status": "approved",
        "tags": ["a"],
        "content_hash": str(trace.content_hash),
        "prompt_hash": str(trace.prompt_hash),
        "step_count": 2,
        "payload": {
            "trace_version": "1.0",
            "prompt": trace.prompt,
            "final_answer": trace.final_answer,
            "steps": trace.steps,
            "meta": {"source": "made_up", "n": 1.5},
        },
        "scores": [shown(newer), shown(older)],
    }


def test_what_an_import_cut_off_is_shown(reader):
    original = {"solution": "ü" * 300, "levels": [1, 2.5, None]}
    trace = TraceFactory(original=original)
    assert reader.get(f"{URL}/{trace.id}").json()["original"] == original


def shown(score) -> dict:
    return {
        "trace": str(score.trace_id),
        "criteria": score.criteria,
        "scorer_version": score.scorer_version,
        "value": score.value,
        "details": score.details,
        "created_at": score.created_at.isoformat().replace("+00:00", "Z"),
    }


def test_the_conversation_is_shown_where_there_was_one(reader):
    messages = [{"role": "user", "content": None, "more": [1]}]
    with_messages, empty, without = (
        TraceFactory(messages=messages),
        TraceFactory(messages=[]),
        TraceFactory(),
    )
    payloads = [
        reader.get(f"{URL}/{trace.id}").json()["payload"]
        for trace in (with_messages, empty, without)
    ]
    assert [payload.get("messages") for payload in payloads] == [messages, [], None]


@pytest.mark.parametrize("path", ["{0}", "{0}/", "{1}", "{2}"])
def test_an_id_may_be_written_in_several_ways(reader, path):
    identity = TraceFactory().id
    url = f"{URL}/{path.format(identity, str(identity).upper(), identity.hex)}"
    assert reader.get(url).json()["id"] == str(identity)


@pytest.mark.parametrize("identity", NO_IDS, ids=lambda value: ascii(value)[:30])
def test_what_is_not_there_is_not_found(curator, identity):
    TraceFactory()
    url = f"{URL}/{identity}"
    for response in (
        curator.get(url),
        curator.get(f"{url}/scores"),
        curator.patch(url, {}, format="json"),
        curator.delete(url),
        curator.post(f"{url}/score", {"criteria": "baseline"}, format="json"),
    ):
        assert response.status_code == 404
        assert list(response.json()) == ["detail"]
        assert len(response.json()["detail"]) < 100
    assert Trace.objects.count() == 1


def test_no_query_parameter_is_known(reader):
    trace = TraceFactory()
    for path in (f"{trace.id}", f"{trace.id}/scores"):
        response = reader.get(f"{URL}/{path}?limit=1")
        assert (response.status_code, list(response.json())) == (400, ["limit"])


def test_head_answers_without_a_body(reader):
    trace = TraceFactory()
    response = reader.head(f"{URL}/{trace.id}")
    assert (response.status_code, response.content) == (200, b"")
    assert reader.head(f"{URL}/nothing").status_code == 404


def test_a_trace_is_shown_to_people_too(reader):
    trace = TraceFactory(prompt="<script>alert(1)</script>")
    response = reader.get(f"{URL}/{trace.id}", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert "<script>alert(1)" not in response.content.decode()


@pytest.mark.parametrize("count", [0, 20])
def test_the_queries_do_not_grow(reader, count, django_assert_num_queries):
    trace = TraceFactory(steps=[{"i": n, "type": "a", "content": "b"} for n in range(count + 1)])
    for n in range(count):
        ScoreFactory(trace=trace, scorer_version=str(n))
    with django_assert_num_queries(3):  # the key, the trace, its scores
        reader.get(f"{URL}/{trace.id}")
