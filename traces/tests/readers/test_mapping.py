"""Records of which the import says which field is which."""

import pytest

from traces.readers import mapped
from traces.readers.draft import Unreadable
from traces.readers.mapping import TARGETS, BadMapping, parse
from traces.reasoning.steps import OUTPUT, REASONING
from traces.sources.source import Cells, Row
from traces.tests.readers.reading import only, refusal

RECORD = {
    "id": 7,
    "ask": "What is 6 * 7?",
    "cot": "6 * 7 is 6 * 5 + 6 * 2.\n\n30 + 12 = 42.",
    "said": "It is 42.",
    "short": "42",
    "level": "easy",
}


def read(text, record):
    return only(mapped.format_of(parse(text)).read(record))


def refused(text, record) -> tuple:
    return refusal(mapped.format_of(parse(text)), record)


def test_each_part_of_a_trace_is_taken_from_the_field_that_is_named():
    draft = read(
        "prompt:ask,thought:cot,final_answer:short,external_id:id,meta.level.name:level", RECORD
    )
    assert (draft.prompt, draft.final_answer, draft.external_id) == ("What is 6 * 7?", "42", "7")
    assert draft.steps == [(REASONING, "6 * 7 is 6 * 5 + 6 * 2."), (REASONING, "30 + 12 = 42.")]
    assert draft.notes == {"answer_from": "field", "level": {"name": "easy"}}
    assert draft.record == {"id": 7, "said": "It is 42."}  # what is not mapped
    assert draft.messages is None


def test_steps_are_a_list_of_texts_or_a_text_that_is_cut():
    for steps in (["a", "b\n\nc"], [{"text": "a"}, {"content": "b\n\nc", "type": "x"}]):
        draft = read("prompt:ask,steps:how,final_answer:short", {**RECORD, "how": steps})
        assert draft.steps == [(REASONING, "a"), (REASONING, "b\n\nc")]
        assert ("how" in draft.record) == isinstance(steps[0], dict)  # they may hold more
    draft = read("prompt:ask,steps:cot", RECORD)
    assert len(draft.steps) == 2
    assert draft.final_answer == ""


def test_a_reply_is_read_by_the_rule_for_replies():
    record = {"q": "Two and two?", "a": "<think>\nI add.\n</think>\n\n4"}
    draft = read("prompt:q,reply:a", record)
    assert (draft.steps, draft.final_answer) == ([(REASONING, "I add.")], "4")
    assert draft.record == {"a": record["a"]}  # which the trace does not hold word for word


def test_a_thought_and_a_reply_in_fields_of_their_own():
    draft = read("prompt:ask,thought:cot,reply:said", RECORD)
    assert len([step for step in draft.steps if step[0] == REASONING]) == 2
    assert draft.final_answer == "It is 42."
    assert "said" not in draft.record


def test_an_answer_of_its_own_wins_and_the_reply_stays():
    draft = read("prompt:ask,reply:said,final_answer:short", RECORD)
    assert (draft.final_answer, draft.steps) == ("42", [(OUTPUT, "It is 42.")])
    assert draft.notes == {"answer_from": "field", "reply_step": 0}


def test_a_system_prompt_comes_before_the_prompt():
    draft = read("system:sys,prompt:ask,final_answer:short", {**RECORD, "sys": "Be brief."})
    assert draft.prompt == "Be brief.\n\nWhat is 6 * 7?"
    assert [message["role"] for message in draft.messages] == ["system", "user", "assistant"]


@pytest.mark.parametrize(
    "turns",
    [
        [{"role": "user", "content": "Two?"}, {"role": "assistant", "content": "4"}],
        [{"from": "human", "value": "Two?"}, {"from": "gpt", "value": "4"}],
    ],
)
def test_messages_are_read_as_a_conversation(turns):
    draft = read("messages:talk.all", {"talk": {"all": turns, "n": 2}})
    assert (draft.prompt, draft.final_answer) == ("Two?", "4")
    assert draft.record == {"talk": {"n": 2}}


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"a": {"b": [{"c": "here"}]}}, "a.b.0.c"),
        ({"a": {"b": [1, {"c": "here"}]}}, "a.b.-1.c"),
        ({"a.b": {"c.d": "here"}}, "a.b.c.d"),
        ({"a": {"b.c.d": "here"}, "a.b": "no"}, "a.b"),
        ({"a": '{"b": ["x", {"c": "here"}]}'}, "a.b.1.c"),
        ({"a,b": "here"}, "a\\,b"),
        ({"a:b": "here"}, "a:b"),
        ({"": "here"}, "."),
    ],
)
def test_paths_lead_into_objects_lists_and_json(record, path):
    expected = "no" if record.get("a.b") == "no" else "here"
    if path == ".":
        record = {"": {"": "here"}}
    assert read(f"prompt:{path},final_answer:z", {**record, "z": "1"}).prompt == expected


def test_a_path_that_leads_nowhere_names_the_keys_that_are_there():
    record = {"q": {"text": "x", "lang": "en"}, "list": [1], "t": "plain"}
    assert refused("prompt:question,final_answer:t", record) == (
        "question",
        "There is no such field; the record has the keys: q, list, t.",
    )
    for path, said in [
        ("q.words", "q has the keys: text, lang."),
        ("list.3", "list is a list of 1."),
        ("list.x", "list is a list of 1."),
        ("t.x", "t is no object."),
    ]:
        assert refused(f"prompt:{path},final_answer:t", record) == (
            path,
            f"There is no such field; {said}",
        )


def test_of_very_many_keys_the_first_are_named():
    record = {f"{n}{'x' * 100}": n for n in range(100)}
    _, reason = refused("prompt:a,final_answer:b", record)
    assert reason.endswith(" and 80 more.")
    assert len(reason) < 2_000


