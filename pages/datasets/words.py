"""What steps of a recipe do, why they take traces away, and what tells it, in words."""

from typing import Any, NamedTuple

STEPS = {
    "match": "Match",
    "exact": "Exact copies",
    "decontaminate": "Evaluation sets",
    "verify": "Verify",
    "dedupe": "Duplicates",
    "select": "Select",
    "split": "Split",
    "pair": "Pair",
}
REASONS = {
    "did_not_match": "not matching",
    "not_scored": "without a count of tokens",
    "not_sampled": "not in the sample that was looked at",
    "came_in_later": "it came in later",
    "same_content": "with the same content as another",
    "contaminated": "with a question of an evaluation set",
    "no_score": "without a score",
    "undecided": "with a score that could not be decided",
    "below_the_minimum": "with a score below the least that is kept",
    "near_duplicate": "nearly the same as a better one",
    "same_answer": "with the same answer as a better attempt",
    "beyond_per_prompt": "beyond the number that is kept of a prompt",
    "beyond_the_limit": "beyond the limit",
    "beyond_its_share": "beyond the share of its value",
    "left_over": "left over by the splits",
    "nearly_the_same": "nearly the same text",
    "disputed": "people prefer either",
    "hardly_shorter": "hardly shorter",
    "chosen_longer": "too many whose better one is longer",
}
EVIDENCE = {
    "trace": "Another trace that stays",
    "similarity": "How similar",
    "eval_set": "Evaluation set",
    "item": "Question",
    "share": "Share of its words",
    "words": "The longest run of words",
    "score": "Score",
    "value": "Value",
    "cluster": "Others, nearly the same, went for it",
    "group": "Shares its split with",
}
SHARES = ("similarity", "share")
NOW = {
    "beyond_the_limit": "it matches, and comes after the last one that was taken",
    "did_not_match": "it matches, which it did not when the dataset was built",
}


class Evidence(NamedTuple):
    """A line of what tells something: `trace` is the id where it is a trace."""

    label: str
    text: str
    trace: str = ""


def reason_in_words(reason: str) -> str:
    return REASONS.get(reason, reason.replace("_", " "))


def evidence_in_words(because: dict[str, Any] | None, *, reason: str = "") -> list[Evidence]:
    """Say what tells it; what matches now means another thing where the reason is another."""
    if because == {"matches": "now"}:
        return [Evidence("Now", NOW[reason])]
    return [
        _line(name, value) for name, value in (because or {}).items() if value not in (None, "")
    ]


def _line(name: str, value: Any) -> Evidence:
    if name == "trace":
        return Evidence(EVIDENCE[name], str(value), str(value))
    if name in SHARES and isinstance(value, int | float):
        return Evidence(EVIDENCE[name], f"{100 * value:.0f} %")
    return Evidence(EVIDENCE.get(name, name), str(value))


def counted(number: int, noun: str) -> str:
    """Say how many there are of something: 1 split, 2 splits."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(words: list[str]) -> str:
    """Join words as a sentence does: a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
