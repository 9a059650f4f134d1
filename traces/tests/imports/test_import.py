"""POST /api/traces/import."""

import gzip
import io
import json

import msgspec
import pytest
import zstandard
from django.db.models import Count

from jobs.models import Job
from traces.models import Review, Trace
from traces.services.importing import batches
from traces.tests.factories import BodyFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces/import"


def lines(records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def send(client, data, query="", **headers):
    data = data if isinstance(data, bytes) else lines(data)
    return client.generic("POST", f"{URL}{query}", data, "application/x-ndjson", **headers)


def worked(n: int) -> dict:
    return {
        "question": f"What is {n} plus {n}?",
        "answer": f"{n}+{n}=<<{n}+{n}={2 * n}>>{2 * n}\n#### {2 * n}",
    }


def preferences() -> list[dict]:
    return [{"prompt": "2+2?", "chosen": "It is 4.", "rejected": "It is 5."}]


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


def test_a_format_may_be_named(writer):
    records = [{"prompt": "2+2?", "completion": "4"}]
    assert send(writer, records, "?format=prompt_completion").json()["created_count"] == 1
    response = send(writer, records, "?format=gsm8k")
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"line": 1, "field": "question", "message": "This field is required."}
    ]


@pytest.mark.parametrize("records", [[{"a": 1}], [{}], [{"a": 1}, "text", None]])
def test_a_format_that_is_not_recognised_is_refused(writer, records):
    response = send(writer, records)
    assert response.status_code == 400
    assert "gsm8k" in response.json()["detail"]
    assert Job.objects.get().state == "failed"


@pytest.mark.parametrize(
    ("pack", "encoding"),
    [
        (gzip.compress, None),
        (gzip.compress, "gzip"),
        (zstandard.compress, None),
        (zstandard.compress, "zstd"),
    ],
)
def test_compressed_files_are_read(writer, pack, encoding):
    headers = {"HTTP_CONTENT_ENCODING": encoding} if encoding else {}
    assert send(writer, pack(lines([worked(1)])), **headers).json()["created_count"] == 1


def test_csv_is_read(writer):
    data = b'question,answer\nHow many?,"3+4=<<3+4=7>>7\n#### 7"\n'
    assert send(writer, data).json()["format"] == "gsm8k"
    assert Trace.objects.get().final_answer == "7"


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


def test_the_job_tells_the_progress_and_the_result(writer):
    answer = send(writer, [BodyFactory(), {**BodyFactory(), "prompt": ""}]).json()
    job = writer.get(f"/api/jobs/{answer.pop('job')}").json()
    assert (job["kind"], job["state"], job["done"]) == ("import", "succeeded", 2)
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


@pytest.mark.parametrize("data", [b'"text"\n5\n', b"\x89PNG\r\n", b"<html>"])
def test_what_is_no_file_of_records_is_refused(writer, data):
    response = send(writer, data)
    assert response.status_code == 400
    assert "JSON Lines" in response.json()["detail"]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"[]"])
def test_a_file_without_records_is_refused(writer, data):
    response = send(writer, data)
    assert response.status_code == 400
    assert response.json()["detail"] == "There is no record in it."


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


def test_what_was_cut_is_kept(writer):
    send(writer, [worked(1)])
    trace = Trace.objects.get()
    assert trace.meta["record"] == {"answer": worked(1)["answer"]}
    assert trace.meta["calculations"] == ["1+1=2"]


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


@pytest.mark.parametrize("bad", [b"{" + b"x" * 3000, b"{broken\n" * 30 + b"[]"])
def test_a_format_is_recognised_from_the_first_records_that_can_be_read(writer, settings, bad):
    settings.MAX_RECORD_BYTES = 2000
    answer = send(writer, bad + b"\n" + lines([worked(1)])).json()
    assert (answer["format"], answer["created_count"]) == ("gsm8k", 1)
    assert answer["error_count"] == len(bad.splitlines())
    assert [error["line"] for error in answer["errors"]] == list(
        range(1, answer["error_count"] + 1)
    )


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


# What a curator's import may do and a writer's may not


def test_verdicts_and_scores_take_effect_where_a_curator_imports(curator):
    send(curator, preferences())
    approved, rejected = Trace.objects.order_by("id")
    assert (approved.status, rejected.status) == ("approved", "rejected")
    review = Review.objects.get(trace=approved)
    assert (review.verdict, review.reviewer.username) == ("approved", "a curator")


