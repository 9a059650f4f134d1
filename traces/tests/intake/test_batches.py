"""POST /api/traces/batch."""

import json
from datetime import datetime
from itertools import pairwise
from uuid import UUID

import pytest

from traces.models import Trace
from traces.tests.bodies import HOSTILE_MEMBERS, NO_TRACES, place, short, step, steps, with_members
from traces.tests.factories import BodyFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces/batch"
SKIP = f"{URL}?on_error=skip"


def post(client, bodies, url=URL):
    return client.post(url, json.dumps(bodies), content_type="application/json")


def test_what_is_no_trace_is_told_where_it_goes(writer):
    bad = {**BodyFactory(steps=["a"]), "source": "s"}
    first, second = post(writer, [bad, {"question": "Two?", "answer": "2"}]).json()["errors"]
    assert first["errors"]["source"] == ["Unknown field. It goes into `meta.source`."]
    assert first["errors"]["steps"]["0"]["non_field_errors"] == [
        'Not an object: a step is {"i": 0, "type": "reasoning", "content": "..."}.'
    ]
    for name in ("question", "answer"):
        [said] = second["errors"][name]
        assert said.endswith("Records of other names go to POST /api/traces/import.")


def test_the_answer_names_every_trace_in_input_order(writer):
    bodies = [BodyFactory(trace_version=f"v{n}") for n in range(5)]
    response = post(writer, bodies)
    assert response.status_code == 201
    stored = list(Trace.objects.order_by("id"))
    assert [trace.prompt for trace in stored] == [body["prompt"] for body in bodies]
    answer = response.json()
    times = [datetime.fromisoformat(entry["created_at"]) for entry in answer["traces"]]
    assert times == [trace.created_at for trace in stored]
    assert answer == {
        "created_count": 5,
        "existing_count": 0,
        "traces": [
            {
                "id": str(trace.id),
                "created_at": answer["traces"][n]["created_at"],
                "trace_version": f"v{n}",
                "outcome": "created",
            }
            for n, trace in enumerate(stored)
        ],
    }


def test_a_batch_stores_what_single_requests_store(writer):
    full = BodyFactory(
        steps=[step(i=2), step(i=1)],
        meta={"source": "made_up", "list": [1, 2.5, None, True, {"é": "😀"}]},
        external_id="q-1",
        tags=["a", "b"],
        messages=[{"role": "user", "content": ["text", 1]}],
    )
    for body in (full, BodyFactory(), BodyFactory(meta=None, tags=[], messages=[])):
        single = writer.post("/api/traces", {**body, "external_id": "q-2"}, format="json").json()
        entry = post(writer, [{**body, "external_id": "q-3"}]).json()["traces"][0]
        batched = writer.get(f"/api/traces/{entry['id']}").json()
        own = {"id", "created_at", "external_id"}
        assert batched.keys() == single.keys()
        assert all(batched[key] == single[key] for key in batched.keys() - own)
        assert datetime.fromisoformat(batched["created_at"]).tzinfo is not None
        Trace.objects.all().delete()


def test_ids_are_of_version_7_and_increase_strictly(writer):
    answers = [
        post(writer, [*BodyFactory.create_batch(30), BodyFactory(external_id=f"q-{n}")]).json()
        for n in range(20)
    ]
    ids = [UUID(entry["id"]) for answer in answers for entry in answer["traces"]]
    assert {identity.version for identity in ids} == {7}
    assert all(one < following for one, following in pairwise(ids))


def test_the_same_content_twice_is_two_traces(writer):
    body = BodyFactory()
    answer = post(writer, [body, body]).json()
    assert answer["created_count"] == Trace.objects.count() == 2


def test_existing_traces_are_counted_apart(writer):
    existing = BodyFactory(external_id="q-1")
    post(writer, [existing])
    answer = post(writer, [BodyFactory(), existing]).json()
    assert (answer["created_count"], answer["existing_count"]) == (1, 1)
    assert [entry["outcome"] for entry in answer["traces"]] == ["created", "exists"]


