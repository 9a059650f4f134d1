"""POST /api/traces/import?map=..., and what is said of records that no format recognises."""

import json
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command

from jobs.models import Job
from traces.models import Trace
from traces.tests.imports.sending import send, worked
from traces.tests.sources.containers import csv_file, parquet_file

pytestmark = pytest.mark.django_db

MAP = "prompt:task,steps:work,final_answer:result"
RECORDS = [
    {"task": "What is 6 * 7?", "work": "6 * 5 = 30.\n\n30 + 12 = 42.", "result": "42", "n": "1"},
    {"task": "What is 8 * 7?", "work": "8 * 7 = 56.", "result": "56", "n": "2"},
]


def mapped(client, data, text=MAP, **query):
    return send(client, data, f"?{urlencode({'map': text, **query})}")


def test_fields_of_any_name_are_mapped(writer):
    answer = mapped(writer, RECORDS).json()
    assert (answer["format"], answer["created_count"], answer["errors"]) == ("map", 2, [])
    trace = Trace.objects.order_by("id").first()
    assert (trace.prompt, trace.final_answer, trace.source) == ("What is 6 * 7?", "42", "map")
    assert [step["content"] for step in trace.steps] == ["6 * 5 = 30.", "30 + 12 = 42."]
    assert trace.meta["record"] == {"n": "1"}


def test_the_job_remembers_the_map(writer):
    answer = mapped(writer, RECORDS).json()
    assert Job.objects.get(pk=answer["job"]).parameters["map"] == MAP


@pytest.mark.parametrize("file", [csv_file(RECORDS), parquet_file(RECORDS)], ids=["csv", "parquet"])
def test_tables_and_lines_give_the_same_traces(writer, file):
    assert mapped(writer, RECORDS).json()["created_count"] == 2
    assert mapped(writer, file).json()["existing_count"] == 2


def test_records_under_a_key_are_mapped(writer):
    data = json.dumps({"data": RECORDS}).encode()
    assert mapped(writer, data).json()["created_count"] == 2


def test_a_field_that_is_missing_is_its_records_error(writer):
    response = mapped(writer, [RECORDS[0], {"task": "Two?", "answer": "4", "work": "So."}])
    answer = response.json()
    assert (response.status_code, answer["created_count"], answer["error_count"]) == (200, 1, 1)
    assert answer["errors"] == [
        {
            "line": 2,
            "field": "result",
            "message": "There is no such field; the record has the keys: task, answer, work.",
        }
    ]


def test_the_keys_are_told_once_and_not_with_every_record(writer):
    found = mapped(writer, [{"task": "Two?", "work": str(n)} for n in range(3)]).json()["errors"]
    told = "There is no such field; the record has the keys: task, work."
    assert [error["message"] for error in found] == [told, *["There is no such field."] * 2]


def test_an_unknown_column_of_a_table_is_every_rows_error(writer):
    answer = mapped(writer, csv_file(RECORDS), "prompt:task,final_answer:result,meta.k:m").json()
    assert {error["field"] for error in answer["errors"]} == {"m"}
    assert (answer["created_count"], answer["error_count"]) == (0, 2)


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"map": "promt:task"}, "map", "Unknown target 'promt'. Targets are prompt, system,"),
        ({"map": "prompt:task"}, "map", "One of reply, thought, steps, final_answer is required"),
        ({"map": MAP, "format": "gsm8k"}, "map", "With map, format is auto or left out"),
        ({"mapping": MAP}, "mapping", ""),
    ],
)
def test_a_map_that_cannot_be_used_is_refused_at_once(writer, query, field, said):
    response = send(writer, RECORDS, f"?{urlencode(query)}")
    assert response.status_code == 400
    assert said in response.json()[field][0]
    assert not Job.objects.exists()


def test_auto_may_be_named_beside_a_map(writer):
    assert mapped(writer, RECORDS, format="auto").json()["created_count"] == 2


def test_the_command_maps_as_well(tmp_path, capsys):
    file = tmp_path / "a.jsonl"
    file.write_text("".join(f"{json.dumps(record)}\n" for record in RECORDS))
    call_command("import_traces", str(file), "--map", MAP)
    assert "2 lines (map): 2 traces stored" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Unknown target 'promt'"):
        call_command("import_traces", str(file), "--map", "promt:task")
    with pytest.raises(CommandError, match="--format is auto or left out"):
        call_command("import_traces", str(file), "--map", MAP, "--format", "gsm8k")


def refusal(client, data) -> str:
    response = send(client, data)
    assert response.status_code == 400
    return response.json()["detail"]


def test_what_is_not_recognised_names_its_keys_the_nearest_formats_and_the_map(writer):
    said = refusal(writer, [{"problem": "Two?", "generated": "4"}, {"problem": "3?", "x": "3"}])
    assert "They have the keys: problem, generated, x. Nearest: " in said
    assert "math (lacks solution)" in said
    assert "columns (response: None of the columns output, response, answer, " in said
    assert (
        "which with map=prompt:FIELD,thought:FIELD,final_answer:FIELD (in commands --map; " in said
    )
    assert "or name a format: table, record, trace," in said


def test_what_a_record_says_is_cut_where_it_tells_why_no_format_reads_it(writer):
    error = {"message": f"\ud83d{'x' * 100_000}"}
    record = {"custom_id": "q", "response": None, "error": error, "id": 1, "choices": 2}
    data = json.dumps(record).encode()
    assert len(refusal(writer, data)) < 3_000


def test_a_format_whose_fields_hold_something_else_is_named(writer):
    said = refusal(writer, [{"messages": "no list of messages"}])
    assert "messages (messages: Not a list)" in said
    said = refusal(writer, [{"question": "Two?", "response": "I add: 4.", "answer": "4"}])
    assert "columns (response: It may be this or answer: use map)" in said


def test_a_list_of_records_under_an_unknown_key_is_named(writer):
    for indent in (None, 2):
        said = refusal(writer, json.dumps({"pages": [worked(1)]}, indent=indent).encode())
        assert "They have the keys: pages." in said
        assert "Lists of objects stand under: pages. If these are the records, send them" in said
        assert "jq -c '.pages[]' FILE" in said
    said = refusal(writer, [{"answer": {"pages": [worked(1)]}}])
    assert "Lists of objects stand under: answer.pages. If" in said


def test_records_of_several_formats_are_told(writer):
    talk = [{"role": "user", "content": "Two?"}, {"role": "assistant", "content": "2"}]
    said = refusal(writer, [worked(1), {"messages": talk}])
    assert "They are of several formats: gsm8k, messages." in said


def test_of_very_many_keys_the_first_are_named(writer):
    said = refusal(writer, [{f"{n}{'x' * 200}": n for n in range(5_000)}])
    assert " and 4,980 more." in said
    assert len(said) < 3_000
