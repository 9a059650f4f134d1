"""Write reasoning problems as traces, one JSON object a line.

    python training/jobs/problems.py --family addition --count 1000 --seed 0 --output FILE

`addition` is our own: three-digit sums with the carry spelled out, no pair of operands twice in
either order. Every other family is one of the library reasoning-gym: `gsm_symbolic` comes with
worked solutions, the others with an answer that can be verified.
"""

import argparse
import json
import os
import random
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errors import InputError, exit_on_input_error
from progress_bar import progress_bar
from run_record import DRAFT

COLUMNS = ("Ones", "Tens", "Hundreds")
LOWEST, HIGHEST = 100, 999
PAIRS = (HIGHEST - LOWEST + 1) * (HIGHEST - LOWEST + 2) // 2


def addition(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield sums of two numbers of three digits; the pairs differ as sets."""
    draw = random.Random(seed)  # noqa: S311  # reproducible, not secret
    seen: set[tuple[int, int]] = set()
    while len(seen) < count:
        left, right = draw.randint(LOWEST, HIGHEST), draw.randint(LOWEST, HIGHEST)
        pair = (min(left, right), max(left, right))
        if pair in seen:
            continue
        seen.add(pair)
        yield _trace(
            family="addition",
            name=f"addition-{left}-{right}",
            prompt=f"What is {left}+{right}?",
            steps=list(_columns(left, right)),
            answer=str(left + right),
            extra={"operands": [left, right], "difficulty": _carries(left, right)},
        )


def _columns(left: int, right: int) -> Iterator[str]:
    carry = 0
    for place, name in enumerate(COLUMNS):
        a, b = left // 10**place % 10, right // 10**place % 10
        total = a + b + carry
        yield f"{name}: {a}+{b}+{carry}={total}, write {total % 10}, carry {total // 10}"
        carry = total // 10


def _carries(left: int, right: int) -> str:
    count = sum(
        (left % 10 ** (place + 1)) + (right % 10 ** (place + 1)) >= 10 ** (place + 1)
        for place in range(len(COLUMNS))
    )
    return f"{count} carries"


def from_library(family: str, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield problems of reasoning-gym; the lines of a worked solution, if any, are the steps."""
    with warnings.catch_warnings():
        # of a package that it needs, each time that Python compiles it: nothing for us to mend
        warnings.simplefilter("ignore", SyntaxWarning)
        import reasoning_gym

    random.seed(seed)  # one family draws from the random numbers that all share
    for number, entry in enumerate(reasoning_gym.create_dataset(family, size=count, seed=seed)):
        metadata = entry.get("metadata", {})
        answer = "" if entry.get("answer") is None else str(entry["answer"])
        solution = str(metadata.get("answer_cot") or "")
        lines = [line.strip() for line in re.sub(r"\n####.*", "", solution).splitlines()]
        yield _trace(
            family=family,
            name=f"{family}-{seed}-{number}",
            prompt=entry["question"],
            steps=[line for line in lines if line],
            answer=answer,
            extra={},
        )


def _trace(
    *, family: str, name: str, prompt: str, steps: list[str], answer: str, extra: dict[str, Any]
) -> dict[str, Any]:
    """Shape a problem as a trace; one without worked steps has its answer as its output."""
    kind = "reasoning" if steps else "output"
    return {
        "trace_version": "1.0",
        "prompt": prompt,
        "final_answer": answer,
        "steps": [
            {"i": i, "type": kind, "content": text}
            for i, text in enumerate(steps or [answer or "(none)"])
        ],
        "meta": {
            "source": f"problems/{family}",
            "family": family,
            "reference_answer": answer,
            **extra,
        },
        "external_id": name,
    }


def families() -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        from reasoning_gym.factory import DATASETS

    return ["addition", *sorted(set(DATASETS) - {"composite"})]  # which is made of others


def same_hashes() -> None:
    """Start anew with a fixed hash seed: some families pick from sets, in the order of hashes."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)  # noqa: S606  # no shell is wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", default="addition")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--list", action="store_true", help="list the families and stop")
    options = parser.parse_args()
    if options.list:
        print("\n".join(families()))
        return
    if options.output is None:
        raise InputError("--output: is needed")
    if options.count < 1:
        raise InputError(f"--count: {options.count} is less than 1")
    if options.family == "addition":
        if options.count > PAIRS:
            raise InputError(f"--count: there are only {PAIRS} pairs")
        problems = addition(options.count, options.seed)
    elif options.family in families():
        same_hashes()
        problems = from_library(options.family, options.count, options.seed)
    else:
        raise InputError(f"--family: no family {options.family!r}; --list shows them")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    draft = options.output.with_name(options.output.name + DRAFT)
    with draft.open("w", encoding="utf-8") as file:
        progress = progress_bar(problems, total=options.count, desc=options.family)
        for problem in progress:
            file.write(json.dumps(problem, ensure_ascii=False) + "\n")
    draft.replace(options.output)


if __name__ == "__main__":
    exit_on_input_error(main)
