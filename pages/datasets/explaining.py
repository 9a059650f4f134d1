"""Why a trace is in a dataset or is not, in words."""

from typing import NamedTuple

from datasets.models import Dataset
from datasets.why import explained
from pages.datasets.words import STEPS, Evidence, evidence_in_words, reason_in_words
from tunix_site.database.ids import uuid_in


class Why(NamedTuple):
    """An answer; `problem` where there is none."""

    asked: str
    answer: str = ""
    is_in: bool = False
    evidence: list[Evidence] = []
    problem: str = ""


def why(dataset: Dataset, asked: str) -> Why | None:
    """Answer for the id that somebody asked for; None where nobody did."""
    asked = asked.strip()
    if not asked:
        return None
    identity = uuid_in(asked)
    if identity is None:
        return Why(asked, problem="This is no id of a trace.")
    found = explained(dataset, identity)
    if found is None:
        return Why(asked, problem="There is no such trace, and no step took it away.")
    if found["in"]:
        split = f", in the split {found['split']}" if found["split"] else ""
        told = {name: found[name] for name in ("cluster", "group")}
        answer = f"It is in, at position {found['position']:,}{split}."
        return Why(asked, answer, is_in=True, evidence=evidence_in_words(told))
    step, reason = STEPS.get(found["step"], found["step"]), reason_in_words(found["reason"])
    evidence = evidence_in_words(found["evidence"], reason=found["reason"])
    return Why(asked, f"It is out, by {step}: {reason}.", evidence=evidence)
