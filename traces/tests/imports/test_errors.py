"""Records of an import that are bad: told by their line, while the rest is stored."""

import gzip
import json

import pytest

from jobs.models import Job
from traces.models import Trace
from traces.tests.factories import BodyFactory
from traces.tests.imports.sending import lines, send, worked

pytestmark = pytest.mark.django_db


def test_bad_records_are_reported_and_the_rest_is_stored(writer):
    bad = {**BodyFactory(), "steps": [{"i": 0, "type": "reasoning", "content": ""}]}
    data = lines([BodyFactory(), bad]) + b"{broken\n\n" + lines([BodyFactory()])
    response = send(writer, data)
    answer = response.json()
    assert response.status_code == 200
    assert (answer["line_count"], answer["created_count"], answer["error_count"]) == (5, 2, 2)
    assert answer["errors"] == [
        {"line": 2, "field": "steps[0].content", "message": "This field may not be blank."},
        {
            "line": 3,
            "field": "",
            "message": "The line is not JSON: Expecting property name enclosed in double quotes, "
            "column 2.",
        },
    ]


def test_the_first_hundred_errors_are_answered_and_the_job_has_all(writer):
    records = [BodyFactory(), *({**BodyFactory(), "prompt": ""} for _ in range(150))]
    answer = send(writer, records).json()
    assert (answer["error_count"], len(answer["errors"])) == (150, 100)
    errors = writer.get(f"/api/jobs/{answer['job']}/errors.jsonl").getvalue().splitlines()
    assert [json.loads(error)["line"] for error in errors] == list(range(2, 152))


def test_of_many_errors_the_job_has_the_first_and_counts_the_others(writer, monkeypatch):
    monkeypatch.setattr("jobs.progress.KEPT_ERRORS", 120)
    answer = send(writer, [worked(1), *([None] * 299)], "?on_error=skip").json()
    assert (answer["error_count"], answer["errors_left_out_count"]) == (299, 179)
    errors = writer.get(f"/api/jobs/{answer['job']}/errors.jsonl").getvalue().splitlines()
    assert [json.loads(error)["line"] for error in errors] == list(range(2, 122))
    job = writer.get(f"/api/jobs/{answer.pop('job')}").json()
    assert job["result"] == answer


def test_nothing_is_stored_where_a_bad_record_ends_it(writer):
    records = [BodyFactory(), {**BodyFactory(), "prompt": ""}]
    response = send(writer, records, "?on_error=abort")
    assert response.status_code == 400
    answer = response.json()
    assert answer["detail"] == "Nothing was stored: a record is bad."
    assert (answer["created_count"], answer["error_count"]) == (0, 1)
    assert not Trace.objects.exists()
    job = Job.objects.get(pk=answer["job"])
    assert (job.state, job.error) == ("failed", "Nothing was stored: a record is bad.")
    assert job.errors.get().line == 2
    assert send(writer, records[:1], "?on_error=abort").json()["created_count"] == 1


def test_a_file_of_bad_records_alone_is_refused(writer):
    response = send(writer, [{**BodyFactory(), "prompt": ""}])
    assert response.status_code == 400
    assert response.json()["detail"] == "Nothing was stored: every record is bad."


def test_a_broken_stream_says_how_far_it_came(writer):
    data = gzip.compress(lines(map(worked, range(100))))[:-30]
    response = send(writer, data)
    assert response.status_code == 400
    answer = response.json()
    assert "gzip" in answer["detail"]
    assert answer["created_count"] == Trace.objects.count()


def test_what_came_before_a_break_is_stored(writer):
    records = [worked(1), {"question": "?", "answer": "no mark"}, worked(2)]
    response = send(writer, json.dumps(records).encode()[:-1] + b', {"question"')
    answer = response.json()
    assert response.status_code == 400
    assert (answer["line_count"], answer["created_count"], answer["error_count"]) == (3, 2, 1)
    assert Trace.objects.count() == 2


@pytest.mark.parametrize(
    "record",
    [
        b'{"trace_version":"1","trace_version":"2"}',
        b'{"prompt": NaN}',
        b'"\\ud800"',
        b"[1]",
        b"\xff\xfe",
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b'{"trace_version":"1.0","prompt":"\\u0000","final_answer":"","steps":[]}',
        b'{"trace_version":"1.0","prompt":"\\ud800","final_answer":"","steps":[]}',
        b'{"trace_version":"1.0","prompt":"p","final_answer":"","steps":[],"a":1e999}',
    ],
)
@pytest.mark.parametrize("name", ["trace", "record", "messages", "gsm8k", "prompt_completion"])
def test_hostile_records_are_errors_of_their_line(writer, record, name):
    good = lines([BodyFactory()])
    answer = send(writer, good + record + b"\n", f"?format={name}").json()
    errors = [error["line"] for error in answer["errors"]]
    assert errors == ([2] if name == "trace" else [1, 2])
    assert Trace.objects.count() == (name == "trace")


def test_a_line_that_would_fill_the_memory_is_an_error(writer, monkeypatch):
    monkeypatch.setattr("traces.intake.record_values.MAX_RECORD_TOKENS", 60)
    data = lines([worked(1)]) + b'{"question": [' + b"{}," * 60 + b"{}]}\n"
    errors = send(writer, data).json()["errors"]
    assert errors == [{"line": 2, "field": "", "message": "Holds more than 60 JSON tokens."}]


def test_a_line_that_is_too_long_is_an_error(writer, settings):
    settings.MAX_RECORD_BYTES = 1000
    answer = send(writer, [BodyFactory(), BodyFactory(prompt="x" * 1000), BodyFactory()]).json()
    assert (answer["created_count"], answer["error_count"]) == (2, 1)
    assert answer["errors"][0]["line"] == 2
