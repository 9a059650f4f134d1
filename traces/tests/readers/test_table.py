"""Rows of our own Parquet export, in any container."""

import json

import pytest

from traces.readers import table
from traces.readers.formats import recognise
from traces.tests.readers.reading import only, refusal, without

ROW = table.EXAMPLE


def test_a_row_is_read_to_the_letter():
    draft = only(table.read({**ROW, "steps": [{"i": 7, "type": "plan", "content": " x "}]}))
    assert (draft.prompt, draft.final_answer, draft.trace_version) == (
        "What is 11 + 13?",
        "24",
        "1.0",
    )
    assert (draft.steps, draft.indexes) == ([("plan", " x ")], [7])
    assert draft.meta == {"source": "by hand", "difficulty": 1}
    assert draft.messages == [{"role": "user", "content": "What is 11 + 13?"}]
    assert draft.external_id == ROW["id"]


def test_an_id_of_its_own_is_kept():
    assert only(table.read({**ROW, "external_id": "mine"})).external_id == "mine"
    assert only(table.read({**ROW, "external_id": None})).external_id == ROW["id"]


def test_metadata_and_messages_may_be_what_they_say():
    plain = {name: json.loads(ROW[name]) for name in ("metadata", "messages")}
    assert only(table.read({**ROW, **plain})) == only(table.read(ROW))
    for absent in ({**ROW, "messages": None}, without(ROW, "messages")):
        assert only(table.read(absent)).messages is None


def test_a_row_is_no_record_and_no_trace():
    assert recognise([ROW]).name == "table"
    assert recognise([without(ROW, "content_hash", "metadata", "created_at", "id")]).name == "trace"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metadata": "{"}, ("metadata", "Not JSON.")),
        ({"metadata": "[]"}, ("metadata", "Not an object.")),
        ({"messages": '"x"'}, ("messages", "Not a list.")),
        ({"steps": None}, ("steps", "This field is required.")),
        ({"extra": 1}, ("extra", "No such field.")),
        ({"id": None}, ("id", "This field is required.")),
    ],
)
def test_what_is_no_row_is_refused(changes, said):
    assert refusal(table, {**ROW, **changes}) == said


def test_a_large_double_has_all_its_digits_in_jsonb():
    row = {**ROW, "metadata": '{"n":10000000000000000000000,"m":9223372036854775807}'}
    assert only(table.read(row)).meta == {"n": 1e22, "m": 2**63 - 1}
