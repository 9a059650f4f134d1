"""POST /api/traces/import."""

import json
from importlib import import_module

import pytest
from django.db import connection
from django.db.models import Count

from jobs.models import Job
from jobs.tests.factories import SucceededJobFactory
from traces.models import Trace
from traces.services.importing import batches
from traces.tests.factories import BodyFactory
from traces.tests.imports.sending import send, worked

pytestmark = pytest.mark.django_db


def test_traces_are_stored_in_order(writer):
    bodies = [BodyFactory(meta={"source": "mine"}) for _ in range(3)]
    response = send(writer, bodies)
    job = Job.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "format": "trace",
        "line_count": 3,
        "created_count": 3,
        "existing_count": 0,
        "read_differently_count": 0,
        "error_count": 0,
        "errors": [],
        "job": str(job.pk),
    }
    stored = Trace.objects.order_by("id")
    assert [trace.prompt for trace in stored] == [body["prompt"] for body in bodies]
    assert {trace.source for trace in stored} == {"mine"}
    assert [trace.meta for trace in stored] == [{"source": "mine"}] * 3


def test_the_same_file_again_creates_nothing(writer):
    records = [worked(1), worked(2), worked(1)]
    first, second = send(writer, records).json(), send(writer, records).json()
    assert (first["created_count"], first["existing_count"]) == (3, 0)
    assert (second["created_count"], second["existing_count"]) == (0, 3)
    assert Trace.objects.count() == 3


def test_the_id_of_a_record_is_its_sha_256_and_its_number(writer):
    send(writer, [worked(1), worked(2), worked(1)])
    first, _, again = Trace.objects.order_by("id").values_list("external_id", flat=True)
    assert first.startswith("sha256:")
    assert len(first) == len("sha256:") + 64
    assert again == f"{first}#2"


def test_the_id_does_not_depend_on_how_the_record_is_written(writer):
    body = BodyFactory()
    send(writer, [body])
    again = json.dumps([body], indent=2).encode()
    assert send(writer, again).json()["existing_count"] == 1


def test_ids_that_records_have_are_kept(writer):
    bodies = [BodyFactory(external_id="a"), BodyFactory(external_id="b")]
    send(writer, bodies)
    changed = {**bodies[0], "final_answer": "other"}
    answer = send(writer, [changed, bodies[1]]).json()
    assert (answer["created_count"], answer["existing_count"], answer["error_count"]) == (0, 1, 1)
    assert answer["errors"][0]["field"] == "external_id"
    assert "other content" in answer["errors"][0]["message"]


def test_a_source_may_be_given(writer):
    send(writer, [BodyFactory(meta={"source": "theirs", "a": 1})], "?source=ours")
    send(writer, [worked(1)], "?source=ours")
    assert [trace.source for trace in Trace.objects.all()] == ["ours", "ours"]
    assert Trace.objects.filter(meta__source="ours").count() == 2


def test_the_job_tells_the_progress_and_the_result(writer):
    answer = send(writer, [BodyFactory(), {**BodyFactory(), "prompt": ""}]).json()
    job = writer.get(f"/api/jobs/{answer.pop('job')}").json()
    assert (job["kind"], job["state"], job["done"]) == ("import", "succeeded", 2)
    assert job["result"] == answer


def test_a_dry_run_tells_what_would_happen_and_keeps_nothing(writer):
    send(writer, [worked(1)])
    records = [worked(1), *map(worked, range(2, 7)), {"question": "?", "answer": "no mark"}]
    answer = send(writer, records, "?dry_run=true").json()
    assert answer["dry_run"] is True
    assert (answer["created_count"], answer["existing_count"], answer["error_count"]) == (5, 1, 1)
    assert Trace.objects.count() == 1
    shown = answer["traces"]
    assert [trace["line"] for trace in shown] == [2, 3, 4]
    assert shown[0]["prompt"] == "What is 2 plus 2?"
    assert shown[0]["steps"] == [{"i": 0, "type": "reasoning", "content": "2+2=4"}]
    assert shown[0]["final_answer"] == "4"
    again = send(writer, records).json()
    assert again["created_count"] == answer["created_count"]
    stored = Trace.objects.get(prompt="What is 2 plus 2?")
    assert {key: shown[0][key] for key in stored.payload} == stored.payload
    assert shown[0]["external_id"] == stored.external_id


def test_of_a_dry_run_no_trace_is_kept_with_its_job(writer):
    answer = send(writer, [worked(1), {"question": "?"}], "?dry_run=true").json()
    [shown] = answer.pop("traces")
    job = Job.objects.get(pk=answer.pop("job"))
    assert shown["prompt"] not in str(job.result)
    assert job.result == answer


def test_of_a_dry_run_that_breaks_off_neither(writer):
    broken = json.dumps([worked(1), worked(2)]).encode()[:-1]
    response = send(writer, broken, "?dry_run=true")
    assert response.status_code == 400
    answer = response.json()
    assert [trace["line"] for trace in answer["traces"]] == [1, 2]
    job = Job.objects.get(pk=answer["job"])
    assert (job.state, "traces" in job.result, job.result["created_count"]) == ("failed", False, 2)


def test_what_jobs_kept_of_earlier_dry_runs_is_forgotten():
    kept = {"line_count": 1, "dry_run": True}
    shown = SucceededJobFactory(kind="import", result={**kept, "traces": [worked(1)]})
    other = SucceededJobFactory(result={"traces": 1})
    migration = import_module("traces.migrations.0026_forget_what_dry_runs_showed")
    with connection.cursor() as cursor:
        cursor.execute(migration.FORGET)
    shown.refresh_from_db()
    other.refresh_from_db()
    assert (shown.result, other.result) == (kept, {"traces": 1})


def test_what_was_cut_is_kept(writer):
    send(writer, [worked(1)])
    trace = Trace.objects.get()
    assert trace.meta["record"] == {"answer": worked(1)["answer"]}
    assert trace.meta["calculations"] == ["1+1=2"]


def test_large_traces_are_stored_in_smaller_batches(writer, monkeypatch):
    monkeypatch.setattr(batches, "STORED_BYTES", 50_000)
    send(writer, [BodyFactory(prompt="p" * 30_000) for _ in range(6)])
    stored = Trace.objects.values_list("created_at").annotate(count=Count("id"))
    assert [count for _, count in stored] == [2, 2, 2]


def test_a_job_ends_with_the_number_of_its_lines(writer, monkeypatch):
    monkeypatch.setattr(batches, "STORED_AT_ONCE", 2)
    for _ in range(2):
        answer = send(writer, [worked(1), worked(2)]).json()
        job = writer.get(f"/api/jobs/{answer['job']}").json()
        assert (job["done"], job["total"]) == (2, 2)


def test_an_idempotency_key_is_not_needed(writer):
    for _ in range(2):
        response = send(writer, [BodyFactory()], HTTP_IDEMPOTENCY_KEY="k")
        assert response.json()["created_count"] == 1
