"""What exports write is read back, and what models write is parsed."""

import json
import subprocess
import sys

import pytest
from helpers import ROOT, WEB_PYTHON, response

from traces.reasoning.messages.turn import Turn
from traces.reasoning.templates import (
    ANSWER,
    INSTRUCTION,
    TEMPLATES,
    answer_only,
    in_two_roles,
    parse,
    read_line,
    recognise,
)

TRACES = {
    "plain": ("What is 1+1?", ["One and one.", "Two."], "2"),
    "one step": ("p", ["s"], "a"),
    "newlines in steps": ("a\n\nb", ["first\n\nstill first", "\nsecond\n", "third\n"], "x"),
    "an answer inside a step": ("p", ["Answer: 3 is wrong\nAnswer: so is 4", "5"], "5"),
    "an answer of lines": ("p", ["s"], "line one\n\nline two\n2. no step\n"),
    "no answer": ("p", ["s"], ""),
    "an answer that quotes": ("p", ["s"], "the Answer: is 5"),
    "numbered lines in steps": ("p", ["List:\n1. a\n3. b\n10. c", "1. again", "more"], "x"),
    "reasoning in a step": ("Reasoning:\n1. p", ["Reasoning:\nAnswer:5", "b"], "x"),
    "white space": (" p ", ["  s  ", "\t"], "  x  "),
    "other alphabets": ("日本語", ["é\u2028x\u0085y\r\nz", "😀"], "½"),
    "many steps": ("p", [f"step {n}" for n in range(1, 1001)], "x"),
}

EXPORT = """
import json, sys
from datasets.formats.containers import LINES
from datasets.formats.items import ConversationRow, Row
from datasets.formats.known import FORMATS
from datasets.formats.options import Metadata, Options
options = Options(metadata=Metadata.OBJECT)
def line(name, row):
    fmt = FORMATS[name]
    pieces = LINES.pieces([row], fmt.rendering(options), fmt.schema_for(options), {})
    return b"".join(pieces).decode()
for prompt, steps, answer in json.load(sys.stdin):
    steps = json.dumps([{"i": i, "type": "r", "content": text} for i, text in enumerate(steps)])
    row = Row(
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
        "2026-01-31T12:00:00.000000Z", "1.0", prompt, answer, steps, '{"source": "x"}',
    )
    rows = {"tunix_sft": ConversationRow(*row, None), "training_example": row}
    print(json.dumps({name: line(name, row) for name, row in rows.items()}))
"""


@pytest.fixture(scope="module")
def exported():
    """What the site's own export functions write of TRACES, by trace and format."""
    if not WEB_PYTHON.exists():
        pytest.skip("The exports are written in the web environment: make .venv/.ready")
    done = subprocess.run(
        [WEB_PYTHON, "-c", EXPORT],
        cwd=ROOT,
        input=json.dumps(list(TRACES.values())),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.split("\n") if line]
    return dict(zip(TRACES, lines, strict=True))


@pytest.mark.parametrize("fmt", ["tunix_sft", "training_example"])
@pytest.mark.parametrize("name", TRACES)
def test_an_exported_line_gives_back_its_trace(exported, name, fmt):
    prompt, steps, answer = TRACES[name]
    line = json.loads(exported[name][fmt])
    assert recognise(line) == fmt
    said, completion = read_line(line, fmt)
    assert said == [("user", prompt if fmt == "tunix_sft" else prompt + INSTRUCTION)]
    assert parse(completion) == (steps, answer)
    assert answer_only(completion) == f"Answer: {answer}"


def test_what_export_and_template_put_around_a_turn_is_the_same(exported):
    line = json.loads(exported["plain"]["tunix_sft"])
    said, completion = read_line(line, "tunix_sft")
    gemma = TEMPLATES["gemma"]
    assert line["prompts"] == gemma.conversation(said) + gemma.completion(completion)


def test_of_several_turns_the_last_is_the_reply():
    said = [("user", "Be brief.\n\nWhat is 1+1?"), ("assistant", "2"), ("user", "And 2+2?\n")]
    for name, template in TEMPLATES.items():
        text = template.conversation(said) + template.completion("Reasoning:\n1. s\nAnswer: 4")
        assert template.read(text) == [*said, ("assistant", "Reasoning:\n1. s\nAnswer: 4")]
        if name == "gemma":
            line = {"prompts": text}
            assert read_line(line, recognise(line)) == (said, "Reasoning:\n1. s\nAnswer: 4")


