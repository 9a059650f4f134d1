"""Imports by the client: files and streams of any length, and again where they broke off."""

import gzip
import json

import httpx
import pytest

from faulty_proxy import hang_up, hang_up_after, lose_the_answer, refuse
from traces.models import Trace
from tunix_rt import Disconnected, Forbidden, Invalid, Unsendable, imports

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def problem(n: int) -> dict:
    return {"question": f"Ana has {n} boxes of 4 pens. How many?", "answer": f"Many.\n#### {4 * n}"}


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(problem(n)) + "\n" for n in range(50)))
    return path


def test_a_file_is_imported_and_told_how_far(client, problems, monkeypatch):
    monkeypatch.setattr(imports, "PIECE_BYTES", 1_000)
    told = []
    summary = client.traces.import_file(problems, progress=lambda *far: told.append(far))
    size = problems.stat().st_size
    assert (summary["format"], summary["created_count"]) == ("gsm8k", 50)
    assert Trace.objects.count() == 50
    assert told[0] == (1_000, size)
    assert told[-1] == (size, size)
    assert client.traces.import_file(str(problems))["existing_count"] == 50


def test_a_compressed_file_goes_as_it_is(client, problems):
    compressed = problems.with_suffix(".jsonl.gz")
    compressed.write_bytes(gzip.compress(problems.read_bytes()))
    assert client.traces.import_file(compressed)["created_count"] == 50


def test_format_source_and_dry_run_are_said(client, problems):
    summary = client.traces.import_file(problems, format="gsm8k", source="book", dry_run=True)
    assert summary["created_count"] == 50
    assert summary["traces"][0]["meta"]["source"] == "book"
    assert not Trace.objects.exists()
    client.traces.import_file(problems, source="book")
    assert set(Trace.objects.values_list("source", flat=True)) == {"book"}


def test_bad_records_are_named_by_line_and_field(client, problems):
    with problems.open("a") as file:
        file.write('{"question": "And?", "answer": "None."}\nno JSON\n')
    summary = client.traces.import_file(problems)
    assert (summary["created_count"], summary["error_count"]) == (50, 2)
    assert [error["line"] for error in summary["errors"]] == [51, 52]
    assert [error["line"] for error in client.jobs.errors(summary["job"])] == [51, 52]
    with pytest.raises(Invalid, match=r"400 .*line 51, answer: ") as raised:
        client.traces.import_file(problems, on_error="abort", source="again")
    assert [(one.line, one.field) for one in raised.value.errors][:1] == [(51, "answer")]
    assert raised.value.body["job"]
    assert Trace.objects.count() == 50


def test_a_file_of_nothing_known_says_so(client, tmp_path):
    path = tmp_path / "odd.jsonl"
    path.write_text('{"left": 1, "right": 2}\n')
    with pytest.raises(Invalid, match=r"POST /api/traces/import: 400 "):
        client.traces.import_file(path)
    with pytest.raises(FileNotFoundError):
        client.traces.import_file(tmp_path / "nobody")


def test_a_role_that_may_not_is_told_before_all_is_sent(client_of, problems):
    with pytest.raises(Forbidden, match="needs the role writer"):
        client_of("reader").traces.import_file(problems)


@pytest.mark.parametrize("fault", [hang_up, hang_up_after(2_000), lose_the_answer, refuse(503)])
def test_a_file_is_sent_again(harmed, proxy, problems, monkeypatch, fault):
    monkeypatch.setattr(imports, "PIECE_BYTES", 1_000)
    proxy.faults.append(fault)
    summary = harmed.traces.import_file(problems)
    assert summary["created_count"] + summary["existing_count"] == 50
    assert Trace.objects.count() == 50
    assert len(proxy.seen) == 2


def test_records_are_imported_as_they_are_drawn(client, monkeypatch):
    monkeypatch.setattr(imports, "PIECE_BYTES", 500)
    summary = client.traces.import_records(map(problem, range(50)), format="gsm8k", source="drawn")
    assert summary["created_count"] == 50
    assert set(Trace.objects.values_list("source", flat=True)) == {"drawn"}


@pytest.mark.parametrize("fault", [hang_up, hang_up_after(2_000), lose_the_answer, refuse(503)])
def test_records_that_were_drawn_are_sent_again_and_the_others_drawn_once(
    harmed, proxy, monkeypatch, fault
):
    monkeypatch.setattr(imports, "PIECE_BYTES", 500)
    monkeypatch.setattr(imports, "KEPT_IN_MEMORY", 1_000)
    drawn = []

    def records():
        for n in range(50):
            drawn.append(n)
            yield problem(n)

    proxy.faults.append(fault)
    summary = harmed.traces.import_records(records())
    assert summary["created_count"] + summary["existing_count"] == 50
    prompts = set(Trace.objects.values_list("prompt", flat=True))
    assert prompts == {problem(n)["question"] for n in range(50)}
    assert drawn == list(range(50))


def test_an_error_of_the_records_own_is_no_end_of_them(client, monkeypatch):
    """Nothing says that the file was whole."""
    monkeypatch.setattr(imports, "PIECE_BYTES", 100)

    def records():
        yield from map(problem, range(5))
        raise LookupError("the source is gone")

    with pytest.raises(LookupError, match="the source is gone"):
        client.traces.import_records(records())
    assert not list(client.jobs.list(state="succeeded"))


def test_an_error_of_the_wire_in_the_source_is_no_end_either(client, monkeypatch):
    monkeypatch.setattr(imports, "PIECE_BYTES", 100)

    def records():
        yield from map(problem, range(5))
        raise httpx.ReadError("the other site is gone")

    with pytest.raises(Disconnected, match="the other site is gone"):
        client.traces.import_records(records())
    assert not list(client.jobs.list(state="succeeded"))


def test_a_record_that_is_no_json_is_named(client):
    with pytest.raises(Unsendable, match=r"^item 1: This is no JSON"):
        client.traces.import_records([problem(0), {"question": object()}])


@pytest.mark.parametrize(
    "way",
    [
        {"prompt": "task", "thought": "cot", "final_answer": "result"},
        "prompt:task,thought:cot,final_answer:result",
    ],
)
def test_a_map_says_which_column_is_which(client, way):
    record = {"task": "Half of 18?", "cot": "18/2=9", "result": "9"}
    assert client.traces.import_records([record], map=way)["created_count"] == 1
    trace = Trace.objects.get()
    assert (trace.prompt, trace.final_answer) == ("Half of 18?", "9")
