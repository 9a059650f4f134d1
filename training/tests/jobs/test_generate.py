"""generate.py: a model's answers, as traces that can be sent as they are."""

import json
import re
import shutil
import types

import pytest
from documents import check_trace
from generate import as_trace, clean
from helpers import (
    addition,
    change_generation,
    problem,
    read_lines,
    refusal,
    run,
    write_config,
    write_lines,
)

from traces.reasoning.templates import INSTRUCTION, TEMPLATES


def ask(path, **named):
    given = [
        part for name, value in named.items() for part in (f"--{name.replace('_', '-')}", value)
    ]
    out, said = run("generate", "--output", path, *given)
    assert out == ""
    return read_lines(path), said


@pytest.fixture(scope="module")
def asked(runs, trained, eval_set):
    """What the trained model and its configuration are asked, to be changed."""
    return {
        "model": trained.directory,
        "config": runs.config("trained"),
        "eval_set": eval_set,
    }


@pytest.fixture(scope="module")
def answered(asked, shared):
    return ask(shared / "answers.jsonl", **asked)


def test_every_problem_is_answered_by_a_trace_that_can_be_sent(answered, trained):
    lines, _ = answered
    assert [line["meta"]["eval_id"] for line in lines] == [f"problem-{n}" for n in range(6)]
    for number, line in enumerate(lines):
        check_trace(line)
        prompt, _, answer = addition(number)
        assert line["trace_version"] == "1.0"
        assert line["prompt"] == prompt
        assert line["meta"]["source"] == "evaluation"
        assert line["meta"]["model"] == trained.manifest["run_id"]
        assert line["meta"]["checkpoint_step"] == 6
        assert line["meta"]["reference_answer"] == answer
        assert line["meta"]["seed"] == 0
        assert isinstance(line["meta"]["raw_text"], str)


def test_progress_is_shown(answered):
    assert re.search(r"asking \w+: 6/6 ", answered[1])


def test_asking_again_gives_the_same_answers_and_fewer_when_asked(asked, answered, tmp_path):
    lines, _ = ask(tmp_path / "x" / "some.jsonl", **asked, max_examples=2)
    assert lines == answered[0][:2]
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["some.jsonl"]


@pytest.mark.runs("memorised", "qwen3")
@pytest.mark.parametrize("name", ["memorised", "qwen3"])
def test_what_a_model_has_learned_by_heart_it_says(runs, name, tmp_path):
    """Questions are put as the run's data put them, and answers end where the turn does."""
    problems = write_lines(tmp_path / "evalset.jsonl", [problem(number) for number in range(4)])
    config = change_generation(runs.config(name), tmp_path / "c.yaml", max_new_tokens=160)
    lines, _ = ask(
        tmp_path / "out.jsonl", model=runs(name).directory, config=config, eval_set=problems
    )
    for number, line in enumerate(lines):
        _, steps, answer = addition(number)
        assert [step["content"] for step in line["steps"]] == steps
        assert {step["type"] for step in line["steps"]} == {"reasoning"}
        assert line["final_answer"] == answer == line["meta"]["reference_answer"]


@pytest.mark.runs("memorised")
def test_the_model_before_training_is_asked_too(runs, eval_set, tmp_path):
    done = runs("memorised")
    named = {"config": runs.config("memorised"), "eval_set": eval_set}
    base, _ = ask(
        tmp_path / "base.jsonl", model="base", tokenizer=done.directory / "tokenizer", **named
    )
    for line in base:
        check_trace(line)
        assert (line["meta"]["model"], line["meta"]["checkpoint_step"]) == ("base", 0)
        assert line["final_answer"] != line["meta"]["reference_answer"]


