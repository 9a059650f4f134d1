"""report.py: accuracies, intervals, flips and what the report shows of them."""

import pytest
from helpers import read_json, refusal, run, write_lines
from report import mcnemar, wilson

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # this and the next three: Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_is_wilsons(right, total, low, high):
    assert wilson(right, total) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("gained", "lost", "p_value"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 5, 1.0),
        (6, 0, 2 / 64),
        (0, 6, 2 / 64),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (3, 1, 2 * (1 + 4) / 16),
    ],
)
def test_the_p_value_is_mcnemars_exact_one(gained, lost, p_value):
    assert mcnemar(gained, lost) == pytest.approx(p_value)


@pytest.mark.parametrize(("gained", "lost"), [(25, 10), (10, 25), (600, 400), (150, 86)])
def test_the_p_value_is_that_of_fair_coins(gained, lost):
    stats = pytest.importorskip("scipy.stats")
    assert mcnemar(gained, lost) == pytest.approx(stats.binomtest(gained, gained + lost).pvalue)


EXPECTED = {"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6"}
EVAL_SET = [
    {
        "id": name,
        "prompt": f"Say {answer}.",
        "expected_answer": answer,
        "section": "odd" if int(answer) % 2 else "even",
        "difficulty": "hard" if name == "f" else "easy",
    }
    for name, answer in EXPECTED.items()
]


def answered(given, raw_text="what it wrote"):
    return [
        {
            "trace_version": "1.0",
            "prompt": "x",
            "final_answer": answer,
            "steps": [{"i": 0, "type": "reasoning", "content": "x"}],
            "meta": {"source": "evaluation", "eval_id": name, "raw_text": raw_text},
        }
        for name, answer in given.items()
    ]


@pytest.fixture
def files(tmp_path):
    """An evaluation set, and answers before and after: of six problems 2 and then 4 are right."""
    write_lines(tmp_path / "evalset.jsonl", EVAL_SET)
    before = EXPECTED | {"c": "30", "d": "", "e": "x", "f": "60"}
    after = EXPECTED | {"a": "10", "f": "60 and a long tale of how it came to be 60"}
    write_lines(tmp_path / "before.jsonl", answered(before))
    write_lines(tmp_path / "after.jsonl", answered(after))
    return tmp_path


def arguments(directory, **changes):
    named = {
        "before": directory / "before.jsonl",
        "after": directory / "after.jsonl",
        "eval-set": directory / "evalset.jsonl",
        "output": directory / "report",
        **changes,
    }
    return [part for name, value in named.items() for part in (f"--{name}", value)]


def test_a_report_counts_groups_and_flips(files):
    run("report", *arguments(files))
    report = read_json(files / "report" / "report.json")
    assert report["problems"] == 6
    assert (report["before"]["right"], report["after"]["right"]) == (2, 4)
    assert report["before"]["accuracy"] == pytest.approx(2 / 6)
    assert report["after"]["interval_95"] == pytest.approx(wilson(4, 6))
    assert report["flips"] == {"gained": 3, "lost": 1, "p_value": pytest.approx(10 / 16)}
    counts = {
        field: {value: (at["before"]["right"], at["after"]["right"]) for value, at in found.items()}
        for field, found in report["groups"].items()
    }
    assert counts == {
        "section": {"even": (1, 2), "odd": (1, 2)},
        "difficulty": {"easy": (2, 4), "hard": (0, 0)},
    }
    text = (files / "report" / "report.md").read_text()
    assert "| before | 2 of 6 | 33.3% | 9.7% to 70.0% |" in text
    assert "3 wrong answers became right and 1 right ones wrong" in text
    assert "| hard | 0 of 1 (0% to 79%) | 0 of 1 (0% to 79%) |" in text


def test_there_is_a_plot_of_all_and_one_per_grouping(files):
    run("report", *arguments(files))
    text = (files / "report" / "report.md").read_text()
    plots = {path.name for path in (files / "report").glob("*.png")}
    assert plots == {"accuracy.png", "accuracy_by_section.png", "accuracy_by_difficulty.png"}
    for name in plots:
        assert f"]({name})" in text
        assert (files / "report" / name).read_bytes().startswith(PNG)


def test_examples_of_every_kind_are_shown(files):
    run("report", *arguments(files))
    examples = read_json(files / "report" / "report.json")["examples"]
    assert [example["id"] for example in examples["right_after"]] == ["b", "c", "d", "e"]
    assert [example["id"] for example in examples["became_wrong"]] == ["a"]
    assert [example["id"] for example in examples["wrong_after"]] == ["a", "f"]
    text = (files / "report" / "report.md").read_text()
    titles = [line for line in text.split("\n") if line.startswith("## ")]
    assert titles[-3:] == ["## Right after training", "## Became wrong", "## Wrong after training"]
    assert "    what it wrote\n" in text


