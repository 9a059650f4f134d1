"""POST /api/scores/batch: scores from outside."""

import json
import random
from functools import partial

import pytest

from traces.models import Score, Trace
from traces.tests.bodies import short
from traces.tests.concurrency import at_once, elsewhere, just_before, like
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.views.score_batches import MAX_BYTES

pytestmark = pytest.mark.django_db

URL = "/api/scores/batch"
UNKNOWN = "00000000-0000-7000-8000-000000000000"


def score(trace, /, **fields) -> dict:
    return {"trace": str(getattr(trace, "pk", trace)), "criteria": "judge", "value": 0.5, **fields}


def send(client, scores, **headers):
    return client.post(URL, scores, format="json", headers=headers)


def errors(response) -> dict[int, dict]:
    assert response.status_code == 400, response.content
    return {error["index"]: error["errors"] for error in response.json()["errors"]}


def test_scores_are_stored_with_the_traces(curator):
    first, second = TraceFactory.create_batch(2)
    response = send(
        curator,
        [
            score(first, scorer_version="v2", value=0.25, details={"why": ["é", None, 1.5]}),
            score(second, value=1),
        ],
    )
    assert response.status_code == 201
    assert response.json() == {"created_count": 2, "updated_count": 0}
    (listed,) = curator.get(f"/api/traces/{first.pk}/scores").json()
    assert listed.pop("created_at")
    assert listed == {
        "trace": str(first.pk),
        "criteria": "judge",
        "scorer_version": "v2",
        "value": 0.25,
        "details": {"why": ["é", None, 1.5]},
    }
    (listed,) = curator.get(f"/api/traces/{second.pk}/scores").json()
    assert (listed["scorer_version"], listed["value"], listed["details"]) == ("1", 1.0, {})
    found = curator.get("/api/traces?criteria=judge&min_score=1").json()["results"]
    assert [row["id"] for row in found] == [str(second.pk)]


@pytest.mark.parametrize("criteria", ["answer_correctness", "format", "length"])
def test_others_may_judge_what_is_computed_here(curator, criteria):
    trace = TraceFactory(meta={"reference_answer": "4"}, final_answer="4")
    assert send(curator, [score(trace, criteria=criteria)]).status_code == 201
    curator.post(f"/api/traces/{trace.pk}/score", {"criteria": criteria}, format="json")
    found = trace.scores.filter(criteria=criteria).values_list("scorer_version", flat=True)
    assert sorted(found) == ["1", "tunix-1"]


def test_a_judge_may_be_undecided(curator):
    trace, outcome = TraceFactory(), {"outcome": "undecided"}
    sent = [score(trace, value=None, details=outcome)]
    assert send(curator, sent).json() == {"created_count": 1, "updated_count": 0}
    (listed,) = curator.get(f"/api/traces/{trace.pk}/scores").json()
    assert (listed["value"], listed["details"]) == (None, outcome)
    assert send(curator, [score(trace)]).json() == {"created_count": 0, "updated_count": 1}
    assert send(curator, sent).json() == {"created_count": 0, "updated_count": 1}
    assert Score.objects.get().value is None


def test_a_score_of_the_same_version_is_replaced(curator):
    trace, other = TraceFactory.create_batch(2)
    old = ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=0.1)
    ScoreFactory(trace=trace, criteria="judge", scorer_version="2", value=0.2)
    sent = [score(trace, value=0.9, details={"a": 1}), score(other)]
    assert send(curator, sent).json() == {"created_count": 1, "updated_count": 1}
    old.refresh_from_db()
    assert (old.value, old.details) == (0.9, {"a": 1})
    assert list(trace.scores.values_list("scorer_version", "value")) == [("2", 0.2), ("1", 0.9)]
    assert send(curator, [score(trace)]).json() == {"created_count": 0, "updated_count": 1}
    old.refresh_from_db()
    assert (old.value, old.details) == (0.5, {})


def test_a_trace_may_have_scores_of_many_criteria_and_versions_in_one_batch(curator):
    trace = TraceFactory()
    sent = [score(trace, criteria=f"c{n % 3}", scorer_version=str(n)) for n in range(9)]
    assert send(curator, sent).json() == {"created_count": 9, "updated_count": 0}
    assert trace.scores.count() == 9


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"trace": None}, "trace"),
        ({"trace": 5}, "trace"),
        ({"trace": "x"}, "trace"),
        ({"trace": UNKNOWN}, "trace"),
        ({"criteria": ""}, "criteria"),
        ({"criteria": "c" * 65}, "criteria"),
        ({"criteria": 5}, "criteria"),
        ({"criteria": "a\0"}, "criteria"),
        ({"criteria": "\ud800"}, "criteria"),
        ({"criteria": "baseline"}, "criteria"),
        ({"criteria": "baseline", "scorer_version": "mine"}, "criteria"),
        ({"criteria": "answer_correctness", "scorer_version": "tunix-1"}, "scorer_version"),
        ({"scorer_version": ""}, "scorer_version"),
        ({"scorer_version": None}, "scorer_version"),
        ({"scorer_version": 1}, "scorer_version"),
        ({"scorer_version": "v" * 65}, "scorer_version"),
        ({"value": None}, "value"),
        ({"value": None, "details": {"outcome": "wrong"}}, "value"),
        ({"value": "0.5"}, "value"),
        ({"value": True}, "value"),
        ({"value": float("nan")}, "value"),
        ({"value": float("inf")}, "value"),
        ({"value": 2**63}, "value"),
        ({"details": None}, "details"),
        ({"details": []}, "details"),
        ({"details": {"a": "\0"}}, "details"),
        ({"details": {"a": [float("-inf")]}}, "details"),
        ({"details": {"a": 10**30}}, "details"),
        ({"created_at": "2026-01-01"}, "created_at"),
    ],
    ids=short,
)
def test_what_is_refused_names_index_and_field(curator, fields, field):
    trace = TraceFactory()
    body = json.dumps([score(trace), score(trace, **{"criteria": "other", **fields})])
    response = curator.post(URL, body, content_type="application/json")
    assert {index: list(found) for index, found in errors(response).items()} == {1: [field]}
    assert response.json()["detail"] == "Nothing was stored: 1 bad score."
    assert not Score.objects.exists()


