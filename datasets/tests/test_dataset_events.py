"""A build and a deletion are told, once each."""

import pytest

from datasets.models import Dataset
from events.models import Event
from jobs.tests.working import work_off
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

BODY = {"dataset_name": "sums", "dataset_version": "1"}


@pytest.fixture(autouse=True)
def traces():
    TraceFactory.create_batch(3)


def told() -> list[tuple]:
    rows = Event.objects.filter(object_type="dataset").order_by("id")
    return list(rows.values_list("action", "object_id", "count", "before", "after", "through"))


def test_a_build_and_a_deletion_are_told_once(curator):
    for _ in range(2):  # the second finds what the first built
        curator.post("/api/datasets/build", BODY, format="json")
    assert curator.delete("/api/datasets/sums-1").status_code == 204
    dataset = Dataset.objects.get()
    shown = {"build_id": str(dataset.build_id), "content_digest": dataset.content_digest}
    assert told() == [
        ("build", "sums-1", 3, None, shown, "api"),
        ("delete", "sums-1", 3, shown, None, "api"),
    ]


def test_a_build_that_finds_nothing_is_not_told(curator):
    nothing = {**BODY, "where": {"source": "nowhere"}}
    assert curator.post("/api/datasets/build", nothing, format="json").status_code == 400
    assert told() == []


def test_a_build_by_job_is_by_whoever_started_it(curator):
    curator.post("/api/datasets/build", BODY, format="json", headers={"Prefer": "respond-async"})
    work_off("builds")
    event = Event.objects.get(object_type="dataset")
    assert (event.action, event.actor_name, event.through) == ("build", "a curator", "worker")


def test_in_the_admin_it_is_through_the_admin(admin_client, curator):
    curator.post("/api/datasets/build", BODY, format="json")
    page = f"/admin/datasets/dataset/{Dataset.objects.get().pk}/delete/"
    assert admin_client.post(page, {"post": "yes"}).status_code == 302
    assert told()[-1][0::5] == ("delete", "admin")
