"""What columns of the list show beyond its rows, read for the traces of a page alone."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left

from traces.curation.columns import BEFORE_SCORES, BEHIND_SCORES, OF_SCORE, ShownColumns
from traces.models import Review, Score, Trace
from traces.querysets import PREVIEW_CHARS


class Scored(NamedTuple):
    """The newest score of a trace on a criterion; None where the scorer was undecided."""

    value: float | None


class Reviewed(NamedTuple):
    """Who reviewed a trace last, and when."""

    reviewer: str
    at: Any


def chosen_by(user: Any) -> list[str] | None:
    """Give the columns that a person chose; None where they chose none. One query."""
    return ShownColumns.objects.filter(person=user).values_list("names", flat=True).first()


def shown_of(names: Sequence[str]) -> list[str]:
    """Give columns in the order in which the list shows them; what is none of them is left out."""
    scores = {name for name in names if name.startswith(OF_SCORE) and name != OF_SCORE}
    in_order = (*BEFORE_SCORES, *sorted(scores), *BEHIND_SCORES)
    return [name for name in in_order if name in names]


def fields_of(ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Give what a row of the list does not have; no large text is read beyond its beginning."""
    model = Left(KeyTextTransform("model", "meta"), PREVIEW_CHARS)
    rows = Trace.objects.filter(pk__in=ids).order_by().annotate(model=model)
    return {row.pop("pk"): row for row in rows.values("pk", "model", "external_id", "total_chars")}


def scores_of(ids: Collection[UUID], criteria: Iterable[str]) -> dict[tuple[UUID, str], Scored]:
    """Give the newest score of each trace on each criterion."""
    scores = Score.objects.filter(trace__in=ids, criteria__in=[*criteria])
    newest = scores.order_by("trace_id", "criteria", "-pk").distinct("trace_id", "criteria")
    rows = newest.values_list("trace_id", "criteria", "value")
    return {(trace, name): Scored(value) for trace, name, value in rows}


def reviews_of(ids: Collection[UUID]) -> dict[UUID, Reviewed]:
    """Give the last review of each trace that was not undone."""
    reviews = Review.objects.standing().filter(trace__in=ids)
    last = reviews.order_by("trace_id", "-pk").distinct("trace_id")
    rows = last.values_list("trace_id", "reviewer__username", "created_at")
    return {trace: Reviewed(name, at) for trace, name, at in rows}


def labelled_of(ids: Collection[UUID]) -> set[UUID]:
    """Give the traces with a review that labels steps."""
    labelled = Review.objects.standing().filter(trace__in=ids, step_labels__isnull=False)
    return set(labelled.order_by().values_list("trace_id", flat=True).distinct())


def noted_of(ids: Collection[UUID]) -> set[UUID]:
    """Give the traces with a review that has a note."""
    noted = Review.objects.standing().filter(trace__in=ids).exclude(note="")
    return set(noted.order_by().values_list("trace_id", flat=True).distinct())
