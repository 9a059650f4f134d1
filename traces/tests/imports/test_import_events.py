"""An import leaves one row of what it stored, and one of its job."""

import json

import pytest
from django.core.management import call_command

from events.models import Event
from traces.models import Trace

pytestmark = pytest.mark.django_db

URL = "/api/traces/import"
LINES = [
    {"prompt": f"What is {n} + {n}?", "final_answer": str(2 * n), "trace_version": "1.0",
     "steps": [{"i": 0, "type": "thought", "content": "Add."}], "meta": {}}
    for n in range(3)
]  # fmt: skip
FILE = "\n".join(json.dumps(line) for line in LINES)


def told() -> list[tuple]:
    return [(event.action, event.count) for event in Event.objects.order_by("id")]


def send(client, query: str = "", file: str = FILE) -> dict:
    return client.post(URL + query, file, content_type="application/x-ndjson").json()


def test_an_import_is_one_row_however_many_traces_it_stores(writer):
    answer = send(writer)
    assert answer["created_count"] == 3
    assert told() == [("start", None), ("import", 3)]
    event = Event.objects.get(action="import")
    assert (event.object_type, event.object_id) == ("job", answer["job"])
    assert (event.actor_name, event.key_name, event.through) == ("a writer", "test", "api")
    assert event.after == {"format": answer["format"]}


def test_the_same_file_again_is_told_as_a_job_alone(writer):
    for _ in range(2):
        send(writer)
    assert told() == [("start", None), ("import", 3), ("start", None)]


@pytest.mark.parametrize("query", ["?dry_run=true", "?on_error=abort"])
def test_what_is_taken_back_is_not_told(writer, query):
    send(writer, query, FILE + "\n{}")
    assert Trace.objects.count() == 0
    assert told() == [("start", None)]


def test_the_command_names_the_systems_account(monkeypatch, tmp_path):
    monkeypatch.setenv("LOGNAME", "operator")
    path = tmp_path / "traces.jsonl"
    path.write_text(FILE)
    call_command("import_traces", str(path))
    event = Event.objects.get(action="import")
    assert (event.actor, event.actor_name, event.through) == (None, "operator", "command")


def test_what_breaks_off_is_told_of_as_far_as_it_came(writer, monkeypatch):
    monkeypatch.setattr("traces.services.importing.batches.STORED_AT_ONCE", 2)
    writer.raise_request_exception = False
    broken = FILE + "\n" + json.dumps({**LINES[0], "prompt": "x" * 10}) + "\n" + '{"prompt": "cut'
    import gzip

    sent = gzip.compress(broken.encode())[:-12]
    answer = writer.post(
        URL, sent, content_type="application/x-ndjson", HTTP_CONTENT_ENCODING="gzip"
    )
    assert answer.status_code == 400
    stored = Trace.objects.count()
    assert stored > 0
    assert told()[-1] == ("import", stored)