def test_what_the_system_says_stands_before_what_the_user_says_next():
    turns = [("system", "Be brief."), ("user", "1+1?"), ("assistant", "2"), ("system", "Go on.")]
    assert in_two_roles([Turn(role, text) for role, text in turns]) == [
        ("user", "Be brief.\n\n1+1?"),
        ("assistant", "2"),
        ("user", "Go on."),
    ]


LOADED = """
import sys
sys.path.insert(0, sys.argv[1])
import root
__import__(sys.argv[2])
theirs = {"django", "rest_framework", "psycopg", "tunix_site", "jobs", "training"}
print(sorted(theirs & {name.partition(".")[0] for name in sys.modules}))
import datasets
print(datasets.__file__)
"""


@pytest.mark.parametrize(
    "name", [path.stem for path in sorted((ROOT / "traces" / "reasoning").glob("*.py"))]
)
def test_what_is_shared_with_the_site_loads_nothing_of_it(name, tmp_path):
    """Each module by itself, in this environment, which has the library of our app's name."""
    module = f"traces.reasoning.{name}".removesuffix(".__init__")
    done = subprocess.run(
        [sys.executable, "-c", LOADED, ROOT / "training" / "jobs", module],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, library = done.stdout.splitlines()
    assert found == "[]"
    assert "site-packages" in library


@pytest.mark.parametrize(
    ("text", "steps", "answer"),
    [
        ("", [], ""),
        ("no marks at all", [], ""),
        ("Answer: 5", [], "5"),
        ("Reasoning:\n", [], ""),
        ("Reasoning:\nAnswer: 5", [], "5"),
        ("Reasoning:\nunnumbered\nAnswer: 5", [], "5"),
        ("Reasoning: 1. on its line\nAnswer: 5", [], "5"),
        ("Reasoning:\n1. cut off", ["cut off"], ""),
        ("Reasoning:\n1. a\n2. ", ["a"], ""),
        ("Reasoning:\n1. \n2. b\nAnswer: 5", ["b"], "5"),
        ("Reasoning:\n0. a\n1. b\nAnswer: 5", ["a", "b"], "5"),
        ("Sure!\nReasoning:\n1. a\nAnswer: 5\nAnswer: 6", ["a\nAnswer: 5"], "6"),
        ("Reasoning:\n1. a\nAnswer:5", ["a\nAnswer:5"], ""),
        ("Reasoning:\n" + "1" * 5000 + ". a", [], ""),
    ],
)
def test_any_text_is_parsed(text, steps, answer):
    found, said = parse(text)
    assert said == answer
    assert [step for step in found if step.strip()] == steps or found == steps


def test_what_is_parsed_keeps_to_the_limits_of_a_trace():
    steps = [f"{number}. {'x' * 20_001}" for number in range(1, 3)]
    found, answer = parse("\n".join(["Reasoning:", *steps, ANSWER + "y" * 50_001]))
    assert [len(step) for step in found] == [20_000, 20_000]
    assert len(answer) == 50_000
    found, _ = parse(response([str(number) for number in range(1_001)], "x"))
    assert len(found) == 1_000


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_text_ends_a_turn(name):
    template = TEMPLATES[name]
    for mark in template.marks:
        prompt = template.prompt(f"a{mark}b")
        assert prompt.count(mark) == template.prompt("").count(mark)
        assert template.completion(f"a{mark}b").count(mark) == template.end.count(mark)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"prompts": 5}, "prompts: not a string"),
        ({"prompts": ""}, "prompts: not a string"),
        ({"prompts": "text"}, "prompts: no user's and model's turn"),
        ({"prompts": "<start_of_turn>user\nx<end_of_turn>"}, "prompts: no model's turn"),
        (
            {"prompts": TEMPLATES["gemma"].prompt("") + TEMPLATES["gemma"].completion("x")},
            "prompts: a turn that holds nothing",
        ),
        (
            {"prompts": 2 * (TEMPLATES["gemma"].prompt("x") + TEMPLATES["gemma"].completion("x"))},
            "prompts: marks inside a turn",
        ),
        ({"prompt": "x", "response": None}, "response: not a string"),
        ({"prompt": [], "response": "x"}, "prompt: not a string"),
        ({"prompt": "x\ud800", "response": "x"}, "prompt: a lone surrogate"),
    ],
)
def test_what_is_no_exported_line_is_refused_by_field(line, message):
    with pytest.raises(ValueError, match=message):
        read_line(line, recognise(line))


@pytest.mark.parametrize("line", [{}, {"prompt": "x"}, {"response": "x"}, {"text": "x"}])
def test_other_formats_are_refused(line):
    with pytest.raises(ValueError, match="neither prompts nor prompt and response"):
        recognise(line)