@pytest.mark.parametrize("item", [None, 5, "a", [], {}])
def test_what_is_no_score_is_named(curator, item):
    assert list(errors(send(curator, [score(TraceFactory()), item]))) == [1]


def test_all_bad_ones_are_named_of_whatever_kind(curator):
    trace = TraceFactory()
    sent = [score(UNKNOWN), score(trace), score(trace, value=None), score(trace), score(UNKNOWN)]
    found = errors(send(curator, sent))
    assert {index: list(fields) for index, fields in found.items()} == {
        0: ["trace"],
        2: ["value"],
        3: ["non_field_errors"],
        4: ["trace"],
    }
    assert found[0]["trace"] == [f"Trace {UNKNOWN} not found."]
    assert not Score.objects.exists()


def test_the_same_version_is_the_same_whether_given_or_not(curator):
    trace = TraceFactory()
    sent = [score(trace), score(str(trace.pk).upper(), scorer_version="1", value=1)]
    assert list(errors(send(curator, sent))) == [1]


def test_the_first_hundred_errors_are_told(curator):
    response = send(curator, [score(UNKNOWN, criteria=str(n)) for n in range(150)])
    assert list(errors(response)) == list(range(100))
    assert response.json()["detail"] == "Nothing was stored: 150 bad scores."


def test_a_batch_holds_a_thousand_at_most(curator):
    trace = TraceFactory()
    sent = [score(trace, criteria=str(n)) for n in range(1_001)]
    response = send(curator, sent)
    assert response.status_code == 400
    assert response.json() == {"detail": "A batch of 1,001 scores exceeds maximum of 1,000."}
    assert send(curator, sent[:1_000]).json()["created_count"] == 1_000


@pytest.mark.parametrize("raw", ["[]", "{}", "null", '"a"', "5", "[", "", "\x00"])
def test_what_is_no_array_of_scores_is_refused(curator, raw):
    response = curator.post(URL, raw, content_type="application/json")
    assert response.status_code == 400
    assert list(response.json()) == ["detail"]


def test_a_batch_is_eight_mebibytes_at_most(curator):
    raw = json.dumps([score(TraceFactory())]).encode()
    raw += b" " * (MAX_BYTES - len(raw))
    assert curator.post(URL, raw, content_type="application/json").status_code == 201
    assert curator.post(URL, raw + b" ", content_type="application/json").status_code == 413


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_scores_are_for_curators(client_as, role):
    assert send(client_as(role), [score(TraceFactory())]).status_code == 403
    assert not Score.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_not_there(curator, method):
    assert getattr(curator, method)(URL).status_code == 405
    assert curator.get("/api/scores").status_code == 404


def test_unknown_queries_are_refused(curator):
    response = curator.post(f"{URL}?on_error=skip", [score(TraceFactory())], format="json")
    assert (response.status_code, list(response.json())) == (400, ["on_error"])


def test_a_repetition_under_the_same_key_is_answered_alike(curator):
    sent = [score(TraceFactory())]
    answers = [send(curator, sent, **{"Idempotency-Key": "night-1"}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"created_count": 1, "updated_count": 0}] * 2
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    other = [{**sent[0], "value": 0.1}]
    assert send(curator, other, **{"Idempotency-Key": "night-1"}).status_code == 422


@pytest.mark.parametrize("count", [1, 100])
def test_the_queries_do_not_grow(curator, count, django_assert_num_queries):
    sent = [score(trace) for trace in TraceFactory.create_batch(count)]
    send(curator, sent)  # notes the use of the key
    with django_assert_num_queries(6):  # key, savepoint and its end, traces, scores, event
        send(curator, sent)


@pytest.mark.django_db(transaction=True)
def test_overlapping_batches_at_once_all_succeed(curator):
    traces = TraceFactory.create_batch(60)
    batches = [random.Random(n).sample([score(t, value=n) for t in traces], 50) for n in range(8)]
    answers = at_once([partial(send, like(curator), batch) for batch in batches])
    assert [answer.status_code for answer in answers] == [201] * 8
    stored = Score.objects.count()
    assert sum(answer.json()["created_count"] for answer in answers) == stored <= 60
    assert sum(sum(answer.json().values()) for answer in answers) == 8 * 50


@pytest.mark.django_db(transaction=True)
def test_a_trace_deleted_meanwhile_is_named(curator):
    kept, gone = TraceFactory.create_batch(2)
    remove = partial(elsewhere, Trace.objects.filter(pk=gone.pk).delete)
    with just_before("FOR NO KEY UPDATE", remove):
        response = send(curator, [score(kept), score(gone)])
    assert list(errors(response)) == [1]
    assert not Score.objects.exists()
