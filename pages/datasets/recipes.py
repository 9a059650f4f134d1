"""A recipe in words: a sentence for the whole, and one for each step."""

from collections.abc import Iterator
from typing import Any

import msgspec

from datasets.models import Dataset
from datasets.recipe.recipe import Dedupe, Near, Pairing, Recipe, SortKey, Verify
from pages.datasets.words import STEPS, counted, listed

OF_STATUS = ("approved", "rejected", "flagged", "unreviewed")
SPLIT_BY = {
    "prompt": "all traces of a prompt together",
    "near": "prompts that are nearly the same together",
    "trace": "each trace for itself",
}
RULES = {
    "right_over_wrong": "a right answer over a wrong one",
    "approved_over_rejected": "an approved one over a rejected one",
    "preferred": "what people prefer",
    "shorter_right": "the shorter of two right ones",
}
LACKING = {"drop": "go", "keep": "stay", "score": "are scored first"}


def sentence(dataset: Dataset) -> str:
    """Say what it is: 5,000 approved traces of GSM8K, near duplicates taken out, 3 splits."""
    recipe = dataset.recipe
    where = recipe.where
    status = f"{where['status']} " if where.get("status") in OF_STATUS else ""
    of_source = f" of {where['source']}" if where.get("source") else ""
    parts = [f"{counted(dataset.trace_count, f'{status}trace')}{of_source}", *_taken_out(recipe)]
    if pairs := dataset.stats.get("pair_count"):
        parts.append(counted(pairs, "pair"))
    if dataset.splits:
        parts.append(counted(len(dataset.splits), "split"))
    return ", ".join(parts)


def _taken_out(recipe: Recipe) -> Iterator[str]:
    if recipe.exact:
        yield "exact copies taken out"
    if recipe.decontaminate:
        yield "questions of evaluation sets taken out"
    if recipe.verify:
        yield f"verified by {recipe.verify.criteria}"
    if recipe.dedupe and recipe.dedupe.near:
        yield "near duplicates taken out"
    if recipe.dedupe and recipe.dedupe.per_prompt:
        yield f"up to {recipe.dedupe.per_prompt:,} of a prompt"


def steps_in_words(recipe: Recipe) -> list[tuple[str, str]]:
    """Give for each step that the recipe takes its name, and what it does."""
    told = {
        "match": _matched(recipe),
        "exact": "One of the traces with the same content." if recipe.exact else "",
        "decontaminate": _decontaminated(recipe),
        "verify": _verified(recipe.verify) if recipe.verify else "",
        "dedupe": _deduplicated(recipe.dedupe) if recipe.dedupe else "",
        "select": _selected(recipe),
        "split": _split(recipe),
        "pair": _paired(recipe.pair, recipe) if recipe.pair else "",
    }
    return [(STEPS[step], text) for step, text in told.items() if text]


def filter_in_words(where: dict[str, Any]) -> list[str]:
    """Say each filter of traces: status approved, min steps 3."""
    return [_filter(name, value) for name, value in where.items()]


def _filter(name: str, value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(_filter(*pair) for pair in value.items() if pair[1] is not None)
        return f"not ({inner})" if name == "not" else f"{name.replace('_', ' ')} ({inner})"
    said = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    shown = name if name.startswith("meta.") else name.replace("_", " ")
    return f"{shown} {said}" if said else f"{shown} (empty)"


def _matched(recipe: Recipe) -> str:
    filters = filter_in_words(recipe.where)
    filters += filter_in_words({f"meta.{key}": value for key, value in recipe.filters.items()})
    return f"Traces with {', '.join(filters)}." if filters else "Every trace."


def _decontaminated(recipe: Recipe) -> str:
    asked = recipe.decontaminate
    if asked is None:
        return ""
    keys = listed([against.eval_set for against in asked.against])
    return (
        f"No question of {keys}: {asked.n} words in a row count, and have to cover "
        f"{100 * asked.share:g} % of it."
    )


def _verified(verify: Verify) -> str:
    version = f" {verify.scorer_version}" if verify.scorer_version else ""
    return (
        f"A score on {verify.criteria}{version} of at least {verify.min:g}; those without one "
        f"{LACKING[verify.missing]}, undecided ones {LACKING[verify.undecided]}."
    )


def _deduplicated(dedupe: Dedupe) -> str:
    parts = []
    if dedupe.near:
        parts.append(_near(dedupe.near))
    if dedupe.distinct_answers:
        parts.append("one attempt for each answer to a prompt")
    if dedupe.per_prompt:
        parts.append(f"up to {counted(dedupe.per_prompt, 'attempt')} at a prompt")
    best = [f"{_key(sort.by)} ({sort.order})" for sort in dedupe.keep]
    parts += [f"best first by {', then '.join(best)}"] if best else []
    return f"{'; '.join(parts).capitalize()}."


def _near(near: Near) -> str:
    text = "solution" if near.text == "solution" else "whole text"
    across = ", across different answers" if near.across_answers else ""
    return f"none whose {text} is {100 * near.threshold:g} % the same as a better one's{across}"


def _key(by: SortKey) -> str:
    return by.removeprefix("score:")


def _selected(recipe: Recipe) -> str:
    most = "All of them" if recipe.limit is None else f"Up to {recipe.limit:,}"
    order = "the newest first" if recipe.selection_strategy == "latest" else "in a random order"
    seed = "" if recipe.seed is None else f", seed {recipe.seed}"
    return f"{most}, {order}{seed}{_stratified(recipe)}."


def _stratified(recipe: Recipe) -> str:
    if recipe.stratify_by is None:
        return ""
    weights = recipe.weights
    if isinstance(weights, dict):
        shares = ", ".join(f"{value} {100 * share:g} %" for value, share in weights.items())
        return f", shared by {recipe.stratify_by}: {shares}"
    return f", shared by {recipe.stratify_by} ({weights})"


def _split(recipe: Recipe) -> str:
    if not (recipe.splits or recipe.split_counts):
        return ""
    shares = [f"{name} {100 * share:g} %" for name, share in recipe.splits.items()]
    counts = [f"{name} {count:,}" for name, count in recipe.split_counts.items()]
    together = SPLIT_BY.get(recipe.split_by, f"all of a value of {recipe.split_by} together")
    return f"{listed(shares or counts)}; {together}."


def _paired(pair: Pairing, recipe: Recipe) -> str:
    rules = listed([RULES[rule] for rule in pair.rules])
    most = f"up to {pair.per_prompt:,} a prompt"
    if recipe.splits or recipe.split_counts:
        most += " in each split"
    return (
        f"Pairs of attempts at a prompt, {rules}; {most}, and in at most "
        f"{100 * pair.max_longer_share:g} % of a split the better one is the longer."
    )
