"""GET /api/jobs/{id}/errors.jsonl."""

import json

import pytest

from jobs.tests.factories import FailedJobFactory, JobErrorFactory

pytestmark = pytest.mark.django_db


def test_errors_come_in_the_order_they_were_found(reader):
    job = FailedJobFactory()
    JobErrorFactory(job=job, line=7, message="Not a string.")
    JobErrorFactory(job=job, line=2, field="steps.0.content", message='"Größe"\t\\N\n')
    JobErrorFactory(job=job, line=None, field="", message="The file ends in a line.")
    JobErrorFactory()
    response = reader.get(f"/api/jobs/{job.id}/errors.jsonl")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/x-ndjson"
    assert response["Content-Disposition"] == f'attachment; filename="{job.id}.errors.jsonl"'
    assert [json.loads(line) for line in response.getvalue().splitlines()] == [
        {"line": 7, "field": "prompt", "message": "Not a string."},
        {"line": 2, "field": "steps.0.content", "message": '"Größe"\t\\N\n'},
        {"line": None, "field": "", "message": "The file ends in a line."},
    ]


def test_a_job_without_errors_has_an_empty_file(reader):
    response = reader.get(f"/api/jobs/{FailedJobFactory().id}/errors.jsonl")
    assert response.getvalue() == b""


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/octet-stream"])
def test_lines_may_be_asked_for_by_either_type(reader, kind):
    job = JobErrorFactory().job
    url = f"/api/jobs/{job.id}/errors.jsonl"
    response = reader.get(url, headers={"accept": kind})
    assert (response.status_code, response["Content-Type"]) == (200, kind)
    assert json.loads(response.getvalue())["field"] == "prompt"
    assert reader.head(url).getvalue() == b""


def test_many_errors_come_in_pieces(reader):
    job = FailedJobFactory()
    JobErrorFactory.create_batch(200, job=job, message="x" * 1000)
    response = reader.get(f"/api/jobs/{job.id}/errors.jsonl")
    pieces = list(response.streaming_content)
    assert len(pieces) > 2
    assert b"".join(pieces).count(b"\n") == 200