def test_an_answer_counts_by_what_it_says_not_by_its_length(files):
    longer = {name: f"{answer}, because {'so it is. ' * 200}" for name, answer in EXPECTED.items()}
    write_lines(files / "after.jsonl", answered(longer))
    write_lines(files / "before.jsonl", answered({k: f" {v}.0 " for k, v in EXPECTED.items()}))
    run("report", *arguments(files))
    report = read_json(files / "report" / "report.json")
    assert (report["before"]["accuracy"], report["after"]["accuracy"]) == (1.0, 0.0)
    assert (report["flips"]["gained"], report["flips"]["lost"]) == (0, 6)


def test_any_of_the_right_answers_counts(files):
    aliases = [{**item, "aliases": ["none", "60"], "meta": {"a": 1}} for item in EVAL_SET]
    write_lines(files / "evalset.jsonl", aliases)
    run("report", *arguments(files))
    report = read_json(files / "report" / "report.json")
    assert (report["before"]["right"], report["after"]["right"]) == (3, 4)


def test_a_control_is_compared_too(files):
    control = write_lines(files / "control.jsonl", answered(EXPECTED))
    run("report", *arguments(files, control=control))
    report = read_json(files / "report" / "report.json")
    assert report["control"]["right"] == 6
    assert report["control_to_after"] == {"gained": 0, "lost": 2, "p_value": 0.5}
    assert "| control | 6 of 6 | 100.0% |" in (files / "report" / "report.md").read_text()


def test_answers_to_other_problems_are_no_answers_to_these(files):
    more = answered(EXPECTED | {"z": "1"})
    write_lines(files / "after.jsonl", more)
    run("report", *arguments(files))
    assert read_json(files / "report" / "report.json")["after"]["total"] == 6


def test_a_set_without_groups_has_none(files):
    bare = [{key: item[key] for key in ("id", "prompt", "expected_answer")} for item in EVAL_SET]
    write_lines(files / "evalset.jsonl", bare)
    run("report", *arguments(files))
    assert read_json(files / "report" / "report.json")["groups"] == {}
    assert [path.name for path in (files / "report").glob("*.png")] == ["accuracy.png"]


def test_markdown_in_prompts_answers_and_groups_is_shown_not_obeyed(files):
    hostile = "<script>alert(1)</script> [x](javascript:1) | **b** `c` $x$ \x07"
    items = [{**item, "prompt": f"# {hostile}\n\n# h", "category": hostile} for item in EVAL_SET]
    write_lines(files / "evalset.jsonl", items)
    write_lines(files / "after.jsonl", answered(EXPECTED, raw_text=f"{hostile}\n# heading"))
    run("report", *arguments(files))
    text = (files / "report" / "report.md").read_text()
    outside = [line for line in text.split("\n") if not line.startswith("    ")]
    shown = [line for line in outside if "script" in line]
    assert shown
    for line in shown:
        for mark in ("<script", "[x]", "**b**", "`c`", " $x", "\x07"):
            assert mark not in line.replace("\\<", "").replace("\\[", "")
    rows = [line for line in shown if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 4 for line in rows)
    assert "\x07" not in text
    assert not any(line.startswith("# h") for line in outside)


@pytest.mark.parametrize("which", ["before", "after"])
@pytest.mark.parametrize(
    ("missing", "others"), [("c", ""), ("cd", " and 1 other"), ("cde", " and 2 others")]
)
def test_a_problem_without_an_answer_is_named(files, which, missing, others):
    path = files / f"{which}.jsonl"
    write_lines(path, answered({name: "1" for name in EXPECTED if name not in missing}))
    line = refusal("report", *arguments(files))
    assert line == f"{path}: no answer to 'c'{others}"
    assert not (files / "report").exists()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("before", None, "No such file"),
        ("after", "not json\n", "line 1"),
        ("after", '{"final_answer": "1"}\n', "line 1: Object missing required field `meta`"),
        (
            "after",
            '{"final_answer": 1, "meta": {"eval_id": "a", "raw_text": ""}}',
            "$.final_answer",
        ),
        ("after", '\n{"final_answer": "", "meta": {"eval_id": "a"}}', "line 2"),
        ("after", '{"final_answer": "", "meta": {"eval_id": "a", "raw_text": ""}}\n' * 2, "twice"),
        ("evalset", "", "the file holds no line"),
        ("evalset", '{"id": "a"}\n', "line 1"),
    ],
)
def test_what_cannot_be_read_is_named(files, name, text, message):
    path = files / f"{name}.jsonl"
    path.unlink() if text is None else path.write_text(text)
    line = refusal("report", *arguments(files))
    assert line.startswith(f"{path}: ")
    assert message in line
    assert not (files / "report").exists()
