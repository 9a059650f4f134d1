"""What is refused whole: no file of records, a form, parameters that are not known."""

import io

import msgspec
import pytest

from jobs.models import Job
from traces.tests.factories import BodyFactory
from traces.tests.imports.sending import send

pytestmark = pytest.mark.django_db


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
