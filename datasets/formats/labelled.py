"""Rows that are the traces on which the frozen review says what a format needs, by position."""

from collections.abc import Callable
from typing import Any

from datasets.formats.items import LABEL, Items
from datasets.formats.options import Neutral
from datasets.formats.rows import Scope

UNLABELLED = "unlabelled"


class LabelledItems(Items):
    """A row a trace that has what a label is made of; the others are left out."""

    joined = "LEFT JOIN traces_review AS review ON review.id = item.review_id"

    def __init__(self, labelled: Callable[[Scope], str]) -> None:
        """`labelled` gives the SQL that is true of those."""
        self.labelled = labelled

    def left_out(self, scope: Scope) -> dict[str, int]:
        return self._with_rest(scope, UNLABELLED)

    def _conditions(self, scope: Scope) -> tuple[list[str], list[Any]]:
        conditions, parameters = super()._conditions(scope)
        return [*conditions, f"({self.labelled(scope)})"], parameters


def _judged(scope: Scope) -> str:
    return f"({LABEL}) IS NOT NULL"


def _with_step_labels(scope: Scope) -> str:
    if scope.options.neutral is Neutral.DROP:  # those that have any left
        return "jsonb_path_exists(review.step_labels, '$.* ? (@ != 0)')"
    return "review.step_labels IS NOT NULL"


JUDGED = LabelledItems(_judged)
STEP_LABELLED = LabelledItems(_with_step_labels)
