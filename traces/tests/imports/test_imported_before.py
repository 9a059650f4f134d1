"""Files that an earlier version imported, imported again: existing, and read differently or not."""

import copy
import json
from hashlib import sha256

import msgspec
import pytest
from django.core.management import call_command

from events.tests.acting import acting
from traces.document import TraceDocument
from traces.intake.original import take_original
from traces.models import Trace
from traces.services.storing import create_traces
from traces.tests.factories import TraceFactory
from traces.tests.imported_before import OPENR1, RECORDS, written
from traces.tests.imports.sending import send

pytestmark = pytest.mark.django_db

BEFORE = written()
TO_THE_LETTER = ("trace", "record")
OURS = (*TO_THE_LETTER, "export")  # whose lines say themselves what is prompt, step and answer
OTHERS = [name for name in BEFORE if name not in OURS]


def store(traces, *, moved=False) -> None:
    """Store what an earlier version did; `moved` as the migration leaves it."""
    documents = [msgspec.convert(trace, TraceDocument) for trace in copy.deepcopy(list(traces))]
    cut_off = {n: take_original(one.meta) for n, one in enumerate(documents)} if moved else {}
    originals = {n: original for n, original in cut_off.items() if original}
    outcome = create_traces(documents=documents, skip_taken=False, originals=originals, by=acting())
    assert not outcome.refused


def otherwise(trace: dict) -> dict:
    """Give a trace as a rule might have read it that took answers and steps otherwise."""
    steps = "\n\n".join(step["content"] for step in trace["steps"])
    said = {"i": 0, "type": "reasoning", "content": f"{steps}\n\n"}
    return {**trace, "final_answer": "another", "steps": [said]}


def counts(answer) -> tuple:
    return tuple(
        answer[f"{name}_count"] for name in ("created", "existing", "read_differently", "error")
    )


@pytest.mark.parametrize("moved", [True, False])
@pytest.mark.parametrize("name", BEFORE)
def test_a_file_of_each_format_exists(curator, name, moved):
    store(BEFORE[name]["traces"], moved=moved)
    before = list(Trace.objects.order_by("id").values())
    answer = send(curator, BEFORE[name]["records"]).json()
    created, existing, read_differently, _ = counts(answer)
    assert answer["errors"] == []
    assert (answer["format"], created, existing) == (name, 0, len(before))
    assert 0 <= read_differently <= existing
    assert list(Trace.objects.order_by("id").values()) == before


@pytest.mark.parametrize("moved", [True, False])
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_read_differently_exists_and_stays(curator, name, moved):
    traces = [otherwise(trace) for trace in BEFORE[name]["traces"]]
    store(traces, moved=moved)
    answer = send(curator, BEFORE[name]["records"]).json()
    assert answer["errors"] == []
    assert counts(answer) == (0, len(traces), len(traces), 0)
    assert {trace.final_answer for trace in Trace.objects.all()} == {"another"}


@pytest.mark.parametrize("name", TO_THE_LETTER)
def test_documents_that_are_kept_to_the_letter_are_others_where_they_differ(curator, name):
    [record] = RECORDS[name]
    send(curator, [record])
    answer = send(curator, [{**record, "final_answer": "another"}], "?on_error=skip").json()
    assert counts(answer) == (0, 0, 0, 1)
    assert answer["errors"][0]["field"] == "external_id"


@pytest.mark.parametrize("moved", [True, False])
def test_a_record_of_the_same_id_is_another_where_it_differs(curator, moved):
    store((otherwise(trace) for trace in BEFORE["openr1"]["traces"]), moved=moved)
    record = OPENR1[0]
    others = [
        {**record, "problem": f"{record['problem']} Round it."},
        {**record, "answer": "81"},
        {**record, "answer": "another"},  # the stored one's final answer, but not its reference
        {**record, "problem_type": "Geometry"},
        {**record, "more": "and more"},
        {name: value for name, value in record.items() if name != "source"},
    ]
    answer = send(curator, [*others, record]).json()
    others_lines = {error["line"] for error in answer["errors"]}
    assert others_lines == {1, 2, 4, 5, 6}
    assert counts(answer)[0] == 0
    assert "other content" in answer["errors"][0]["message"]


def test_the_other_generations_of_a_record_do_not_matter(curator):
    """A file of one more generation of each problem brings that one alone."""
    record = OPENR1[1]
    [trace] = [one for one in BEFORE["openr1"]["traces"] if record["uuid"] in one["external_id"]]
    store([otherwise(trace)])
    more = {**record, "generations": [*record["generations"], "<think>\n2a\n</think>\n\nIt is."]}
    assert counts(send(curator, [more]).json()) == (1, 1, 1, 0)


def conversation(*said: str) -> dict:
    turns = [
        {"role": "assistant" if number % 2 else "user", "content": text}
        for number, text in enumerate(said)
    ]
    return {"id": "talk", "messages": turns}


@pytest.mark.parametrize("kept", [2, 4])
def test_a_conversation_of_other_turns_is_another(curator, kept):
    query = "?on_error=skip&map=messages:messages,external_id:id"
    said = ["What is 2+2?", "4", "And 3+3?", "6"]
    record = conversation(*said[:kept])
    [shown] = send(curator, [record], f"{query}&dry_run=true").json()["traces"]
    trace = {name: shown[name] for name in BEFORE["messages"]["traces"][0]}
    store([otherwise(trace)])
    whole, part = conversation(*said), conversation(*said[:2])
    turned = conversation(*said[kept - 2 : kept][::-1], *said[: kept - 2])
    same, other = (whole, part) if kept == 4 else (part, whole)
    answer = send(curator, [other, turned, same], query).json()
    assert counts(answer) == (0, 1, 1, 2)
    assert [error["line"] for error in answer["errors"]] == [1, 2]