UNKNOWN = (
    "Unknown field. Known ones: trace_version, prompt, final_answer, steps, meta, external_id, "
    "tags, messages."
)


def test_all_or_nothing_by_default(writer):
    bodies = [
        BodyFactory(),
        BodyFactory(steps=steps(3, content="")),
        BodyFactory(),
        BodyFactory(prompt=5, unknown=1),
        BodyFactory(steps=[step(), step()]),
    ]
    for url in (URL, f"{URL}?on_error=abort", f"{URL}/"):
        response = post(writer, bodies, url)
        assert response.status_code == 400
        assert response.json() == {
            "detail": "Nothing was stored: 3 bad traces.",
            "errors": [
                {
                    "index": 1,
                    "errors": {"steps": {"2": {"content": ["This field may not be blank."]}}},
                },
                {
                    "index": 3,
                    "errors": {"unknown": [UNKNOWN], "prompt": ["Not a string."]},
                },
                {"index": 4, "errors": {"steps": {"1": {"i": ["Another step has this i."]}}}},
            ],
        }
    assert not Trace.objects.exists()


def test_a_taken_external_id_is_an_item_s_error(writer):
    taken = TraceFactory(external_id="q-1")
    bodies = [BodyFactory(), BodyFactory(external_id="q-1", meta={"source": "made_up"})]
    reason = f"Trace {taken.id} has this external_id and other content."
    errors = [{"index": 1, "errors": {"external_id": [reason]}}]
    refused = post(writer, bodies)
    assert (refused.status_code, refused.json()["errors"]) == (409, errors)
    assert refused.json()["detail"].startswith("Nothing was stored: ")
    assert Trace.objects.count() == 1
    stored = post(writer, bodies, SKIP)
    assert (stored.status_code, stored.json()["errors"]) == (207, errors)
    assert Trace.objects.count() == 2


def test_skipping_stores_the_rest(writer):
    good = BodyFactory.create_batch(2)
    response = post(writer, [good[0], {}, good[1], None], SKIP)
    assert response.status_code == 207
    answer = response.json()
    assert (answer["created_count"], answer["existing_count"]) == (2, 0)
    assert [entry and entry["outcome"] for entry in answer["traces"]] == [
        "created",
        None,
        "created",
        None,
    ]
    assert [error["index"] for error in answer["errors"]] == [1, 3]
    assert answer["detail"] == "The rest was stored: 2 bad traces."
    prompts = Trace.objects.order_by("id").values_list("prompt", flat=True)
    assert list(prompts) == [body["prompt"] for body in good]


def test_skipping_nothing_is_an_ordinary_answer(writer):
    response = post(writer, BodyFactory.create_batch(2), SKIP)
    assert response.status_code == 201
    assert set(response.json()) == {"created_count", "existing_count", "traces"}


@pytest.mark.parametrize("taken", [False, True])
def test_nothing_left_to_store_is_refused(writer, taken):
    TraceFactory(external_id="q-1", meta=None)
    bad = BodyFactory(external_id="q-1") if taken else BodyFactory(final_answer=None)
    response = post(writer, [bad, BodyFactory(prompt="")], SKIP)
    assert response.status_code == 400
    assert response.json()["detail"] == "Nothing was stored: 2 bad traces."
    assert [error["index"] for error in response.json()["errors"]] == [0, 1]
    assert Trace.objects.count() == 1


def test_the_first_hundred_errors_are_told(writer):
    bodies = [BodyFactory(prompt="" if n % 2 else "p") for n in range(300)]
    refused = post(writer, bodies).json()
    stored = post(writer, bodies, SKIP).json()
    for answer in (refused, stored):
        assert [error["index"] for error in answer["errors"]] == list(range(1, 201, 2))
        assert "150 bad traces" in answer["detail"]
    assert stored["created_count"] == 150


