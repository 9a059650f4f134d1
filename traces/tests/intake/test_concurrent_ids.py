"""Many who send the same external_id at once lose nothing, double nothing and do not deadlock."""

import contextlib
import random
import threading
from functools import partial

import pytest
from django.db import connection, transaction

from traces.models import Trace
from traces.tests.concurrency import (
    PATIENCE_SECONDS,
    at_once,
    elsewhere,
    just_before,
    like,
    wait_for_a_lock_past_its_deadlock_check,
)
from traces.tests.factories import BodyFactory, TraceFactory

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/traces"
BATCH = f"{URL}/batch"
INSERT = "INSERT INTO traces_trace"
LOOK = '"traces_trace"."external_id" ='


def post(client, body, url=URL):
    return client.post(url, body, format="json")


def named(external_id: str, **changes) -> dict:
    return BodyFactory(prompt=f"What is {external_id}?", external_id=external_id, **changes)


def test_of_many_at_once_one_is_created(writer):
    body = BodyFactory(external_id="q-1")
    answers = at_once([partial(post, like(writer), body) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert {answer.json()["id"] for answer in answers} == {str(Trace.objects.get().id)}


def test_of_many_contents_at_once_one_is_stored(writer):
    bodies = [BodyFactory(external_id="q-1") for _ in range(8)]
    answers = at_once([partial(post, like(writer), body) for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    winner = [answer.status_code for answer in answers].index(201)
    assert Trace.objects.get().prompt == bodies[winner]["prompt"]


@pytest.mark.parametrize("query", ["", "?on_error=skip"])
def test_overlapping_batches_lose_nothing_and_double_nothing(writer, query):
    bodies = [named(f"q-{n}", final_answer=str(n), steps=BodyFactory()["steps"]) for n in range(60)]
    batches = [[*random.sample(bodies, 40), BodyFactory()] for _ in range(8)]
    answers = at_once([partial(post, like(writer), batch, BATCH + query) for batch in batches])
    assert {answer.status_code for answer in answers} == {201}

    ids = dict(Trace.objects.exclude(external_id=None).values_list("external_id", "id"))
    assert set(ids) == {body["external_id"] for batch in batches for body in batch[:-1]}
    for batch, answer in zip(batches, answers, strict=True):
        shown = [entry["id"] for entry in answer.json()["traces"]]
        assert shown[:-1] == [str(ids[body["external_id"]]) for body in batch[:-1]]
    created = sum(answer.json()["created_count"] for answer in answers)
    assert created == Trace.objects.count() == len(ids) + 8


def test_a_deadlock_with_another_writer_is_outlived(writer):
    bodies = [named("a"), named("b")]
    holds, may_wait = threading.Event(), threading.Event()

    def other_writer() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            TraceFactory(**bodies[1], meta=None)
            holds.set()
            assert may_wait.wait(PATIENCE_SECONDS)
            cursor.execute("SELECT pg_advisory_xact_lock(1)")

    def cross() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(1)")
        may_wait.set()
        wait_for_a_lock_past_its_deadlock_check()  # the next check is the batch's

    def batch():
        assert holds.wait(PATIENCE_SECONDS)
        with just_before("unnest(", cross):
            return post(writer, bodies, BATCH)

    _, response = at_once([other_writer, batch])
    assert response.status_code == 201
    outcomes = {entry["outcome"] for entry in response.json()["traces"]}
    assert outcomes == {"created", "exists"}
    assert Trace.objects.count() == 2


def test_a_lock_that_cannot_be_had_is_not_tried_again(writer):
    body = named("a")

    def post_impatiently():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'")
        return post(writer, body)

    with transaction.atomic():
        TraceFactory(**body, meta=None)
        response = elsewhere(post_impatiently)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def store_elsewhere(body: dict):
    return elsewhere(partial(TraceFactory, **body, meta=None))


@pytest.mark.parametrize(("changes", "code"), [({}, 200), ({"final_answer": "other"}, 409)])
def test_an_id_taken_while_one_looks_is_the_others(writer, changes, code):
    body = named("a")
    with just_before(INSERT, lambda: store_elsewhere({**body, **changes})):
        response = post(writer, body)
    assert response.status_code == code
    assert Trace.objects.count() == 1


def test_a_batch_keeps_its_place_when_others_are_quicker(writer):
    bodies = [named(external_id) for external_id in "abcde"]
    others = [{**body, "final_answer": "other"} for body in bodies]
    post(writer, bodies[0])
    post(writer, others[1])
    with just_before("SAVEPOINT", lambda: (store_elsewhere(others[2]), store_elsewhere(bodies[3]))):
        answer = post(writer, [*bodies, BodyFactory()], f"{BATCH}?on_error=skip").json()
    outcomes = [entry and entry["outcome"] for entry in answer["traces"]]
    assert outcomes == ["exists", None, None, "exists", "created", "created"]
    assert (answer["created_count"], answer["existing_count"]) == (2, 2)
    assert [error["index"] for error in answer["errors"]] == [1, 2]
    assert Trace.objects.count() == 6


def test_an_id_taken_and_freed_while_one_looks_is_free(writer):
    body = named("a")
    with contextlib.ExitStack() as later:

        def take_and_free() -> None:
            store_elsewhere(body)
            free = just_before(LOOK, lambda: elsewhere(Trace.objects.all().delete))
            later.enter_context(free)

        later.enter_context(just_before(INSERT, take_and_free))
        response = post(writer, body)
    assert response.status_code == 201
    assert response.json()["id"] == str(Trace.objects.get().id)


def test_a_batch_outlives_one_who_takes_and_frees_its_id_again_and_again(writer):
    body = named("a")
    rounds = iter(range(12, 0, -1))
    held = []

    def watch(execute, sql, *rest):
        if sql.startswith(("SAVEPOINT", "INSERT INTO traces_trace")) and next(rounds, None):
            held or held.append(store_elsewhere(body))
        elif "unnest(" in sql and held:
            elsewhere(held.pop().delete)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        response = post(writer, [body, BodyFactory()], BATCH)
    assert response.status_code == 201
    assert next(rounds, None) is None
    stored = {str(trace.id) for trace in Trace.objects.all()}
    assert [entry["id"] in stored for entry in response.json()["traces"]] == [True, True]
    assert len(stored) == 2


def test_a_batch_says_that_what_was_there_exists_though_it_is_deleted_then(writer):
    bodies = [named("a"), named("b")]
    first = post(writer, bodies[0]).json()
    deletion = just_before(
        "INSERT INTO traces_trace", lambda: elsewhere(Trace.objects.all().delete)
    )
    with just_before("SAVEPOINT", lambda: store_elsewhere(bodies[1])), deletion:
        answer = post(writer, [bodies[0], bodies[1], named("c")], BATCH).json()
    assert [entry["outcome"] for entry in answer["traces"]] == ["exists", "exists", "created"]
    assert answer["traces"][0]["id"] == first["id"]
    assert [trace.external_id for trace in Trace.objects.all()] == ["c"]
