"""What holds between the fields of a recipe: each refusal by the key that it is about."""

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from traces.scorers.answer_correctness import ANSWER_CORRECTNESS

if TYPE_CHECKING:
    from datasets.recipe.recipe import Recipe, Verify

MAX_FILTERS = 50
MAX_SPLITS = 20
MAX_SPLIT_CHARS = 64
MAX_STRATA = 1_000
CORRECTNESS = "answer_correctness"
SPLIT_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_SPLIT_CHARS - 1}}}")


class RecipeRefused(ValueError):
    """What is refused of a recipe, in a sentence by key."""

    def __init__(self, refusals: dict[str, str]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(f"{name}: {refusal}" for name, refusal in refusals.items()))


def refusals(recipe: "Recipe") -> dict[str, str]:
    found = {
        "filters": filters_refusal(recipe.filters),
        "where": where_refusal(recipe.where),
        "seed": _seed_refusal(recipe),
        "splits": splits_refusal(recipe.splits),
        "split_counts": split_counts_refusal(recipe.split_counts)
        or ("Not beside `splits`." if recipe.splits and recipe.split_counts else None),
        "weights": weights_refusal(recipe.weights) or _weights_refusal(recipe),
        "dedupe": _dedupe_refusal(recipe),
    }
    told = {name: refusal for name, refusal in found.items() if refusal}
    return {**_pair_refusals(recipe), **told}


def filters_refusal(values: dict[str, Any]) -> str | None:
    if any(isinstance(value, dict | list) for value in values.values()):
        return "Values are strings, numbers, booleans or null."
    return f"More than {MAX_FILTERS} keys." if len(values) > MAX_FILTERS else None


def where_refusal(filters: Mapping[str, Any]) -> str | None:
    unwanted, rate, tokens = (filters.get(name) or {} for name in ("not", "pass_rate", "tokens"))
    if rate.get("min", 0) > rate.get("max", 1):
        return "pass_rate: `min` is above `max`."
    most = tokens.get("max")
    if most is not None and tokens.get("min", 0) > most:
        return "tokens: `min` is above `max`."
    many = max(len(filters), len(unwanted)) > MAX_FILTERS
    return f"More than {MAX_FILTERS} filters." if many else None


def splits_refusal(shares: dict[str, Any]) -> str | None:
    return _names_refusal(shares) or shares_refusal(shares)


def split_counts_refusal(counts: dict[str, Any]) -> str | None:
    for name, count in counts.items():
        if type(count) is not int or not 1 <= count < 2**63:
            return f"{name!a:.80}: Not a whole number of at least 1."
    return _names_refusal(counts)


def weights_refusal(weights: Any) -> str | None:
    if isinstance(weights, str):
        known = ("proportional", "equal")
        return None if weights in known else f"Neither a share for each value, nor one of {known}."
    if not weights:
        return "Names no value."
    if len(weights) > MAX_STRATA:
        return f"More than {MAX_STRATA:,} values."
    return shares_refusal(weights)


def shares_refusal(shares: dict[str, Any]) -> str | None:
    for name, share in shares.items():
        if type(share) not in (int, float) or not 0 < share <= 1:
            return f"{name:.80}: Not a number above 0 and up to 1."
    if shares and not math.isclose(total := sum(shares.values()), 1, abs_tol=1e-9):
        return f"The shares sum to {total:.12g}, not to 1."
    return None


def _names_refusal(splits: dict[str, Any]) -> str | None:
    if len(splits) > MAX_SPLITS:
        return f"More than {MAX_SPLITS} splits."
    for name in splits:
        if not SPLIT_NAME.fullmatch(name):
            return f"{name!a:.80} is no name for a split."
    return None


def _seed_refusal(recipe: "Recipe") -> str | None:
    needed = recipe.splits or recipe.split_counts or recipe.selection_strategy == "random"
    if needed and recipe.seed is None:
        return "A random selection and splits need a seed."
    return None


def _weights_refusal(recipe: "Recipe") -> str | None:
    if recipe.weights == "proportional":
        return None
    if recipe.stratify_by is None:
        return "Needs `stratify_by`."
    return "Needs a `limit`, of which each value gets its share." if recipe.limit is None else None


def _dedupe_refusal(recipe: "Recipe") -> str | None:
    dedupe = recipe.dedupe
    if dedupe is None or dedupe.near or dedupe.per_prompt or dedupe.distinct_answers:
        return None
    if dedupe.keep and recipe.exact:  # says which of equal ones stays
        return None
    return "Says nothing of what is taken away: `near`, `per_prompt` or `distinct_answers`."


def _pair_refusals(recipe: "Recipe") -> dict[str, str]:
    """Say what leaves no pair to `pair`, by both keys."""
    pair, dedupe, verify = recipe.pair, recipe.dedupe, recipe.verify
    if pair is None:
        return {}
    if len({*pair.rules}) < len(pair.rules):
        return {"pair": "rules: A rule is named twice."}
    if recipe.split_by == "trace":
        reason = "`split_by` `trace` parts the attempts at a prompt, of which `pair` makes pairs."
        return {"pair": reason, "split_by": reason}
    if dedupe is not None and dedupe.per_prompt == 1:
        reason = "`dedupe.per_prompt` 1 leaves no two attempts at a prompt, which `pair` needs."
        return {"pair": reason, "dedupe": reason}
    if "right_over_wrong" in pair.rules and verify is not None and _drops_wrong(verify):
        reason = (
            "`verify` takes away the wrong attempts, which the rule `right_over_wrong` of `pair` "
            "needs: name other rules, or give `verify` a `min` of 0."
        )
        return {"pair": reason, "verify": reason}
    return {}


def _drops_wrong(verify: "Verify") -> bool:
    """Tell whether it keeps only what is right by the server's own scorer."""
    is_ours = verify.scorer_version in (None, ANSWER_CORRECTNESS.version)
    return verify.criteria == CORRECTNESS and is_ours and verify.min > 0
