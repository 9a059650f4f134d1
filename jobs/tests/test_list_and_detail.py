"""GET /api/jobs and /api/jobs/{id}."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from jobs.models import Job
from jobs.tests.factories import (
    FailedJobFactory,
    JobFactory,
    RunningJobFactory,
    SucceededJobFactory,
)

pytestmark = pytest.mark.django_db

URL = "/api/jobs"
NOBODYS = "5ec0b589-732f-4e8b-8c9c-400df3fbdbf2"


def ids(response) -> list[str]:
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]


def test_a_job_says_how_far_it_is_and_what_came_of_it(reader):
    job = SucceededJobFactory()
    shown = reader.get(f"{URL}/{job.id}").json()
    times = {name: parse_datetime(shown.pop(name)) for name in shown.copy() if name[-3:] == "_at"}
    assert times == {name: getattr(job, name) for name in times}
    assert set(times) == {"created_at", "started_at", "finished_at"}
    assert shown == {
        "id": str(job.id),
        "kind": "build",
        "state": "succeeded",
        "done": 3,
        "total": 3,
        "result": {"dataset_key": "sums-1"},
        "error": None,
    }


def test_a_job_that_waits_has_no_times_and_no_result(reader):
    shown = reader.get(f"{URL}/{JobFactory().id}").json()
    assert shown["state"] == "queued"
    empty = ("total", "started_at", "finished_at", "result", "error")
    assert [shown[name] for name in empty] == [None] * 5


def test_the_newest_are_listed_first(reader, django_assert_num_queries):
    jobs = [JobFactory(), FailedJobFactory(), SucceededJobFactory()]
    with django_assert_num_queries(3):  # the key, whether a process ended, the page
        response = reader.get(URL)
    assert ids(response) == [str(job.id) for job in reversed(jobs)]
    assert response.json()["results"][1]["error"] == "No trace matches: nothing was built."
    assert "result" not in response.json()["results"][0]


def test_pages_follow_each_other(reader):
    jobs = JobFactory.create_batch(3)
    first = reader.get(URL, {"limit": 2, "count": "true"})
    second = reader.get(first.json()["next"])
    assert ids(first) + ids(second) == [str(job.id) for job in reversed(jobs)]
    assert first.json()["count"] == 3


def test_the_list_is_filtered_by_kind_and_state(reader):
    queued, failed = JobFactory(kind="sum"), FailedJobFactory()
    assert ids(reader.get(URL, {"kind": "sum"})) == [str(queued.id)]
    assert ids(reader.get(URL, {"state": "failed"})) == [str(failed.id)]
    assert ids(reader.get(URL, {"kind": "sum", "state": "failed"})) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "paused"}, "state"),
        ({"kind": "x" * 33}, "kind"),
        ({"kind": "a\0"}, "kind"),
        ({"kinds": "sum"}, "kinds"),
        ({"cursor": "none of ours"}, "cursor"),
    ],
)
def test_other_filters_are_refused(reader, query, field):
    response = reader.get(URL, query)
    assert response.status_code == 400
    assert list(response.json()) == [field]


@pytest.mark.parametrize("name", [NOBODYS, "1", "nobody's", "%00", "a/b"])
@pytest.mark.parametrize("rest", ["", "/errors.jsonl"])
def test_what_is_no_job_is_not_found(reader, name, rest):
    assert reader.get(f"{URL}/{name}{rest}").status_code == 404


@pytest.mark.parametrize("path", ["", "/{}"])
def test_a_job_whose_process_ended_is_never_shown_as_running(reader, path):
    before = timezone.now() - timedelta(hours=1)
    job = RunningJobFactory(kind="from an earlier version", heartbeat_at=before)
    shown = reader.get(URL + path.format(job.id)).json()
    assert shown.get("results", [shown])[0]["state"] == "failed"
    assert Job.objects.get().state == "failed"


def test_a_job_outlives_its_user(reader):
    from datasets.tests.factories import CuratorFactory

    job = SucceededJobFactory(created_by=CuratorFactory())
    job.created_by.delete()
    assert reader.get(f"{URL}/{job.id}").json()["state"] == "succeeded"


def test_jobs_are_not_made_by_posting(curator):
    assert curator.post(URL, {"kind": "build"}, format="json").status_code == 405