def test_an_untrained_models_bytes_become_text(runs, eval_set, tmp_path):
    """Nothing but bytes, drawn nearly at random: hardly any of them are UTF-8."""
    path = write_config(
        tmp_path / "c.yaml",
        tokenizer={"max_words": 0},
        generation={"temperature": 5.0, "max_new_tokens": 64},
    )
    lines, _ = ask(tmp_path / "out.jsonl", model="base", config=path, eval_set=eval_set)
    for line in lines:
        check_trace(line)
        assert [step["type"] for step in line["steps"]] == ["output"]
    assert any("\ufffd" in line["meta"]["raw_text"] for line in lines)


@pytest.mark.runs("gemma3 lora")
def test_a_temperature_draws_by_the_seed(runs, eval_set, tmp_path):
    """From a directory's model with LoRA, which is asked as any other."""
    config = change_generation(
        runs.config("gemma3 lora"), tmp_path / "c.yaml", temperature=1.0, top_p=0.95
    )
    named = {"model": runs("gemma3 lora").directory, "config": config, "eval_set": eval_set}
    drawn = [
        ask(tmp_path / f"{at}.jsonl", **named, seed=seed)[0] for at, seed in enumerate((1, 1, 2))
    ]
    texts = [[line["meta"]["raw_text"] for line in lines] for lines in drawn]
    assert texts[0] == texts[1] != texts[2]
    assert [lines[0]["meta"]["seed"] for lines in drawn] == [1, 1, 2]
    for lines in drawn:
        for line in lines:
            check_trace(line)


@pytest.mark.runs("qwen3")
def test_a_dry_run_shows_the_first_question_and_asks_nothing(runs, eval_set, tmp_path):
    output = tmp_path / "out.jsonl"
    given = ("--model", runs("qwen3").directory, "--config", runs.config("qwen3"))
    out, _ = run(
        "generate",
        *given,
        "--eval-set",
        eval_set,
        "--output",
        output,
        "--max-examples",
        3,
        "--dry-run",
    )
    shown = json.loads(out)
    assert shown["problems"] == 3
    assert shown["model"] == runs("qwen3").manifest["run_id"]
    assert shown["first"] == TEMPLATES["chatml"].prompt(addition(0)[0] + INSTRUCTION)
    assert not output.exists()


ASKED = types.SimpleNamespace(name="a model")


def shaped(text):
    template = TEMPLATES["gemma"]
    one = types.SimpleNamespace(id="1", prompt="What?", expected_answer="5")
    trace = as_trace(one, clean(text, template), ASKED, seed=0, step=1)
    check_trace(trace)
    return trace


@pytest.mark.parametrize(
    ("text", "content", "answer"),
    [
        ("", "(empty)", ""),
        ("<end_of_turn>more", "(empty)", ""),
        ("Answer: 5", "Answer: 5", "5"),
        ("a\x00b", "a\ufffdb", ""),
        ("a\ud800b", "a?b", ""),
        ("x" * 30_000, "x" * 20_000, ""),
    ],
)
def test_text_without_steps_becomes_one_output(text, content, answer):
    trace = shaped(text)
    assert trace["steps"] == [{"i": 0, "type": "output", "content": content}]
    assert trace["final_answer"] == answer


def test_text_with_steps_becomes_them():
    trace = shaped("Reasoning:\n1. a\nb\n2. c\nAnswer: 5<end_of_turn>\n1. no more")
    assert trace["steps"] == [
        {"i": 0, "type": "reasoning", "content": "a\nb"},
        {"i": 1, "type": "reasoning", "content": "c"},
    ]
    assert trace["final_answer"] == "5"
    assert trace["meta"]["raw_text"] == "Reasoning:\n1. a\nb\n2. c\nAnswer: 5"


@pytest.fixture
def files(tmp_path, eval_set):
    write_config(tmp_path / "config.yaml")
    shutil.copy(eval_set, tmp_path / "evalset.jsonl")
    return tmp_path


