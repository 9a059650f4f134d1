"""What stands beside a trace: its answer and the reference, other attempts, datasets, scores."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Left

from datasets.models import Dataset
from traces.models import Review, Score, Trace
from traces.querysets import PREVIEW_CHARS
from traces.reasoning.answers.comparing import RIGHT, UNDECIDED, WRONG, compare
from traces.scorers.answer_correctness import ANSWER_CORRECTNESS, KEY, reference_in
from traces.scorers.scorer import CannotScore

MAX_ATTEMPTS = 20
MAX_DATASETS = 20
MAX_REVIEWS = 20
MAX_SCORES = 30
SAID = {RIGHT: "same", WRONG: "differs", UNDECIDED: "undecided"}


@dataclass(frozen=True)
class Verification:
    """The reference, whether the answer is the same, and how that was found."""

    reference: str
    said: str
    how: str


@dataclass(frozen=True)
class ListedAttempt:
    """An attempt at a prompt, in a list."""

    id: Any
    answer: str
    status: str
    model: str
    said: str  # of the answer against the reference; empty where nobody looked


def verification_of(trace: Trace, scores: list[Score]) -> Verification | None:
    """Compare the answer with the reference by the score there is, or by what is told at once."""
    try:
        reference = reference_in(trace.content)
    except CannotScore:
        return None
    version = ANSWER_CORRECTNESS.version
    stored = [one for one in scores if one.criteria == ANSWER_CORRECTNESS.criteria]
    for score in sorted(stored, key=lambda one: one.scorer_version != version):
        details, by = score.details, f"by {score.scorer_version}"
        how = details.get("reason") or details.get("how") or ""
        said = SAID[UNDECIDED] if score.value is None else _said(score.value)
        return Verification(reference, said, f"{how}, {by}" if how else by)
    outcome, how, reason = compare(trace.final_answer, reference)
    return Verification(reference, SAID[outcome], reason or f"by {how}")


def _said(value: float) -> str:
    return {1.0: SAID[RIGHT], 0.0: SAID[WRONG]}.get(value, f"scored {value:g}")


def attempts_of(trace: Trace) -> list[ListedAttempt]:
    """Give the newest other attempts at the same prompt."""
    others = Trace.objects.filter(prompt_hash=trace.prompt_hash).exclude(pk=trace.pk)
    return shortened(others.order_by("-pk")[:MAX_ATTEMPTS])


def shortened(attempts: QuerySet[Trace]) -> list[ListedAttempt]:
    """Give attempts as rows of a list; two queries."""
    rows = list(
        attempts.values_list("pk", Left("final_answer", PREVIEW_CHARS), "status", "meta__model")
    )
    values = dict(
        Score.objects.filter(
            trace__in=[row[0] for row in rows],
            criteria=ANSWER_CORRECTNESS.criteria,
            scorer_version=ANSWER_CORRECTNESS.version,
        ).values_list("trace_id", "value")
    )
    return [
        ListedAttempt(
            id=identity,
            answer=answer,
            status=status,
            model=model if isinstance(model, str) else "",
            said=_of(values, identity),
        )
        for identity, answer, status, model in rows
    ]


def _of(values: dict[Any, float | None], identity: Any) -> str:
    if identity not in values:
        return ""
    value = values[identity]
    return SAID[UNDECIDED] if value is None else _said(value)


def datasets_of(trace: Trace) -> list[Dataset]:
    held = Dataset.objects.existing().filter(items__trace=trace)
    return list(
        held.defer("provenance", "stats", "funnel").distinct().order_by("-pk")[:MAX_DATASETS]
    )


def reviews_of(trace: Trace, kept_back: Q | None = None) -> list[Any]:
    """Give the newest reviews of a trace but for those that are kept back, and which are undone."""
    reviews = trace.reviews.exclude(kept_back) if kept_back else trace.reviews.all()
    undoing = Review.objects.filter(undoes=OuterRef("pk"))
    listed = reviews.annotate(is_undone=Exists(undoing)).select_related("reviewer")
    return list(listed.order_by("-pk")[:MAX_REVIEWS])


def standing_in(reviews: list[Any]) -> list[Review]:
    """Give those of `reviews_of` that undo none and are not undone."""
    return [one for one in reviews if not one.is_undone and one.undoes_id is None]


def scores_of(trace: Trace) -> list[Score]:
    return list(trace.scores.order_by("-pk")[:MAX_SCORES])


def meta_beside(trace: Trace) -> dict[str, Any]:
    """Give the meta without what is shown elsewhere."""
    return {name: value for name, value in trace.meta.items() if name != KEY}


def own_review_of(trace: Trace, user: Any) -> int | None:
    """Give the id of what a person said last of a trace and did not undo."""
    standing = Review.objects.standing().filter(trace=trace, reviewer=user)
    return standing.order_by("-pk").values_list("pk", flat=True).first()
