"""The recipe of a dataset: one document that says which traces it takes, and into which splits.

It is checked here, stored whole, shown in the manifest, compared where a version is asked for
again, and run again. What a step is told is a field with a default, which a document that was
stored before there was that step takes.
"""

import math
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta

MAX_FILTERS = 50
MAX_SPLITS = 20
MAX_SPLIT_CHARS = 64
SPLIT_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_SPLIT_CHARS - 1}}}")

Scalar = str | int | float | bool | None
Count = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Seed = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Strategy(StrEnum):
    LATEST = "latest"
    RANDOM = "random"


class SplitBy(StrEnum):
    PROMPT = "prompt"
    TRACE = "trace"


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request to build says, but for the dataset's name and where it comes from.

    Bodies take the same fields, but for the version. ValueError where a rule is broken.
    """

    version: Literal[1] = 1
    filters: dict[str, Scalar] = {}
    where: dict[str, Any] = {}  # the filters of traces, as JSON
    limit: Count | None = 100
    selection_strategy: Strategy = Strategy.LATEST
    seed: Seed | None = None
    splits: dict[str, float] = {}
    split_by: SplitBy = SplitBy.PROMPT

    def __post_init__(self) -> None:
        refused = {
            "filters": filters_refusal(self.filters),
            "where": where_refusal(self.where),
            "seed": seed_refusal(self.selection_strategy, self.splits, self.seed),
            "splits": splits_refusal(self.splits),
        }
        if said := [f"{name}: {refusal}" for name, refusal in refused.items() if refusal]:
            raise ValueError(" ".join(said))

    @classmethod
    def read(cls, document: Any) -> Self:
        """Read a document; msgspec.ValidationError where it is no recipe."""
        return msgspec.convert(document, cls)

    def document(self) -> dict[str, Any]:
        """Give the whole, defaults too, as what JSON is made of."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


def filters_refusal(values: dict[str, Any]) -> str | None:
    if any(isinstance(value, dict | list) for value in values.values()):
        return "Values are strings, numbers, booleans or null."
    return f"More than {MAX_FILTERS} keys." if len(values) > MAX_FILTERS else None


def where_refusal(filters: dict[str, Any]) -> str | None:
    return f"More than {MAX_FILTERS} filters." if len(filters) > MAX_FILTERS else None


def splits_refusal(shares: dict[str, Any]) -> str | None:
    if len(shares) > MAX_SPLITS:
        return f"More than {MAX_SPLITS} splits."
    for name, share in shares.items():
        if not SPLIT_NAME.fullmatch(name):
            return f"{name!a:.80} is no name for a split."
        if type(share) not in (int, float) or not 0 < share <= 1:
            return f"{name}: Not a number above 0 and up to 1."
    if shares and not math.isclose(total := sum(shares.values()), 1, abs_tol=1e-9):
        return f"The shares sum to {total:.12g}, not to 1."
    return None


def seed_refusal(strategy: str, splits: dict[str, Any], seed: int | None) -> str | None:
    if seed is None and (splits or strategy == Strategy.RANDOM):
        return "A random selection and splits need a seed."
    return None
