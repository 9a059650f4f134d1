"""Comparing formulas in another process, which is killed and replaced when it takes too long."""

import re
from pathlib import Path

from traces.reasoning.answers.comparing import RIGHT, UNDECIDED, WRONG, Comparison
from traces.scorers.program import Program
from traces.scorers.symbolic.gate import refusal

HOW = "math_verify"
ANSWER_SECONDS = 10.0  # the program ends itself after two of processor time
PROGRAM = Program(
    Path(__file__).with_name("worker.py"),
    work="comparing formulas",
    answer_seconds=ANSWER_SECONDS,
)

_ROOT = re.compile(r"(?<![\\A-Za-z])sqrt\s*\(([^()]*)\)")
_PI = re.compile(r"(?<![\\A-Za-z])pi(?![A-Za-z])")


def compare(answer: str, reference: str) -> Comparison:
    """Compare formulas by computer algebra; TryAgain where others keep it busy.

    Undecided is what the gate refuses, what is no formula and what takes too long.
    """
    formulas = _formula(answer), _formula(reference)
    if reason := refusal(formulas[0]) or refusal(formulas[1]):
        return Comparison(UNDECIDED, HOW, reason)
    said = PROGRAM.ask(formulas) or "it took too long or too much memory"
    outcome = said if said in (RIGHT, WRONG) else UNDECIDED
    return Comparison(outcome, HOW, "" if said == outcome else said)


def _formula(text: str) -> str:
    text = " ".join(text.replace("\\$", "").replace("$", "").split())
    return _PI.sub(r"\\pi ", _ROOT.sub(r"\\sqrt{\1}", text))
