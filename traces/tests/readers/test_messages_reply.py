"""A conversation up to the question, and its reply in a column beside it."""

import pytest

from traces.readers import messages_reply
from traces.readers.formats import recognise
from traces.reasoning.steps import REASONING
from traces.tests.readers.reading import only, refusal

ASKED = [{"role": "user", "content": "How many corners have 5 squares?"}]
SAID = "<think>\n4 * 5 = 20.\n</think>\n\n20"


@pytest.mark.parametrize(
    "record",
    [
        {"messages": ASKED, "response": SAID},
        {"messages": ASKED, "output": {"role": "assistant", "content": SAID}},
        {"prompt": ASKED, "response": SAID},
        {"conversation": ASKED, "completion": [{"role": "assistant", "content": SAID}]},
        {"messages": ASKED, "answer": "20", "reasoning": "4 * 5 = 20."},
        {"conversations": [{"from": "human", "value": ASKED[0]["content"]}], "answer": SAID},
    ],
)
def test_messages_and_the_reply_beside_them(record):
    fmt = recognise([{**record, "n": 1}])
    draft = only(fmt.read({**record, "n": 1}))
    assert (draft.prompt, draft.final_answer) == (ASKED[0]["content"], "20")
    assert draft.steps == [(REASONING, "4 * 5 = 20.")]
    assert [one["role"] for one in draft.messages] == ["user", "assistant"]
    assert draft.record == {"n": 1}


def test_a_reference_and_a_label_beside_them():
    draft = only(
        messages_reply.read(
            {"messages": ASKED, "response": SAID, "ground_truth": "20", "label": False}
        )
    )
    assert (draft.notes["reference_answer"], draft.status) == ("20", "rejected")


def test_a_conversation_with_its_reply_is_no_such_record():
    whole = [*ASKED, {"role": "assistant", "content": SAID}]
    assert recognise([{"messages": whole, "response": "another"}]).name == "messages"


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"messages": ASKED}, "response"),
        ({"messages": ASKED, "response": 5}, "response"),
        ({"messages": ASKED, "response": "a", "answer": "b"}, "response"),
        ({"messages": "x", "response": "a"}, "messages"),
        ({"messages": ASKED, "prompt": ASKED, "response": "a"}, "messages"),
    ],
)
def test_what_is_no_such_record_names_the_field(record, field):
    assert not messages_reply.recognises(record)
    assert refusal(messages_reply, record)[0] == field