@pytest.mark.parametrize("changed", [{"lvl": 9}, {"lvl": True}, {"topic": "sums"}, {"cut": True}])
def test_what_a_map_put_into_meta_is_compared(curator, changed):
    query = (
        "?on_error=skip&map=prompt:q,reply:r,external_id:id,"
        "meta.level:lvl,meta.topic:topic,meta.cut:cut"
    )
    record = {"q": "2+2?", "r": "4", "id": "one", "lvl": 1, "topic": "algebra", "cut": False}
    [shown] = send(curator, [record], f"{query}&dry_run=true").json()["traces"]
    trace = {name: shown[name] for name in BEFORE["gsm8k"]["traces"][0]}
    said = {"i": 0, "type": "reasoning", "content": "4"}  # as a rule might have read it
    store([{**trace, "final_answer": "another", "steps": [said]}])
    answer = send(curator, [{**record, **changed}, record], query).json()
    assert counts(answer) == (0, 1, 1, 1)
    assert answer["errors"][0]["line"] == 1


def test_a_trace_that_has_the_id_by_chance_is_another(curator):
    """What was sent as a trace keeps no source record, and holds few of its texts."""
    body = {**RECORDS["trace"][0], "external_id": f"{OPENR1[1]['uuid']}/0"}
    send(curator, [{**body, "meta": {"source": "openr1"}}])
    assert counts(send(curator, [OPENR1[1]], "?on_error=skip").json()) == (0, 0, 0, 1)


def test_the_same_id_twice_in_a_file_is_the_first_of_them(curator):
    record = OPENR1[2]
    other = {**record, "problem": "What is $2^{11}$?"}
    assert counts(send(curator, [record, other, record]).json()) == (2, 2, 0, 1)


@pytest.mark.parametrize("topics", [["a", "b"], '["a", "b"]'], ids=["parsed", "text"])
def test_cells_of_csv_may_have_been_kept_as_text_or_as_what_they_hold(curator, topics):
    row = b'What is 2+2?,It is \\boxed{4}.,4,test/a/1,"[""a"", ""b""]"\n'
    data = b"problem,solution,answer,unique_id,topics\n" + row
    [shown] = send(curator, data, "?dry_run=true").json()["traces"]
    trace = {name: shown[name] for name in BEFORE["math"]["traces"][0]}
    trace["meta"]["record"]["topics"] = topics
    store([otherwise(trace)])
    assert counts(send(curator, data).json()) == (0, 1, 1, 0)
    other = data.replace(b'""b""', b'""c""')
    assert counts(send(curator, other, "?on_error=skip").json()) == (0, 0, 0, 1)


def pair(chosen: str, rejected: str) -> dict:
    """Give a pair whose prompt was once what both begin with, and which is refused now."""
    return {"chosen": f"The sky is {chosen}.", "rejected": f"The sky is {rejected}."}


@pytest.mark.parametrize("on_error", ["skip", "abort"])
def test_a_record_that_is_refused_now_exists_as_well(curator, on_error):
    known, unknown = pair("blue", "green"), pair("grey", "red")
    digest = sha256(json.dumps(known, separators=(",", ":")).encode()).hexdigest()
    for number in ("", "/1", "#2", "#2/1"):
        meta = {"source": "preference"}
        TraceFactory(prompt="The sky is ", external_id=f"sha256:{digest}{number}", meta=meta)
    answer = send(curator, [known, known], f"?on_error={on_error}").json()
    assert (counts(answer), answer["errors"]) == ((0, 4, 4, 0), [])
    answer = send(curator, [known, unknown, known]).json()
    assert counts(answer) == (0, 4, 4, 1)
    assert [error["line"] for error in answer["errors"]] == [2]
    assert counts(send(curator, [known, known], "?source=mine").json()) == (0, 0, 0, 2)


@pytest.mark.parametrize("on_error", ["skip", "abort"])
def test_a_dry_run_tells_of_it(curator, on_error):
    store(otherwise(trace) for trace in BEFORE["gsm8k"]["traces"])
    query = f"?dry_run=true&on_error={on_error}"
    answer = send(curator, BEFORE["gsm8k"]["records"], query).json()
    assert counts(answer) == (0, 4, 4, 0)


def test_the_command_tells_of_it(tmp_path, capsys):
    store(otherwise(trace) for trace in BEFORE["gsm8k"]["traces"])
    file = tmp_path / "gsm8k.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in BEFORE["gsm8k"]["records"]))
    call_command("import_traces", str(file))
    assert capsys.readouterr().out == (
        "4 lines (gsm8k): 0 traces stored, 4 there already (4 read differently now, and left as "
        "they are), 0 records bad.\n"
    )


def test_traces_to_compare_with_are_fetched_together(curator, django_assert_max_num_queries):
    store(otherwise(trace) for trace in BEFORE["openr1"]["traces"])
    with django_assert_max_num_queries(40):
        answer = send(curator, BEFORE["openr1"]["records"] * 20).json()
    assert answer["read_differently_count"] == 20 * 9 - 19  # the one without an id is new each time
