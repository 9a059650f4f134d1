"""GET /api/traces/{id}/similar, and the signatures behind it."""

from threading import Barrier
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from traces.finding import similar
from traces.finding.minhash import VERSION, minima_of
from traces.indexes import Pending, Signature
from traces.models import Trace
from traces.services import signatures
from traces.services.indexing import index_some
from traces.tests.concurrency import PATIENCE_SECONDS, at_once, elsewhere, just_before
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def index() -> None:
    while index_some(kind=Pending.Kind.SIMILAR):
        pass


def make(changed: int = 0, **fields) -> Trace:
    """Make a trace of a hundred words, the last of them changed."""
    words = [f"w{n}" for n in range(100 - changed)] + [f"x{changed}y{n}" for n in range(changed)]
    step = {"i": 0, "type": "reasoning", "content": " ".join(words)}
    return TraceFactory(**{"prompt": "Count.", "steps": [step], "final_answer": "", **fields})


def ask(client, trace: Trace, query: str = "") -> dict:
    response = client.get(f"/api/traces/{trace.pk}/similar{query}")
    assert response.status_code == 200, response.content
    return response.json()


def ids(answer: dict) -> list[str]:
    return [row["id"] for row in answer["results"]]


def test_the_most_similar_come_first_as_rows_of_the_list(reader):
    ours, near, nearer = make(), make(20), make(10)
    make(100)
    index()
    answer = ask(reader, ours)
    assert ids(answer) == [str(nearer.pk), str(near.pk)]
    assert answer["complete"] is True
    assert answer["candidates"] >= 2
    first, second = answer["results"]
    assert first.pop("similarity") == pytest.approx(89 / 109, abs=0.13)
    assert second.pop("similarity") == pytest.approx(79 / 119, abs=0.13)
    rows = {row["id"]: row for row in reader.get("/api/traces").json()["results"]}
    assert [first, second] == [rows[str(nearer.pk)], rows[str(near.pk)]]


def test_the_same_content_is_similar_and_the_trace_itself_is_not_listed(reader):
    copies = [make() for _ in range(3)]
    index()
    answer = ask(reader, copies[1])
    assert ids(answer) == [str(copies[0].pk), str(copies[2].pk)]  # equal ones by id
    assert {row["similarity"] for row in answer["results"]} == {1.0}


def test_prompt_steps_and_answer_are_all_compared(reader):
    words = " ".join(f"w{n}" for n in range(50))
    step = {"i": 0, "type": "reasoning", "content": words}
    ours = TraceFactory(prompt="a", steps=[step], final_answer="b")
    others = [
        TraceFactory(prompt=words, steps=[{**step, "content": "a"}], final_answer="b"),
        TraceFactory(prompt="a", steps=[{**step, "content": "b"}], final_answer=words),
        TraceFactory(prompt="a", steps=[{**step, "type": "other"}], final_answer="c"),
    ]
    index()
    assert sorted(ids(ask(reader, ours))) == sorted(str(trace.pk) for trace in others)


def test_a_trace_that_has_no_signature_yet_is_compared_and_the_answer_says_so(reader):
    old = make()
    index()
    new = make(5)
    answer = ask(reader, new)
    assert ids(answer) == [str(old.pk)]
    assert answer["complete"] is False
    assert ids(ask(reader, old)) == []  # the new one is found when it is indexed
    index()
    assert ids(ask(reader, old)) == [str(new.pk)]
    assert ask(reader, new) == {**answer, "complete": True}


def test_without_anything_similar_nothing_is_found(reader):
    trace = make()
    index()
    assert ask(reader, trace) == {"results": [], "candidates": 0, "complete": True}


def test_so_many_are_listed_as_are_asked_for(reader):
    traces = [make() for _ in range(25)]
    index()
    assert ids(ask(reader, traces[0])) == [str(trace.pk) for trace in traces[1:21]]
    for limit in (1, 24, 100):
        assert len(ask(reader, traces[0], f"?limit={limit}")["results"]) == min(limit, 24)


def test_the_least_similarity_is_chosen(reader):
    ours, same, near, far = make(), make(), make(10), make(45)
    index()
    everything = ask(reader, ours, "?min_similarity=0")["results"]
    assert [row["id"] for row in everything][:2] == [str(same.pk), str(near.pk)]
    assert ids(ask(reader, ours, "?min_similarity=1")) == [str(same.pk)]
    assert str(far.pk) not in ids(ask(reader, ours))
    between = everything[1]["similarity"]
    assert len(ids(ask(reader, ours, f"?min_similarity={between}"))) == 2
    assert len(ids(ask(reader, ours, f"?min_similarity={between + 0.01}"))) == 1


def test_more_candidates_than_are_compared_are_told(reader, monkeypatch):
    traces = [make() for _ in range(6)]
    index()
    monkeypatch.setattr(similar, "MAX_CANDIDATES", 4)
    answer = ask(reader, traces[0])
    assert (len(answer["results"]), answer["candidates"], answer["complete"]) == (4, 4, False)
    monkeypatch.setattr(similar, "MAX_CANDIDATES", 5)
    answer = ask(reader, traces[0])
    assert (len(answer["results"]), answer["candidates"], answer["complete"]) == (5, 5, True)


