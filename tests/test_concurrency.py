"""Eight clients at once, over HTTP: nothing is lost, nothing doubled, nobody sees a 5xx."""

import json
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from datasets.models import Dataset, DatasetItem
from tests.routes import TRACE
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

CLIENTS = 8


@pytest.fixture
def at_once(site_as):
    """Call a function with a client and its number, in eight threads that start together."""

    def run(function):
        clients = [site_as("curator") for _ in range(CLIENTS)]
        together = threading.Barrier(CLIENTS)

        def start(number):
            together.wait()
            return function(clients[number], number)

        with ThreadPoolExecutor(CLIENTS) as threads:
            return list(threads.map(start, range(CLIENTS)))

    return run


def document(number, **changes):
    return {**TRACE, "prompt": f"Question {number}", "meta": {"source": "many"}, **changes}


def named(number):
    return document(number, external_id=f"id {number}")


def test_overlapping_batches_store_every_trace_once(at_once):
    ids, rounds, size = 300, 6, 100

    def send(client, number):
        chosen = random.Random(number)
        answers = []
        for _ in range(rounds):
            numbers = chosen.sample(range(ids), size)
            answers.append((numbers, client.post("/api/traces/batch", json=[*map(named, numbers)])))
        return answers

    answers = [answer for sent in at_once(send) for answer in sent]
    assert {response.status_code for _, response in answers} == {201}
    stored = {trace.external_id: str(trace.id) for trace in Trace.objects.all()}
    asked = {number for numbers, _ in answers for number in numbers}
    assert stored.keys() == {f"id {number}" for number in asked}
    assert Trace.objects.count() == len(asked)
    assert sum(response.json()["created_count"] for _, response in answers) == len(asked)
    for numbers, response in answers:
        entries = response.json()["traces"]
        assert [entry["id"] for entry in entries] == [stored[f"id {number}"] for number in numbers]


def test_repeated_content_without_an_id_is_kept_every_time(at_once):
    def send(client, number):
        return [client.post("/api/traces/batch", json=[TRACE] * 25) for _ in range(4)]

    answers = [response for sent in at_once(send) for response in sent]
    entries = [entry["id"] for response in answers for entry in response.json()["traces"]]
    assert len(set(entries)) == CLIENTS * 100
    assert Trace.objects.count() == CLIENTS * 100
    assert len(set(Trace.objects.values_list("content_hash", flat=True))) == 1


def test_ids_of_a_batch_increase_whatever_the_others_do(at_once):
    def send(client, number):
        return client.post("/api/traces/batch", json=[document(n) for n in range(200)]).json()

    for answer in at_once(send):
        ids = [entry["id"] for entry in answer["traces"]]
        assert ids == sorted(set(ids))


@pytest.mark.parametrize("path", ["/api/traces", "/api/traces/batch"])
def test_one_id_with_eight_contents_is_one_trace(at_once, path):
    def send(client, number):
        body = document(0, external_id="one", final_answer=str(number))
        return client.post(path, json=body if path == "/api/traces" else [body])

    answers = at_once(send)
    assert Counter(response.status_code for response in answers) == {201: 1, 409: CLIENTS - 1}
    winner = next(number for number in range(CLIENTS) if answers[number].status_code == 201)
    assert Trace.objects.get().final_answer == str(winner)


def test_the_bad_ones_of_skipping_batches_are_told_to_their_sender(at_once):
    def send(client, number):
        bodies = [named(n) for n in range(50)]
        bodies[number] = document(number, external_id=f"id {number}", final_answer="mine")
        random.Random(number).shuffle(bodies)
        return bodies, client.post("/api/traces/batch?on_error=skip", json=bodies)

    answers = at_once(send)
    assert {response.status_code for _, response in answers} <= {201, 207}
    assert Trace.objects.count() == 50
    contents = {trace.external_id: trace.final_answer for trace in Trace.objects.all()}
    for bodies, response in answers:
        refused = {error["index"] for error in response.json().get("errors", [])}
        for index, body in enumerate(bodies):
            same = contents[body["external_id"]] == body["final_answer"]
            assert (response.json()["traces"][index] is not None) is same
            assert (index in refused) is not same