@pytest.mark.parametrize("url", [URL, SKIP])
def test_a_batch_holds_a_thousand_at_most(writer, url):
    body = BodyFactory()
    assert post(writer, [body] * 1_000, url).json()["created_count"] == 1_000
    for bodies in ([body] * 1_001, [{}] * 1_001):
        response = post(writer, bodies, url)
        assert response.status_code == 400
        assert "exceeds maximum" in response.json()["detail"]
    assert Trace.objects.count() == 1_000


@pytest.mark.parametrize("raw", ["[]", " [ ] "])
def test_an_empty_batch_is_refused(writer, raw):
    response = writer.post(URL, raw, content_type="application/json")
    assert response.status_code == 400
    assert response.json() == {"detail": "A batch holds at least one trace."}


@pytest.mark.parametrize("raw", [raw for raw in NO_TRACES if raw != b"[]"], ids=short)
def test_what_is_no_array_is_refused(writer, raw):
    response = writer.post(URL, raw, content_type="application/json")
    assert response.status_code == 400
    assert list(response.json()) == ["detail"]


@pytest.mark.parametrize(("members", "where"), HOSTILE_MEMBERS, ids=short)
def test_hostile_members_are_refused_at_their_place(writer, members, where):
    raw = f"[{json.dumps(BodyFactory())}, {with_members(members)}]"
    refused = writer.post(URL, raw, content_type="application/json")
    stored = writer.post(SKIP, raw, content_type="application/json")
    assert (refused.status_code, stored.status_code) == (400, 207)
    for answer in (refused.json(), stored.json()):
        assert [error["index"] for error in answer["errors"]] == [1]
        assert place(answer["errors"][0]["errors"]) == where
    assert Trace.objects.count() == 1


def test_a_trace_is_a_mebibyte_of_json_at_most(writer):
    large = BodyFactory(steps=steps(60, content="c"), meta={"padding": "x" * 1024**2})
    response = post(writer, [BodyFactory(), large])
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["index"], place(error["errors"])) == (1, "non_field_errors")
    fitting = {**large, "meta": {"padding": "x" * (1024**2 - 10_000)}}
    assert post(writer, [fitting] * 2).status_code == 201


def test_a_batch_is_64_mebibytes_at_most(writer, settings):
    raw = json.dumps(BodyFactory.create_batch(2)).encode()
    raw += b" " * (settings.MAX_BATCH_BYTES - len(raw))
    assert writer.post(URL, raw, content_type="application/json").status_code == 201
    assert writer.post(URL, raw + b" ", content_type="application/json").status_code == 413


@pytest.mark.parametrize(
    "query", ["on_error=ignore", "on_error=", "on_error=skip&on_error=skip", "skip=1"]
)
def test_unknown_queries_are_refused(writer, query):
    assert post(writer, [BodyFactory()], f"{URL}?{query}").status_code == 400
    assert not Trace.objects.exists()


@pytest.mark.parametrize("count", [1, 50])
def test_the_queries_do_not_grow(
    writer, count, django_assert_num_queries, django_assert_max_num_queries
):
    post(writer, [BodyFactory(external_id="warm up"), BodyFactory()])  # notes the use of the key
    with django_assert_num_queries(5):
        post(writer, BodyFactory.create_batch(count))
    named = [BodyFactory(external_id=f"{count}-{n}") for n in range(count)]
    with django_assert_num_queries(7):  # the key is known
        post(writer, named)
    with django_assert_max_num_queries(5):
        post(writer, named)


def test_more_json_than_the_memory_holds_is_refused(writer, monkeypatch):
    monkeypatch.setattr("traces.intake.bodies.MAX_TOKENS", 60)
    body = b"[" + b",".join([b"{}"] * 40) + b"]"
    response = writer.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert response.json() == {
        "detail": "The batch holds more than 60 JSON tokens: send it in parts."
    }
    assert not Trace.objects.exists()


def test_the_commas_of_a_text_are_no_json(writer, monkeypatch):
    monkeypatch.setattr("traces.intake.bodies.MAX_TOKENS", 60)
    response = post(writer, [BodyFactory(prompt='a, b, [{"c"}], ' * 50)])
    assert response.status_code == 201