def test_signatures_of_another_version_are_not_compared_and_are_written_anew(reader):
    ours, other = make(), make()
    index()
    Signature.objects.filter(pk=other.pk).update(version=VERSION - 1)
    assert ids(ask(reader, ours)) == []
    assert ids(ask(reader, other)) == [str(ours.pk)]
    signatures.index_signatures(trace_ids=[ours.pk, other.pk])
    assert ids(ask(reader, ours)) == [str(other.pk)]


def test_prompt_and_solution_have_minima_of_their_own():
    first, second = make(), make(20)
    index()
    for trace in (first, second):
        stored = Signature.objects.get(pk=trace.pk)
        texts = [trace.prompt, f"{trace.steps[0]['content']}\n{trace.final_answer}"]
        assert [stored.prompt_minima, stored.solution_minima] == [
            minima.tobytes() for minima in minima_of(texts)
        ]
    assert Signature.objects.values("prompt_minima").distinct().count() == 1
    assert Signature.objects.values("solution_minima").distinct().count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_index_the_same_trace_do_not_stop_each_other(monkeypatch):
    trace = make()
    Pending.objects.create(kind=Pending.Kind.SIMILAR, trace_ids=[trace.pk] * 11)
    computed, both = signatures._computed, Barrier(2)

    def compute_and_meet(trace_ids):
        yield from computed(trace_ids)
        both.wait(PATIENCE_SECONDS)

    monkeypatch.setattr(signatures, "_computed", compute_and_meet)
    at_once([lambda: index_some(kind=Pending.Kind.SIMILAR)] * 2)
    assert list(Signature.objects.values_list("pk", flat=True)) == [trace.pk]
    assert not Pending.objects.filter(kind=Pending.Kind.SIMILAR).exists()


@pytest.mark.django_db(transaction=True)
def test_traces_from_before_there_were_two_signatures_get_them():
    old = Trace.objects.bulk_create(TraceFactory.build_batch(2_001))
    Pending.objects.filter(kind=Pending.Kind.SIMILAR).delete()
    waiting = make()
    call_command("migrate", "traces", "0004", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO traces_signature (trace_id, version, minima, bands)"
                " VALUES (%s, 201, '', '{1}')",
                [old[0].pk],
            )
    finally:
        call_command("migrate", verbosity=0)  # and what rests on it
    assert not Signature.objects.exists()
    noted = Pending.objects.filter(kind=Pending.Kind.SIMILAR).order_by("pk")
    counts = [row.trace_count for row in noted]
    assert counts == [1_000, 1_000, 2]
    assert [pk for row in noted for pk in row.trace_ids] == [trace.pk for trace in [*old, waiting]]
    index()
    assert Signature.objects.filter(version=VERSION).count() == 2_002


def test_a_signature_goes_with_its_trace(reader):
    ours, other = make(), make()
    index()
    other.delete()
    assert list(Signature.objects.values_list("pk", flat=True)) == [ours.pk]
    assert ids(ask(reader, ours)) == []


def test_all_that_is_pending_is_indexed_but_what_is_gone(reader):
    traces = [make(n) for n in range(120)]
    traces.pop().delete()
    index()
    assert set(Signature.objects.values_list("pk", flat=True)) == {trace.pk for trace in traces}
    assert not Pending.objects.filter(kind=Pending.Kind.SIMILAR).exists()
    signatures.index_signatures(trace_ids=[uuid4(), traces[0].pk])  # the first is of no trace
    assert Signature.objects.count() == 119


@pytest.mark.django_db(transaction=True)
def test_a_trace_deleted_while_it_is_answered_is_left_out(reader):
    ours, other = make(), make()
    index()
    gone = Trace.objects.filter(pk=other.pk)
    with just_before('LEFT("traces_trace"."prompt"', lambda: elsewhere(gone.delete)):
        assert ids(ask(reader, ours)) == []


@pytest.mark.parametrize("identity", ["nothing", "00000000-0000-7000-8000-000000000000", "%00"])
def test_an_unknown_trace_is_not_found(reader, identity):
    assert reader.get(f"/api/traces/{identity}/similar").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=a", "limit"),
        ("min_similarity=-0.1", "min_similarity"),
        ("min_similarity=1.1", "min_similarity"),
        ("min_similarity=nan", "min_similarity"),
        ("min_similarity=", "min_similarity"),
        ("cursor=a", "cursor"),
        ("source=a", "source"),
    ],
)
def test_a_bad_parameter_is_named(reader, query, field):
    response = reader.get(f"/api/traces/{make().pk}/similar?{query}")
    assert (response.status_code, list(response.json())) == (400, [field])


@pytest.mark.parametrize("count", [2, 30])
def test_the_queries_do_not_grow(reader, count, django_assert_num_queries):
    traces = [make() for _ in range(count)]
    index()
    # the key, the trace, its signature, what waits, the planner's setting, candidates, rows
    with django_assert_num_queries(7):
        ask(reader, traces[0], "?limit=100")