def test_an_empty_cell_of_a_table_is_null_and_an_unknown_column_is_missing():
    columns = ["q", "a", "ref"]
    for row in (Row({"q": "x", "a": "1"}, columns), Cells({"q": "x", "a": "1"}, columns)):
        draft = read("prompt:q,final_answer:a,reference_answer:ref", row)
        assert "reference_answer" not in draft.notes
        assert refused("prompt:q,final_answer:a,reference_answer:reff", row)[0] == "reff"
        assert refused("prompt:ref,final_answer:a", row) == ("ref", "This field is required.")


def test_cells_are_lists_where_a_list_is_wanted():
    cells = {"q": "[x]", "s": '["a", "b"]', "t": '["u", "v"]', "a": "[0, 1]", "m": "[1]"}
    draft = read("prompt:q,steps:s,final_answer:a,tags:t,meta.m:m", Cells(cells, list(cells)))
    assert (draft.prompt, draft.final_answer, draft.notes["m"]) == ("[x]", "[0, 1]", "[1]")
    assert (draft.steps, draft.tags) == ([(REASONING, "a"), (REASONING, "b")], ["u", "v"])


@pytest.mark.parametrize(
    ("target", "value", "status"),
    [
        ("label", True, "approved"),
        ("label", False, "rejected"),
        ("label", "False", "rejected"),
        ("label", 1, "approved"),
        ("label", None, None),
        ("status", "flagged", "flagged"),
        ("status", "unreviewed", None),
    ],
)
def test_a_label_or_a_status_is_a_verdict(target, value, status):
    draft = read(f"prompt:ask,final_answer:short,{target}:v", {**RECORD, "v": value})
    assert draft.status == status


def test_what_stands_beside_is_taken():
    record = {**RECORD, "from": "book", "tags": ["a", "b"], "gold": 42.0, "tag": "c"}
    draft = read(
        "prompt:ask,final_answer:short,source:from,tags:tags,reference_answer:gold", record
    )
    assert (draft.source, draft.tags) == ("book", ["a", "b"])
    assert float(draft.notes["reference_answer"]) == 42
    assert read("prompt:ask,final_answer:short,tags:tag", record).tags == ["c"]


@pytest.mark.parametrize(
    ("text", "record", "field"),
    [
        ("prompt:ask,final_answer:x", {"ask": "a", "x": {}}, "x"),
        ("prompt:ask,final_answer:x", {"ask": " ", "x": "1"}, "ask"),
        ("prompt:ask,final_answer:x", {"ask": "a", "x": " "}, "x"),
        ("prompt:ask,steps:x.y", {"ask": "a", "x": {"y": ["b", 1]}}, "x.y[1]"),
        ("prompt:ask,reply:x,status:s", {"ask": "a", "x": "b", "s": "good"}, "s"),
        ("prompt:ask,reply:x,label:s", {"ask": "a", "x": "b", "s": 2}, "s"),
        ("prompt:ask,reply:x,tags:s", {"ask": "a", "x": "b", "s": [1]}, "s"),
        ("messages:x", {"x": "no list"}, "x"),
        ("messages:x", {"x": None}, "x"),
    ],
)
def test_a_field_that_holds_something_else_is_named(text, record, field):
    assert refused(text, record)[0] == field


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Not TARGET:FIELD: ''"),
        ("prompt", "Not TARGET:FIELD: 'prompt'"),
        ("prompt:", "Not TARGET:FIELD"),
        ("promt:q,reply:a", "Unknown target 'promt'. Targets are prompt, system, reply,"),
        ("meta.:q,reply:a", "Unknown target 'meta.'"),
        ("meta.KEY..x:q", "Unknown target"),
        ("prompt:q,prompt:a", "The target 'prompt' is given twice."),
        ("reply:a", "The prompt is required, or messages. Targets are "),
        ("prompt:q,source:s", "One of reply, thought, steps, final_answer is required."),
        ("messages:m,prompt:q", "messages holds prompt and reply: prompt cannot"),
        ("prompt:q,reply:a,label:l,status:s", "Both status and label"),
        (f"prompt:{'a.' * 30}a,reply:a", "at most 20 parts"),
        (f"prompt:{'a' * 5_000},reply:a", "Longer than 4,000 characters."),
    ],
)
def test_what_is_no_mapping_is_refused(text, said):
    with pytest.raises(BadMapping) as error:
        parse(text)
    assert said in str(error.value)


def test_every_target_can_be_named():
    names = [name.replace("KEY", "k") for name in TARGETS]
    alone = {"messages", "status"}
    paths = parse(",".join(f"{name}:f" for name in names if name not in alone))
    assert {*paths, *alone} == set(names)


def test_a_record_is_not_changed():
    record = {"a": {"b": "q", "c": 1}, "d": "x"}
    read("prompt:a.b,final_answer:d", record)
    assert record == {"a": {"b": "q", "c": 1}, "d": "x"}


VALUES = [None, 1, 1.5, True, "", "x", "[1]", "{", [], [1], [None], {}, {"b": []}, "\ud800"]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_a_refusal_is_the_only_error_whatever_stands_there(value):
    fmt = mapped.format_of(parse("prompt:a.b.0,steps:s,reply:r,label:l,tags:t,meta.x:m"))
    for other in VALUES:
        record = {"a": {"b": [value]}, "s": other, "r": value, "l": other, "t": value, "m": other}
        assert read_or_refused(fmt, record)


def read_or_refused(fmt, record) -> str:
    """Give the prompt, or the field for which the record is refused."""
    try:
        return only(fmt.read(record)).prompt
    except Unreadable as error:
        return error.field