def test_the_same_build_is_done_once(at_once):
    TraceFactory.create_batch(50)
    request = {
        "dataset_name": "one",
        "dataset_version": "1",
        "selection_strategy": "random",
        "seed": 3,
        "splits": {"train": 0.8, "validation": 0.2},
    }
    answers = at_once(lambda client, _: client.post("/api/datasets/build", json=request))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLIENTS - 1}
    assert len({json.dumps(answer.json()) for answer in answers}) == 1
    assert Dataset.objects.count() == 1
    assert DatasetItem.objects.count() == 50


def test_of_eight_builds_under_one_name_one_wins(at_once):
    TraceFactory.create_batch(CLIENTS)

    def build(client, number):
        request = {"dataset_name": "one", "dataset_version": "1", "limit": number + 1}
        return client.post("/api/datasets/build", json=request)

    answers = at_once(build)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: CLIENTS - 1}
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    assert DatasetItem.objects.count() == winner["trace_count"]


def test_of_names_that_share_a_key_one_wins(at_once):
    TraceFactory()
    names = [("a-b", "c"), ("a", "b-c")]

    def build(client, number):
        name, version = names[number % 2]
        request = {"dataset_name": name, "dataset_version": version}
        return client.post("/api/datasets/build", json=request)

    codes = Counter(answer.status_code for answer in at_once(build))
    assert codes == {201: 1, 200: CLIENTS // 2 - 1, 409: CLIENTS // 2}
    assert Dataset.objects.count() == 1


def test_what_is_deleted_is_in_no_dataset_that_is_built_meanwhile(at_once):
    traces = [str(trace.id) for trace in TraceFactory.create_batch(120)]

    def work(client, number):
        if number % 2:
            mine = traces[number // 2 :: CLIENTS // 2]
            return [client.delete(f"/api/traces/{identity}") for identity in mine]
        request = {"dataset_name": f"set {number}", "selection_strategy": "random", "seed": number}
        return [
            client.post("/api/datasets/build", json={**request, "dataset_version": str(n)})
            for n in range(6)
        ]

    answers = at_once(work)
    built = [answer for number in range(0, CLIENTS, 2) for answer in answers[number]]
    deleted = [answer for number in range(1, CLIENTS, 2) for answer in answers[number]]
    assert {answer.status_code for answer in built} <= {201, 400, 409}
    assert {answer.status_code for answer in deleted} <= {204, 409}
    gone = Counter(answer.status_code for answer in deleted)[204]
    assert Trace.objects.count() == len(traces) - gone
    keys = {answer.json()["dataset_key"] for answer in built if answer.status_code == 201}
    assert set(Dataset.objects.values_list("key", flat=True)) == keys
    for dataset in Dataset.objects.all():
        assert dataset.items.filter(trace__in=Trace.objects.all()).count() == dataset.trace_count


def test_datasets_built_read_and_deleted_at_once_are_whole_or_gone(at_once):
    TraceFactory.create_batch(300)

    def work(client, number):
        key, answers = f"set_{number // 2}-1", []
        for _ in range(12):
            if number % 2:
                answers.append(client.get(f"/api/datasets/{key}/export.jsonl"))
                answers.append(client.get(f"/api/datasets/{key}/manifest"))
            else:
                name = {"dataset_name": f"set {number // 2}", "dataset_version": "1"}
                answers.append(client.post("/api/datasets/build", json=name))
                answers.append(client.delete(f"/api/datasets/{key}"))
        return answers

    answers = at_once(work)
    for number in range(0, CLIENTS, 2):
        codes = [answer.status_code for answer in answers[number]]
        assert codes == [201, 204] + [409, 404] * 11
    for number in range(1, CLIENTS, 2):
        for answer in answers[number]:
            assert answer.status_code in (200, 404)
            if answer.status_code == 200 and "X-Row-Count" in answer.headers:
                assert len(answer.content.splitlines()) == 100
            elif answer.status_code == 200:
                assert len(answer.json()["trace_ids"]) == 100


def test_status_tags_and_scores_of_one_trace_by_eight_hands(at_once):
    trace = TraceFactory()

    def work(client, number):
        status = ("approved", "rejected", "flagged")[number % 3]
        return [
            client.patch(f"/api/traces/{trace.id}", json={"status": status, "tags": [status]}),
            client.post(f"/api/traces/{trace.id}/score", json={"criteria": "baseline"}),
        ]

    answers = [answer for sent in at_once(work) for answer in sent]
    assert {answer.status_code for answer in answers} == {200, 201}
    trace.refresh_from_db()
    assert trace.tags == [trace.status]
    assert trace.scores.count() == 1
    assert trace.reviews.first().verdict == trace.status
