"""The recipe of a dataset: one document that says which traces it takes, and into which splits.

It is checked here, stored whole, shown in the manifest, compared where a version is asked for
again, and run again. What a step is told is a field with a default, which a document that was
stored before there was that step takes.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta

from datasets.recipe import rules
from traces.scorers.tokenizing.files import MAX_NAME_CHARS, NAME
from tunix_site.database.names import MAX_KEY_CHARS

MAX_KEYS = 5  # by which the best of several is told
MAX_EVAL_SETS = 20

Scalar = str | int | float | bool | None
Count = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Seed = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
# A line break may stand behind these in documents that were stored; bodies are refused for it.
MetaKey = Annotated[str, Meta(pattern=r"^meta\..+$", max_length=300)]
SplitBy = Annotated[str, Meta(pattern=r"^(prompt|near|trace|meta\..+)$", max_length=300)]
TokenizerName = Annotated[str, Meta(pattern=f"^{NAME}$", max_length=MAX_NAME_CHARS)]
TokenCount = Annotated[int, Meta(ge=0, le=2**53)]
EvalSetKey = Annotated[str, Meta(min_length=1, max_length=MAX_KEY_CHARS)]
SortKey = Annotated[str, Meta(pattern=r"^(length|score:.+)$", max_length=70)]


class Strategy(StrEnum):
    LATEST = "latest"
    RANDOM = "random"


class Lacking(StrEnum):
    """What becomes of a trace that a step cannot judge."""

    DROP = "drop"
    KEEP = "keep"


class Missing(StrEnum):
    """What becomes of a trace without the score that a step asks for."""

    DROP = "drop"
    KEEP = "keep"
    SCORE = "score"


LACKING = [choice.value for choice in Lacking]
MISSING = [choice.value for choice in Missing]


class Order(StrEnum):
    DESC = "desc"
    ASC = "asc"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one step is told."""


class PassRate(Part, frozen=True, kw_only=True):
    """That of a prompt's attempts which were scored, a share between `min` and `max` has 1 or more.

    It stands in `where`, and looks at the attempts that match the rest of it.
    """

    criteria: Name
    scorer_version: Name | None = None
    min: Share = 0
    max: Share = 1
    min_attempts: Count = 1


class Tokens(Part, frozen=True, kw_only=True):
    """That traces have `min` to `max` tokens, both included, as a tokenizer here counted them.

    It stands in `where`; a trace that has no such count does not match.
    """

    tokenizer: TokenizerName
    min: TokenCount = 0
    max: TokenCount | None = None


class Verify(Part, frozen=True, kw_only=True):
    """That traces need a score of at least `min`, of the server's version or the one named."""

    criteria: Name
    scorer_version: Name | None = None
    min: float = 1
    missing: Missing = Missing.DROP
    undecided: Lacking = Lacking.DROP


class Sorting(Part, frozen=True, kw_only=True):
    """By what the best of several traces is told: a score, or how long the trace is."""

    by: SortKey
    order: Order = Order.DESC
    scorer_version: Name | None = None


class Matching(StrEnum):
    WORDS = "words"
    EXACT = "exact"


class Field(StrEnum):
    PROMPT = "prompt"
    STEPS = "steps"


class Against(Part, frozen=True, kw_only=True):
    """An evaluation set, and how its items are found; `match` is `exact` of generated sets."""

    eval_set: EvalSetKey
    match: Matching | None = None
    fields: Annotated[list[Field], Meta(min_length=1, max_length=2)] = msgspec.field(
        default_factory=lambda: [Field.PROMPT]
    )


class Decontaminate(Part, frozen=True, kw_only=True):
    """The sets whose items are taken away: n words in a row count, a share of an item decides."""

    against: Annotated[list[Against], Meta(min_length=1, max_length=MAX_EVAL_SETS)]
    n: Annotated[int, Meta(ge=2, le=50)] = 5
    share: Annotated[float, Meta(ge=0.1, le=1)] = 0.5


class NearText(StrEnum):
    SOLUTION = "solution"
    ALL = "all"


