"""DELETE /api/traces/{id}."""

import pytest

from datasets.models import DatasetItem
from datasets.tests.factories import DatasetFactory
from traces.models import Review, Score, Trace
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import BodyFactory, ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces"


def test_a_trace_goes_with_its_scores_and_reviews(curator):
    kept = ScoreFactory()
    trace = TraceFactory()
    ScoreFactory(trace=trace)
    curator.patch(f"{URL}/{trace.id}", {"status": "rejected"}, format="json")
    response = curator.delete(f"{URL}/{trace.id}")
    assert (response.status_code, response.content) == (204, b"")
    assert curator.get(f"{URL}/{trace.id}").status_code == 404
    assert list(Trace.objects.all()) == [kept.trace]
    assert list(Score.objects.all()) == [kept]
    assert not Review.objects.exists()


def test_a_second_time_there_is_nothing_to_delete(curator):
    trace = TraceFactory()
    assert curator.delete(f"{URL}/{trace.id}/").status_code == 204
    assert curator.delete(f"{URL}/{trace.id}").status_code == 404


def test_the_same_trace_can_be_sent_again(curator):
    body = BodyFactory(external_id="q-1")
    first = curator.post(URL, body, format="json").json()
    curator.delete(f"{URL}/{first['id']}")
    again = curator.post(URL, body, format="json")
    assert again.status_code == 201
    assert again.json()["id"] != first["id"]


def test_datasets_that_hold_it_are_named(curator):
    trace = TraceFactory()
    DatasetFactory(name="sums", version="2")
    DatasetFactory(name="all sums", version="1")
    free = TraceFactory()
    response = curator.delete(f"{URL}/{trace.id}")
    assert response.status_code == 409
    assert response.json() == {
        "detail": "The trace is held by: all_sums-1, sums-2. Delete these datasets first, or "
        "reject the trace."
    }
    assert curator.get(f"{URL}/{trace.id}").status_code == 200
    assert curator.delete(f"{URL}/{free.id}").status_code == 204


def test_a_deleted_dataset_holds_nothing(curator):
    trace = TraceFactory()
    dataset = DatasetFactory()
    curator.delete(f"/api/datasets/{dataset.key}")
    assert curator.delete(f"{URL}/{trace.id}").status_code == 204


def test_no_query_parameter_is_known(curator):
    trace = TraceFactory()
    response = curator.delete(f"{URL}/{trace.id}?force=true")
    assert (response.status_code, list(response.json())) == (400, ["force"])
    assert Trace.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_dataset_built_meanwhile_keeps_it(curator):
    trace = TraceFactory()
    with just_before('DELETE FROM "traces_trace"', lambda: elsewhere(DatasetFactory)):
        response = curator.delete(f"{URL}/{trace.id}")
    assert response.status_code == 409
    assert DatasetItem.objects.get().trace == trace


@pytest.mark.django_db(transaction=True)
def test_a_score_that_comes_meanwhile_is_named(curator):
    trace = TraceFactory()

    def score() -> None:
        elsewhere(lambda: ScoreFactory(trace=trace))

    with just_before('DELETE FROM "traces_trace"', score):
        response = curator.delete(f"{URL}/{trace.id}")
    assert response.status_code == 409
    assert response.json() == {"detail": "A score was just added to the trace: delete it again."}
    assert curator.delete(f"{URL}/{trace.id}").status_code == 204
