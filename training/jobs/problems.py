"""Write reasoning problems as traces, or as items of an evaluation set, one JSON object a line.

    python training/jobs/problems.py --family addition --count 1000 --seed 0 --output FILE

`addition` is our own: three-digit sums with the carry spelled out, no pair of operands twice in
either order. Every other family is one of the library reasoning-gym: `gsm_symbolic` comes with
worked solutions, the others with an answer that can be verified.
"""

import argparse
import hashlib
import json
import os
import random
import re
import resource
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from errors import InputError, exit_on_input_error
from progress_bar import progress_bar
from run_record import DRAFT

COLUMNS = ("Ones", "Tens", "Hundreds")
LOWEST, HIGHEST = 100, 999
MAX_COUNT = 2**20  # of the library's problems
# What --bounded allows: seconds of processor time, bytes of memory and of the file.
BOUNDS = {
    resource.RLIMIT_CPU: 600,
    resource.RLIMIT_AS: 8 * 1024**3,
    resource.RLIMIT_FSIZE: 1024**3,
}
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


def spread(family: str, seed: int) -> int:
    """Give the library's seed for one of ours, far from those of other seeds and families.

    The library's problem i of seed n is its problem i-1 of seed n+1: taken as they are, seeds that
    follow one another would share all problems but one. It adds the number of the problem, and some
    families give the sum to NumPy, which takes 32 bits.
    """
    digest = hashlib.sha256(f"{family}\n{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (2**32 - MAX_COUNT)


def from_library(
    family: str, count: int, seed: int, config: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Give problems of reasoning-gym; InputError where a family has no such settings."""
    with warnings.catch_warnings():
        # of a package that it needs, each time that Python compiles it: nothing for us to mend
        warnings.simplefilter("ignore", SyntaxWarning)
        import reasoning_gym

    theirs = spread(family, seed)
    random.seed(theirs)  # one family draws from the random numbers that all share
    try:
        dataset = reasoning_gym.create_dataset(family, **(config or {}), size=count, seed=theirs)
    except (AssertionError, TypeError, ValueError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"--config: {family}: {said}") from None
    return _library_traces(dataset, family, seed)


def _library_traces(
    entries: Iterable[dict[str, Any]], family: str, seed: int
) -> Iterator[dict[str, Any]]:
    """Shape the library's problems; the lines of a worked solution, if any, are the steps."""
    for number, entry in enumerate(entries):
        metadata = entry.get("metadata", {})
        answer = "" if entry.get("answer") is None else str(entry["answer"])
        solution = str(metadata.get("answer_cot") or "")
        lines = [line.strip() for line in re.sub(r"\n####.*", "", solution).splitlines()]
        yield _trace(
            family=family,
            # parted by slashes: by dashes, these were the problems of seeds that were not spread
            name=f"{family}/{seed}/{number}",
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


def as_item(trace: dict[str, Any]) -> dict[str, Any]:
    """Shape a problem as an item of an evaluation set; InputError where no answer is known."""
    meta = trace["meta"]
    if not trace["final_answer"]:
        raise InputError(f"--family: {meta['family']!r} gives problems without a known answer")
    item = {
        "id": trace["external_id"],
        "prompt": trace["prompt"],
        "expected_answer": trace["final_answer"],
        "category": meta["family"],
    }
    return {**item, "difficulty": meta["difficulty"]} if "difficulty" in meta else item


def read_config(text: str) -> dict[str, Any]:
    """Read the settings of a family; InputError where they are none."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("--config: no JSON") from None
    if not isinstance(config, dict):
        raise InputError("--config: no JSON object")
    for name in sorted({"seed", "size"} & config.keys()):
        raise InputError(f"--config: {name} is said by --{'count' if name == 'size' else name}")
    return config


def bound() -> None:
    """Limit what this process may take: a configuration from outside may ask for anything."""
    for kind, most in BOUNDS.items():
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


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


def problems_of(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Give the problems that are asked for; InputError where there are none such."""
    config = read_config(options.config)
    if options.count < 1:
        raise InputError(f"--count: {options.count} is less than 1")
    if options.family == "addition":
        if config:
            raise InputError("--config: addition has no settings")
        if options.count > PAIRS:
            raise InputError(f"--count: there are only {PAIRS} pairs")
        return addition(options.count, options.seed)
    if options.count > MAX_COUNT:
        raise InputError(f"--count: more than {MAX_COUNT}")
    same_hashes()
    if options.family not in families():
        raise InputError(f"--family: no family {options.family!r}; --list shows them")
    return from_library(options.family, options.count, options.seed, config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", default="addition")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--config", default="{}", help="a family's own settings, as JSON")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--eval-set", action="store_true", help="items of an evaluation set")
    parser.add_argument("--bounded", action="store_true", help="in bounded time and memory")
    parser.add_argument("--list", action="store_true", help="list the families and stop")
    options = parser.parse_args()
    if options.list:
        print("\n".join(families()))
        return
    if options.output is None:
        raise InputError("--output: is needed")
    if options.bounded:
        bound()
    problems = problems_of(options)
    shape = as_item if options.eval_set else dict
    options.output.parent.mkdir(parents=True, exist_ok=True)
    draft = options.output.with_name(options.output.name + DRAFT)
    with draft.open("w", encoding="utf-8") as file:
        progress = progress_bar(problems, total=options.count, desc=options.family)
        for problem in progress:
            file.write(json.dumps(shape(problem), ensure_ascii=False) + "\n")
    draft.replace(options.output)


if __name__ == "__main__":
    exit_on_input_error(main)
