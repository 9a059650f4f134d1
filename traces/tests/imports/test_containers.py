"""The containers that files come in, through the import."""

import json
from hashlib import sha256

import pytest

from traces.models import Trace
from traces.tests.imports.sending import lines, preferences, send, worked
from traces.tests.sources.containers import csv_file

pytestmark = pytest.mark.django_db

CHAT = {
    "messages": [
        {"role": "user", "content": "How many days has a leap year?"},
        {"role": "assistant", "content": "366"},
    ]
}


def named_by(value) -> str:
    """Name a record by the digest of its compact JSON."""
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return f"sha256:{sha256(raw).hexdigest()}"


@pytest.mark.parametrize("key", ["data", "rows", "train", "records", "examples"])
def test_records_under_a_key_are_those_of_the_lines(writer, key):
    records = [worked(1), worked(2), worked(2)]
    file = {"version": "1.0", key: records}
    assert send(writer, json.dumps(file).encode()).json()["created_count"] == 3
    assert send(writer, json.dumps(file, indent=2).encode()).json()["existing_count"] == 3
    assert send(writer, lines(records)).json()["existing_count"] == 3


def test_a_conversation_is_a_record_and_no_list_of_them(writer):
    assert send(writer, json.dumps(CHAT, indent=2).encode()).json()["created_count"] == 1
    assert send(writer, json.dumps({"data": [CHAT]}).encode()).json()["existing_count"] == 1


def test_a_record_with_a_list_of_other_objects_stays_one(writer):
    record = {**worked(1), "results": [{"model": "a", "score": 1}]}
    assert send(writer, json.dumps(record).encode()).json()["created_count"] == 1
    assert Trace.objects.get().original == {"results": record["results"]}


def test_of_several_lists_none_is_chosen(writer):
    response = send(writer, json.dumps({"train": [worked(1)], "test": [worked(2)]}).encode())
    assert response.status_code == 400
    assert "several keys: train, test. Send one of them alone" in response.json()["detail"]
    assert not Trace.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_text_with_its_mark_is_read(writer, encoding):
    text = lines([worked(1)]).decode()
    assert send(writer, text.encode(encoding)).json()["created_count"] == 1
    assert send(writer, text.encode()).json()["existing_count"] == 1


def test_utf_16_without_its_mark_is_told_what_to_send(writer):
    response = send(writer, lines([worked(1)]).decode().encode("utf-16-le"))
    assert response.status_code == 400
    assert "send the file in UTF-8, or in UTF-16 with its byte order mark" in str(response.json())


def test_an_interval_in_a_cell_is_an_answer(writer):
    record = {
        "problem": "Which values does the square of a fraction below 1 take?",
        "generated_solution": "All below one, so \\boxed{[0, 1)}.",
        "expected_answer": "[0, 1]",
    }
    assert send(writer, csv_file([record])).json()["format"] == "openmath"
    assert Trace.objects.get().meta["reference_answer"] == "[0, 1]"


@pytest.mark.parametrize("cell", ['{"a": 1.50}', "[1, 2]", '["a"]', "[]", "{}", '[{"a": 1}, 2]'])
def test_json_that_a_model_wrote_in_a_cell_stays_its_words(writer, cell):
    assert send(writer, csv_file([{"prompt": "Write JSON", "completion": cell}])).json()["format"]
    assert Trace.objects.get().final_answer == cell


def test_messages_in_a_cell_are_messages(writer):
    cells = {"messages": json.dumps(CHAT["messages"]), "level": "[1]"}
    assert send(writer, csv_file([cells])).json()["format"] == "messages"
    trace = Trace.objects.get()
    assert (trace.prompt, trace.final_answer) == ("How many days has a leap year?", "366")
    assert trace.messages == CHAT["messages"]
    assert trace.meta["record"] == {"level": "[1]"}


def test_turns_in_cells_of_a_preference_are_turns(writer):
    sides = {
        name: json.dumps([*CHAT["messages"][:1], {"role": "assistant", "content": answer}])
        for name, answer in (("chosen", "366"), ("rejected", "365"))
    }
    assert send(writer, csv_file([sides])).json()["created_count"] == 2
    assert set(Trace.objects.values_list("final_answer", flat=True)) == {"366", "365"}


def test_a_csv_file_has_the_ids_that_it_had_when_cells_were_parsed(writer):
    """A file that was imported once exists, whatever is read of it now."""
    cells = {**preferences()[0], "tags": '["a", 1.50]', "note": "[0, 1)", "interval": "[0, 1]"}
    assert send(writer, csv_file([cells])).json()["created_count"] == 2
    once = named_by({**cells, "tags": ["a", 1.5], "interval": [0, 1]})
    assert set(Trace.objects.values_list("external_id", flat=True)) == {once, f"{once}/1"}
    kept = Trace.objects.first().meta["record"]
    assert (kept["tags"], kept["interval"]) == ('["a", 1.50]', "[0, 1]")


def test_cells_that_were_refused_once_are_named_as_they_are(writer):
    cells = {"prompt": "Which of them?", "completion": "None", "note": "[NaN]"}
    assert send(writer, csv_file([cells])).json()["created_count"] == 1
    assert Trace.objects.get().external_id == named_by(cells)


def test_a_flag_in_a_cell_is_a_flag(writer):
    record = {"problem": "2 + 2?", "generated_solution": "\\boxed{4}", "expected_answer": "4"}
    rows = [{**record, "is_correct": flag} for flag in ("True", "false", "")]
    answer = send(writer, csv_file(rows)).json()
    assert (answer["created_count"], answer["errors"]) == (3, [])
