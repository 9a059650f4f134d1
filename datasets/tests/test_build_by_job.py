"""POST /api/datasets/build with `Prefer: respond-async`."""

import pytest
from django.db import connection

from datasets import tasks
from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from jobs.errors import JobInterrupted
from jobs.models import Job
from jobs.services.lease import running
from jobs.tests.working import work_off
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/datasets/build"
ASYNC = {"prefer": "respond-async"}


def build(client, headers=ASYNC, **changes):
    asked = {"dataset_name": "sums", "dataset_version": "1", **changes}
    return client.post(URL, asked, format="json", headers=headers)


def job_of(client, response) -> dict:
    assert response.status_code == 202
    return client.get(response["Location"]).json()


def test_a_build_is_answered_by_a_job_and_done_by_a_worker(curator):
    TraceFactory.create_batch(3)
    response = build(curator)
    assert response["Location"] == f"/api/jobs/{response.json()['id']}"
    assert job_of(curator, response) == response.json()
    assert (response.json()["kind"], response.json()["state"]) == ("build", "queued")
    assert not Dataset.objects.exists()

    work_off("builds")
    dataset, job = Dataset.objects.get(), job_of(curator, response)
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 3, 3)
    assert job["result"] == {
        "dataset_key": "sums-1",
        "build_id": str(dataset.build_id),
        "trace_count": 3,
        "matched_count": 3,
        "manifest_url": "/api/datasets/sums-1/manifest",
        "content_digest": dataset.content_digest,
        "created": True,
    }
    assert curator.get(job["result"]["manifest_url"]).status_code == 200
    assert dataset.created_by.username == "a curator"


def test_every_key_of_a_request_reaches_the_build(curator):
    TraceFactory.create_batch(3, meta={"source": "made_up", "large": 1e22, "flag": True})
    asked = {
        "filters": {"large": 1e22, "flag": True},
        "where": {"min_steps": 1, "created_after": "2020-01-01T00:00:00Z"},
        "limit": 2,
        "selection_strategy": "random",
        "seed": -(2**63),
        "splits": {"train": 0.5, "validation": 0.5},
        "parent_dataset_id": DatasetFactory(name="parent").key,
        "provenance": {"by": ["hand", None, 1.5, 1e300]},
    }
    response = build(curator, **asked)
    work_off("builds")
    key = job_of(curator, response)["result"]["dataset_key"]
    again = build(curator, headers={}, **asked)
    assert (again.status_code, again.json()["dataset_key"]) == (200, key)
    assert again.json()["trace_count"] == 2


def test_a_worker_that_finds_it_built_gives_the_stored_one(curator):
    TraceFactory()
    built = build(curator, headers={}).json()
    response = build(curator)
    work_off("builds")
    result = job_of(curator, response)["result"]
    assert (result["build_id"], result["created"]) == (built["build_id"], False)


@pytest.mark.django_db(transaction=True)
def test_a_build_whose_process_has_to_end_takes_no_other_step(curator):
    TraceFactory.create_batch(3)
    job = Job.objects.get(pk=build(curator, seed=1, splits={"all": 1.0}).json()["id"])
    stored = []

    def interrupt(execute, sql, *rest):
        if "CREATE TEMPORARY TABLE" in sql:
            stored.append(sql)
            progress.interrupt()
        return execute(sql, *rest)

    with (
        pytest.raises(JobInterrupted),
        running(job=job) as progress,
        connection.execute_wrapper(interrupt),
    ):
        tasks.build(job, progress, acting(job.created_by))
    assert len(stored) == 1
    assert not Dataset.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_build_tells_how_many_are_left_at_each_step(curator):
    TraceFactory.create_batch(3)
    job = Job.objects.get(pk=build(curator, limit=2).json()["id"])
    totals = []

    def listen(execute, sql, *rest):
        totals.append(progress.total)
        return execute(sql, *rest)

    with running(job=job) as progress, connection.execute_wrapper(listen):
        tasks.build(job, progress, acting(job.created_by))
    assert list(dict.fromkeys(totals)) == [None, 3, 2]
    job.refresh_from_db()
    assert (job.done, job.total) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"filters": {"source": "nowhere"}}, "No trace matches: nothing was built."),
        ({"limit": 1}, "sums-1 was built by another request (different: limit). Choose another"),
    ],
)
def test_what_the_build_refuses_fails_the_job(curator, changes, reason):
    TraceFactory()
    if "limit" in changes:
        build(curator, headers={})
    response = build(curator, **changes)
    work_off("builds")
    job = job_of(curator, response)
    assert job["state"] == "failed"
    assert job["error"].startswith(reason)


def test_what_is_malformed_is_refused_at_once(curator):
    response = build(curator, limit=0)
    assert response.status_code == 400
    assert "limit" in response.json()
    assert not Job.objects.exists()


def test_the_same_key_queues_it_once(curator):
    TraceFactory()
    headers = {**ASYNC, "idempotency-key": "once"}
    first, again = build(curator, headers=headers), build(curator, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("prefer", "code"),
    [
        ("wait=5, respond-async", 202),
        ("Respond-Async; foo=bar", 202),
        ("return=minimal", 201),
        ("respond-async-not", 201),
        ("é\x7f,,;=", 201),
    ],
)
def test_other_preferences_are_ignored(curator, prefer, code):
    TraceFactory()
    assert build(curator, headers={"prefer": prefer}).status_code == code


def test_a_build_needs_a_curator(writer):
    assert build(writer).status_code == 403
    assert not Job.objects.exists()
