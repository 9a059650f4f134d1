"""The formats that an import takes, named or recognised, and how a file may be packed."""

import gzip

import pytest
import zstandard

from jobs.models import Job
from traces.models import Trace
from traces.tests.imports.sending import lines, send, worked

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("bad", [b"{" + b"x" * 3000, b"{broken\n" * 30 + b"[]"])
def test_a_format_is_recognised_from_the_first_records_that_can_be_read(writer, settings, bad):
    settings.MAX_RECORD_BYTES = 2000
    answer = send(writer, bad + b"\n" + lines([worked(1)])).json()
    assert (answer["format"], answer["created_count"]) == ("gsm8k", 1)
    assert answer["error_count"] == len(bad.splitlines())
    assert [error["line"] for error in answer["errors"]] == list(
        range(1, answer["error_count"] + 1)
    )


@pytest.mark.parametrize("name", ["jsonl", "CSV", "parquet"])
def test_a_container_is_no_format(writer, name):
    response = send(writer, [worked(1)], f"?format={name}")
    assert response.status_code == 400
    assert response.json()["format"][0].startswith("Leave `format` out: JSON Lines, JSON, CSV and")


def test_the_formats_are_listed_with_an_example_that_imports(reader, writer):
    listed = reader.get("/api/traces/formats").json()
    assert {"trace", "record", "gsm8k", "openr1", "otel"} <= {fmt["name"] for fmt in listed}
    for fmt in listed:
        answer = send(writer, [fmt["example"]], f"?source={fmt['name']}").json()
        assert answer["format"] == fmt["name"], fmt
        assert answer["created_count"] >= 1, answer
        assert answer["error_count"] == 0