def arguments(directory, **changes):
    named = {
        "model": "base",
        "config": directory / "config.yaml",
        "eval-set": directory / "evalset.jsonl",
        "output": directory / "out" / "answers.jsonl",
        **changes,
    }
    return [part for name, value in named.items() for part in (f"--{name}", value)]


def refused(directory, **changes):
    line = refusal("generate", *arguments(directory, **changes))
    assert not (directory / "out").exists()
    return line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file holds no line"),
        ("{", "line 1"),
        ('{"id": "1", "prompt": "p"}', "line 1: Object missing required field `expected_answer`"),
        ('{"id": "1", "prompt": "", "expected_answer": "x"}', "$.prompt"),
        ('{"id": "1", "prompt": "p", "expected_answer": 5}', "$.expected_answer"),
        ('{"id": 1, "prompt": "p", "expected_answer": "5"}', "$.id"),
        ('{"id": "1", "prompt": "p", "expected_answer": "5", "x": 1}', "unknown field `x`"),
        ('{"id": "1", "prompt": "p\\u0000", "expected_answer": "5"}', "prompt: holds NUL"),
        ('{"id": "1", "prompt": "p", "expected_answer": "\\u0000"}', "expected_answer: holds NUL"),
        ('{"id": "1", "prompt": "p\\ud800", "expected_answer": "5"}', "line 1"),
        ('\n{"id": "1", "prompt": "p", "expected_answer": "5"}\n' * 2, "line 4: id: '1' occurs"),
    ],
)
def test_a_bad_evaluation_set_is_named_by_line(files, text, message):
    path = files / "evalset.jsonl"
    path.write_text(text)
    line = refused(files)
    assert line.startswith(f"{path}: ")
    assert message in line


@pytest.mark.parametrize("option", ["config", "eval-set"])
def test_a_missing_file_is_named(files, option):
    path = files / "none"
    assert refused(files, **{option: path}) == f"{path}: No such file or directory"


def test_a_bad_configuration_is_named(files):
    path = write_config(files / "config.yaml", generation={"temperature": "hot"})
    assert refused(files) == f"{path}: generation.temperature: Expected `float`, got `str`"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max-examples": 0}, "--max-examples: 0 is less than 1"),
        ({"seed": -1}, "--seed: -1 is not in 0 to 2147483647"),
        ({"seed": 2**31}, "--seed: 2147483648 is not in 0 to 2147483647"),
        ({"tokenizer": "/nowhere"}, "/nowhere: no tokenizer"),
        ({}, "--tokenizer: is needed: the words are those of a run's training set"),
        (
            {"model": "/nowhere", "tokenizer": "/nowhere"},
            "--tokenizer: is for --model base; a run has its own",
        ),
        ({"model": "/nowhere"}, "/nowhere/run_manifest.json: No such file or directory"),
    ],
)
def test_bad_arguments_are_named(files, changes, message):
    assert refused(files, **changes) == message


def test_a_run_without_a_whole_checkpoint_is_no_model(files, trained):
    model = files / "run"
    shutil.copytree(trained.directory, model)
    shutil.rmtree(model / "checkpoints")
    line = f"{model / 'checkpoints'}: no checkpoint"
    assert refused(files, model=model) == line
    (model / "checkpoints" / "2.orbax-checkpoint-tmp").mkdir(parents=True)  # a kill left it
    assert refused(files, model=model) == f"{model / 'checkpoints'}: no whole checkpoint"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        pytest.param("[" * 100_000, "no JSON", id="nested without end"),
        ("{}", "'recipe': missing"),
        ('{"recipe": {"training_config": {"model": 5}}}', "model: Expected `object`, got `int`"),
        ('{"recipe": 5}', "missing"),
    ],
)
def test_a_broken_run_is_named(files, trained, text, message):
    model = files / "run"
    shutil.copytree(trained.directory, model)
    (model / "run_manifest.json").write_text(text)
    line = refused(files, model=model)
    assert line.startswith(f"{model / 'run_manifest.json'}: ")
    assert message in line
