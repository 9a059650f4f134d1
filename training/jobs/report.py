"""Compare a model's answers before and after training.

    python training/jobs/report.py --before FILE --after FILE --eval-set FILE --output DIR

Writes report.md, report.json and plots to DIR: accuracy.png, and one more for each field that the
evaluation set groups its problems by.
"""

import argparse
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import root  # noqa: F401  # so that what is next is found
from errors import InputError, exit_on_input_error
from evalset import GROUPS, Problem, read_answers, read_problems
from run_record import write_json

from traces.reasoning.answers.comparing import same_answer

EXAMPLES_SHOWN = 5
EXAMPLES = {
    "right_after": "Right after training",
    "became_wrong": "Became wrong",
    "wrong_after": "Wrong after training",
}
NAMES = ("before", "control", "after")
COLORS = {"before": "#b0b7c3", "control": "#c99a5b", "after": "#4878a8"}
MAX_GROUPS_PLOTTED = 30
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~$&#]")
Z_95 = 1.959963984540054


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = right / total, Z_95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    spread = share * (1 - share) / total + z2 / (4 * total**2)
    half = Z_95 * math.sqrt(spread) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p of McNemar's test (1947): flips as fair coins."""
    flips, fewer = gained + lost, min(gained, lost)
    if flips == 0:
        return 1.0
    tail = sum(math.comb(flips, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / 2**flips)


def accuracy(right: list[bool]) -> dict[str, Any]:
    low, high = wilson(sum(right), len(right))
    return {
        "right": sum(right),
        "total": len(right),
        "accuracy": sum(right) / len(right),
        "interval_95": [low, high],
    }


def judge(path: Path, problems: list[Problem]) -> tuple[list[bool], list[dict[str, str]]]:
    """Score a file of answers; InputError where a problem was not asked."""
    given = read_answers(path)
    missing = [problem.id for problem in problems if problem.id not in given]
    if missing:
        raise InputError(f"{path}: no answer to {missing[0]!r}{_and_others(len(missing) - 1)}")
    found = [given[problem.id] for problem in problems]
    right = [
        any(same_answer(answer["final_answer"], right) for right in problem.right_answers)
        for answer, problem in zip(found, problems, strict=True)
    ]
    return right, found


def _and_others(count: int) -> str:
    return f" and {count} other{'s' if count > 1 else ''}" if count else ""


def by_group(problems: list[Problem], results: dict[str, list[bool]]) -> dict[str, Any]:
    """Accuracies by section, category and difficulty, where the set names them."""
    groups: dict[str, Any] = {}
    for field in GROUPS:
        values = sorted({value for problem in problems if (value := getattr(problem, field))})
        if values:
            groups[field] = {
                value: {
                    name: accuracy(
                        [
                            ok
                            for ok, problem in zip(right, problems, strict=True)
                            if getattr(problem, field) == value
                        ]
                    )
                    for name, right in results.items()
                }
                for value in values
            }
    return groups


def compare(before: list[bool], after: list[bool]) -> dict[str, Any]:
    gained = sum(new and not old for old, new in zip(before, after, strict=True))
    lost = sum(old and not new for old, new in zip(before, after, strict=True))
    return {"gained": gained, "lost": lost, "p_value": mcnemar(gained, lost)}


def examples(
    problems: list[Problem],
    before: list[dict[str, str]],
    after: list[dict[str, str]],
    chosen: Callable[[int], bool],
) -> list[dict[str, str]]:
    picked = [index for index in range(len(problems)) if chosen(index)][:EXAMPLES_SHOWN]
    return [
        {
            "id": problems[index].id,
            "prompt": problems[index].prompt,
            "expected_answer": problems[index].expected_answer,
            "before": before[index]["raw_text"],
            "after": after[index]["raw_text"],
        }
        for index in picked
    ]


def build_report(options: argparse.Namespace) -> dict[str, Any]:
    problems = read_problems(options.eval_set)
    before, said_before = judge(options.before, problems)
    after, said_after = judge(options.after, problems)
    results = {"before": before, "after": after}
    report: dict[str, Any] = {
        "problems": len(problems),
        "before": accuracy(before),
        "after": accuracy(after),
        "flips": compare(before, after),
    }
    if options.control is not None:
        control, _ = judge(options.control, problems)
        results["control"] = control
        report["control"] = accuracy(control)
        report["control_to_after"] = compare(control, after)
    report["groups"] = by_group(problems, results)
    report["examples"] = {
        "right_after": examples(problems, said_before, said_after, lambda i: after[i]),
        "became_wrong": examples(
            problems, said_before, said_after, lambda i: before[i] and not after[i]
        ),
        "wrong_after": examples(problems, said_before, said_after, lambda i: not after[i]),
    }
    return report


def as_markdown(report: dict[str, Any]) -> str:
    names = [name for name in NAMES if name in report]
    lines = [
        "# Evaluation",
        "",
        f"{report['problems']} problems; an answer counts by equivalence with the expected one.",
        "",
        "| model | right | accuracy | 95 % interval |",
        "| --- | --- | --- | --- |",
        *[_row(name, report[name]) for name in names],
        "",
        f"Before to after: {report['flips']['gained']} wrong answers became right and "
        f"{report['flips']['lost']} right ones wrong "
        f"(exact McNemar test, p = {report['flips']['p_value']:.2g}).",
    ]
    if "control" in report:
        flips = report["control_to_after"]
        lines.append(
            f"Control to after: {flips['gained']} right only after, {flips['lost']} right only in "
            f"the control (p = {flips['p_value']:.2g})."
        )
    lines += ["", "![accuracy](accuracy.png)"]
    for field, values in report["groups"].items():
        lines += ["", f"## By {field}", "", f"| {field} | {' | '.join(names)} |"]
        lines.append(f"| --- |{' --- |' * len(names)}")
        for value, shares in values.items():
            lines.append(f"| {_cell(value)} | {' | '.join(_share(shares[n]) for n in names)} |")
        if len(values) <= MAX_GROUPS_PLOTTED:
            lines += ["", f"![accuracy by {field}](accuracy_by_{field}.png)"]
    for key, title in EXAMPLES.items():
        if report["examples"][key]:
            lines += ["", f"## {title}"]
            for example in report["examples"][key]:
                lines += _example(example)
    return "\n".join(lines) + "\n"


def _share(found: dict[str, Any]) -> str:
    low, high = found["interval_95"]
    return f"{found['right']} of {found['total']} ({low:.0%} to {high:.0%})"


def _row(name: str, found: dict[str, Any]) -> str:
    low, high = found["interval_95"]
    return (
        f"| {name} | {found['right']} of {found['total']} | {found['accuracy']:.1%} "
        f"| {low:.1%} to {high:.1%} |"
    )


def _example(example: dict[str, str]) -> list[str]:
    lines = ["", f"**{_cell(example['prompt'])}** (expected: {_cell(example['expected_answer'])})"]
    for when in ("before", "after"):
        lines += ["", f"{when}:", "", *[f"    {line}" for line in _excerpt(example[when])]]
    return lines


def _excerpt(text: str) -> list[str]:
    if not text.strip():
        return [f"({len(text)} characters of white space)"]
    return [_visible(line) for line in text.split("\n")[:20]]


def _visible(text: str) -> str:
    """Show an untrained model's control characters as what they are: no text."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _cell(text: str) -> str:
    """Show a text on one line as what it is, whatever it would mean in Markdown."""
    return _MARKDOWN.sub(r"\\\g<0>", _visible(" ".join(text.split()))) or "(empty)"


def plot(report: dict[str, Any], directory: Path) -> None:
    """Draw the accuracies with their intervals, all together and by group."""
    import matplotlib as mpl

    mpl.use("Agg")
    _plot_bars(
        {"all": report},
        f"{report['problems']} held-out problems, 95 % intervals",
        directory / "accuracy.png",
    )
    for field, values in report["groups"].items():
        if len(values) <= MAX_GROUPS_PLOTTED:
            _plot_bars(
                values, f"by {field}, 95 % intervals", directory / f"accuracy_by_{field}.png"
            )


def _plot_bars(groups: dict[str, dict[str, Any]], title: str, path: Path) -> None:
    """Draw a group of bars for each of `groups`, a bar for each model."""
    from matplotlib import pyplot

    names = [name for name in NAMES if name in next(iter(groups.values()))]
    width = 0.8 / len(names)
    figure, axes = pyplot.subplots(figsize=(max(5, 1.6 * len(groups)), 3.5), layout="constrained")
    for number, name in enumerate(names):
        found = [group[name] for group in groups.values()]
        shares = [one["accuracy"] for one in found]
        low = [max(0.0, one["accuracy"] - one["interval_95"][0]) for one in found]
        high = [max(0.0, one["interval_95"][1] - one["accuracy"]) for one in found]
        places = [group + (number - (len(names) - 1) / 2) * width for group in range(len(groups))]
        axes.bar(places, shares, width, yerr=[low, high], capsize=4, color=COLORS[name], label=name)
    labels = [_plain_label(value) for value in groups]
    axes.set_xticks(range(len(groups)), labels if len(groups) > 1 else [""])
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("share of problems answered right")
    axes.set_title(title)
    figure.legend(loc="outside lower center", ncols=len(names))
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _plain_label(text: str) -> str:
    """Shorten a label, and keep matplotlib from reading formulas into it."""
    return _visible(text if len(text) <= 24 else f"{text[:23]}…").replace("$", r"\$")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--after", type=Path, required=True)
    parser.add_argument("--control", type=Path, help="answers of a model to compare with")
    parser.add_argument("--eval-set", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    report = build_report(options)
    options.output.mkdir(parents=True, exist_ok=True)
    plot(report, options.output)
    (options.output / "report.md").write_text(as_markdown(report), encoding="utf-8")
    write_json(options.output / "report.json", report)


if __name__ == "__main__":
    exit_on_input_error(main)