class Near(Part, frozen=True, kw_only=True):
    """How similar to a better trace, in which text, what goes is."""

    threshold: Annotated[float, Meta(ge=0.5, le=1)] = 0.9
    text: NearText = NearText.SOLUTION
    across_answers: bool = False


class Dedupe(Part, frozen=True, kw_only=True):
    """How many attempts at one prompt are kept, and which: first by `keep`, then by the seed.

    `near` takes away what is nearly the same as a better one, before.
    """

    near: Near | None = None
    per_prompt: Count | None = None
    distinct_answers: bool = False
    keep: Annotated[list[Sorting], Meta(max_length=MAX_KEYS)] = []


class PairRule(StrEnum):
    """What makes one attempt at a prompt better than another."""

    RIGHT_OVER_WRONG = "right_over_wrong"
    APPROVED_OVER_REJECTED = "approved_over_rejected"
    PREFERRED = "preferred"
    SHORTER_RIGHT = "shorter_right"


class Pairing(Part, frozen=True, kw_only=True):
    """How attempts at one prompt become pairs of a better and a worse one, of one split.

    The first rule that makes a pair counts. In each split a prompt gives so many pairs at most, and
    so large a share of them at most has the longer one as the better.
    """

    rules: Annotated[
        list[PairRule],
        Meta(min_length=1, max_length=len(PairRule), extra_json_schema={"uniqueItems": True}),
    ] = msgspec.field(default_factory=lambda: list(PairRule))
    per_prompt: Count = 4
    max_longer_share: Share = 0.6

    @property
    def by_correctness(self) -> bool:
        """Tell whether a rule asks which answers are right."""
        return bool({PairRule.RIGHT_OVER_WRONG, PairRule.SHORTER_RIGHT} & {*self.rules})


class Recipe(Part, frozen=True, kw_only=True):
    """What a request to build says, but for the dataset's name and where it comes from.

    Bodies take the same fields, but for the version. RecipeRefused where a rule is broken.
    """

    version: Literal[1] = 1
    filters: dict[str, Scalar] = {}
    where: dict[str, Any] = {}  # the filters of traces, as JSON
    limit: Count | None = 100
    selection_strategy: Strategy = Strategy.LATEST
    seed: Seed | None = None
    splits: dict[str, float] = {}
    split_by: SplitBy = "prompt"
    exact: bool = False
    decontaminate: Decontaminate | None = None
    verify: Verify | None = None
    dedupe: Dedupe | None = None
    stratify_by: MetaKey | None = None
    weights: Literal["proportional", "equal"] | dict[str, float] = "proportional"
    split_counts: dict[str, Count] = {}
    pair: Pairing | None = None

    def __post_init__(self) -> None:
        if refused := rules.refusals(self):
            raise rules.RecipeRefused(refused)

    @classmethod
    def read(cls, document: Any) -> Self:
        """Read a document; msgspec.ValidationError where it is no recipe."""
        return msgspec.convert(document, cls)

    def document(self) -> dict[str, Any]:
        """Give the whole as what JSON is made of; keys that came later only where they are told."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return {
            name: value
            for name, value in document.items()
            if name in ALWAYS or value != DEFAULTS[name]
        }

    @property
    def scored_first(self) -> list[str]:
        """Give the criteria on which a build stores what is missing before it begins."""
        criteria = []
        if self.pair is not None and self.pair.by_correctness:
            criteria.append(rules.CORRECTNESS)
        if self.verify is not None and self.verify.missing is Missing.SCORE:
            criteria.append(self.verify.criteria)
        return list(dict.fromkeys(criteria))

    @property
    def removes(self) -> bool:
        """Tell whether a step takes away traces for more than coming after the first `limit`."""
        asked = (
            self.exact,
            self.decontaminate,
            self.verify,
            self.dedupe,
            self.stratify_by,
            self.split_counts,
        )
        return any(asked)


# Of documents of any age; what came later stands in those that ask for it.
ALWAYS = (
    "version",
    "filters",
    "where",
    "limit",
    "selection_strategy",
    "seed",
    "splits",
    "split_by",
)
DEFAULTS: dict[str, Any] = msgspec.to_builtins(Recipe())