def test_verdicts_and_scores_are_kept_in_meta_where_a_writer_imports(writer):
    send(writer, preferences())
    approved, rejected = Trace.objects.order_by("id")
    assert (approved.status, rejected.status) == ("unreviewed", "unreviewed")
    assert approved.meta["imported"] == {"status": "approved"}
    assert not Review.objects.exists()


def test_step_labels_become_a_review(curator):
    record = {"prompt": "2+2?", "completions": ["2+2=5", "So 5."], "labels": [False, False]}
    send(curator, [record])
    trace = Trace.objects.get()
    assert Review.objects.get().step_labels == {"0": -1, "1": -1}
    assert trace.meta["step_labels"] == {"0": -1, "1": -1}


def test_flags_become_scores(curator):
    record = {
        "problem": "2+2?",
        "solution": "It is 4.",
        "answer": "4",
        "uuid": "u-1",
        "generations": ["<think>\n2+2\n</think>\n\\boxed{4}", "<think>\nno\n</think>\n\\boxed{5}"],
        "correctness_math_verify": [True, False],
    }
    send(curator, [record])
    right, wrong = Trace.objects.order_by("id")
    assert (right.external_id, wrong.external_id) == ("u-1/0", "u-1/1")
    assert (right.scores.get().value, wrong.scores.get().value) == (1.0, 0.0)
    assert right.scores.get().criteria == "answer_correctness"
    assert send(curator, [record]).json()["existing_count"] == 2
    assert right.scores.count() == 1


# Refusals


@pytest.mark.parametrize("name", ["jsonl", "CSV", "parquet"])
def test_a_container_is_no_format(writer, name):
    response = send(writer, [worked(1)], f"?format={name}")
    assert response.status_code == 400
    assert response.json()["format"][0].startswith("Leave `format` out: JSON Lines, JSON, CSV and")


@pytest.mark.parametrize(
    "query",
    ["?format=nothing", "?on_error=stop", "?dry_run=1", "?source=", f"?source={'s' * 129}", "?a=b"],
)
def test_unknown_parameters_are_refused(writer, query):
    assert send(writer, [BodyFactory()], query).status_code == 400
    assert not Job.objects.exists()


def test_a_reader_may_not_import(reader):
    assert send(reader, [BodyFactory()]).status_code == 403


def test_an_unknown_encoding_is_refused(writer):
    response = send(writer, [BodyFactory()], HTTP_CONTENT_ENCODING="br")
    assert response.status_code == 415


def test_a_form_is_refused_with_what_to_send_instead(writer):
    file = io.BytesIO(b"{}\n")
    response = writer.post("/api/traces/import", {"file": file}, format="multipart")
    assert response.status_code == 400
    assert "the file itself is the body (curl --data-binary @FILE" in response.json()["detail"]
    assert not Job.objects.exists()


URLENCODED = "application/x-www-form-urlencoded"  # what curl calls any file


@pytest.mark.parametrize("body", [b"file=@problems.jsonl", b"a=1&b=2", b"records%5B0%5D=%7B%7D"])
def test_fields_of_a_form_are_refused_too(writer, body):
    response = writer.post("/api/traces/import", body, content_type=URLENCODED)
    assert response.status_code == 400
    assert "the file itself is the body" in response.json()["detail"]
    assert not Job.objects.exists()


def test_a_file_that_curl_calls_a_form_is_read(writer):
    body = msgspec.json.encode(BodyFactory()) + b"\n"
    response = writer.post("/api/traces/import", body, content_type=URLENCODED)
    assert (response.status_code, response.json()["created_count"]) == (200, 1)


def test_an_idempotency_key_is_not_needed(writer):
    for _ in range(2):
        response = send(writer, [BodyFactory()], HTTP_IDEMPOTENCY_KEY="k")
        assert response.json()["created_count"] == 1


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


def test_the_formats_are_listed_with_an_example_that_imports(reader, writer):
    listed = reader.get("/api/traces/formats").json()
    assert {"trace", "record", "gsm8k", "openr1", "otel"} <= {fmt["name"] for fmt in listed}
    for fmt in listed:
        answer = send(writer, [fmt["example"]], f"?source={fmt['name']}").json()
        assert answer["format"] == fmt["name"], fmt
        assert answer["created_count"] >= 1, answer
        assert answer["error_count"] == 0
