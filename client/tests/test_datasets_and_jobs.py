"""Datasets and jobs by the client, on the real web server and a worker."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from datasets.models import Dataset
from faulty_proxy import answer_with
from jobs.models import Job
from jobs.tests.working import work_off
from traces.tests.factories import TraceFactory
from tunix_rt import Conflict, Invalid, JobFailed, NotFound, NotYet
from tunix_site.tests.live import wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

RANDOM = {"selection_strategy": "random", "seed": 7, "splits": {"train": 0.5, "test": 0.5}}


def test_a_dataset_is_built_and_read(client):
    TraceFactory.create_batch(3, meta={"source": "here", "digits": 2})
    TraceFactory(meta={"source": "here", "digits": 3})
    built = client.datasets.build(
        "sums", "1", where={"source": "here"}, filters={"digits": 2}, limit=None, **RANDOM
    )
    assert (built["dataset_key"], built["trace_count"]) == ("sums-1", 3)
    dataset = client.datasets.get("sums-1")
    manifest = client.datasets.manifest("sums-1")
    assert dataset["splits"] == RANDOM["splits"]
    assert manifest["content_digest"] == dataset["content_digest"] == built["content_digest"]
    assert len(manifest["trace_ids"]) == 3


def test_the_same_build_gives_the_same_and_another_is_a_conflict(client):
    TraceFactory()
    assert client.datasets.build("sums", "1") == client.datasets.build("sums", "1")
    with pytest.raises(Conflict):
        client.datasets.build("sums", "1", limit=1)
    with pytest.raises(Invalid, match="shares_: Unknown field"):
        client.datasets.build("sums", "2", shares_=1)


def test_datasets_are_listed_and_deleted(client):
    TraceFactory()
    for version in "123":
        client.datasets.build("sums", version)
    client.datasets.delete("sums-2")
    assert [row["dataset_key"] for row in client.datasets.list()] == ["sums-3", "sums-1"]
    assert [row["dataset_key"] for row in client.datasets.list(limit=1)] == ["sums-3"]
    with pytest.raises(NotFound):
        client.datasets.get("sums-2")


def test_datasets_are_compared_and_tell_where_they_come_from(client):
    TraceFactory(meta={"source": "here"})
    other = TraceFactory()
    client.datasets.build("sums", "1", where={"source": "here"})
    client.datasets.build("sums", "2", parent_dataset_id="sums-1", limit=2)
    compared = client.datasets.compare("sums-1", "sums-2")
    assert [compared[name]["count"] for name in ("added", "removed", "moved")] == [1, 0, 0]
    assert compared["recipe"] == {"limit": [100, 2], "where": [{"source": "here"}, {}]}
    assert list(client.datasets.changed("sums-1", "sums-2", "added")) == [
        {"trace": str(other.id), "base": None, "other": ""}
    ]
    assert list(client.datasets.changed("sums-1", "sums-2", "moved")) == []
    told = client.datasets.lineage("sums-1")
    assert (told["parent"], [one["key"] for one in told["children"]]) == (None, ["sums-2"])
    with pytest.raises(NotFound, match="Dataset sums-3 not found"):
        client.datasets.compare("sums-1", "sums-3")


@pytest.fixture
def queued(client):
    TraceFactory()
    return client.datasets.build_job("sums", "1")


def test_a_job_is_waited_for(client, queued):
    assert queued["state"] == "queued"
    assert [job["id"] for job in client.jobs.list(kind="build")] == [queued["id"]]
    assert not list(client.jobs.list(state="running"))
    work_off("builds")
    told = []
    job = client.jobs.wait(queued["id"], progress=lambda *far: told.append(far))
    assert job["state"] == client.jobs.get(queued["id"])["state"] == "succeeded"
    assert job["result"]["dataset_key"] == Dataset.objects.get().key
    assert told == [(1, 1)]
    assert list(client.jobs.errors(queued["id"])) == []


def test_a_job_that_does_not_end_is_not_waited_for_without_end(client, queued):
    with pytest.raises(NotYet, match=r"is queued after 0\.2 s; it goes on"):
        client.jobs.wait(queued["id"], timeout=0.2)


def test_a_job_is_cancelled(client, queued):
    client.jobs.cancel(queued["id"])
    assert Job.objects.get().state == "cancelled"
    with pytest.raises(JobFailed, match=f"Job {queued['id']} cancelled") as raised:
        client.jobs.wait(queued["id"])
    assert raised.value.job["state"] == "cancelled"
    with pytest.raises(Conflict):
        client.jobs.cancel(queued["id"])


def test_a_build_that_becomes_a_job_is_waited_for(harmed, proxy, queued, client):
    work_off("builds")
    proxy.faults.append(
        answer_with(b'{"id": "%s", "state": "queued"}' % queued["id"].encode(), 202)
    )
    assert harmed.datasets.build("sums", "1")["dataset_key"] == "sums-1"


COPIES = """
    INSERT INTO traces_trace
    SELECT copied.* FROM traces_trace AS trace, generate_series(1, 50000) AS number,
        LATERAL jsonb_populate_record(trace, jsonb_build_object('id', md5(number::text))) AS copied
"""


def test_a_build_of_very_many_matches_is_a_job_and_waited_for(client):
    TraceFactory()
    with connection.cursor() as cursor:
        cursor.execute(COPIES)
    with ThreadPoolExecutor(1) as threads:
        built = threads.submit(client.datasets.build, "sums", "1", limit=None)
        wait_until(Job.objects.exists)
        work_off("builds")
        assert built.result(60)["trace_count"] == 50_001
