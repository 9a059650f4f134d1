"""What the page of an evaluation set shows."""

from typing import Any

from django.http import QueryDict

from datasets.lookup import dataset_by
from datasets.models import Dataset
from evalsets.models import EvalSet
from pages.activity.of_object import changes_of
from pages.activity.words import text_of_value
from pages.datasets.checks import Check, check_of
from pages.evalsets.checks import checks_of
from pages.evalsets.items import groups_of, item_at, items_page


def context_of(evalset: EvalSet, query: QueryDict, *, changes_for: Any) -> dict[str, Any]:
    """Give what the page shows; the query names a position, an item or a dataset.

    What became of the set is shown to whoever `changes_for` is, if to anybody.
    """
    groups, groups_problem = groups_of(evalset)
    checked = query.get("checked", "")
    parents = Dataset.objects.existing().filter(key=evalset.parent)
    return {
        "facts": _facts(evalset),
        "parent_is_here": bool(evalset.parent) and parents.exists(),
        "groups": groups,
        "groups_problem": groups_problem,
        "items": items_page(evalset, query),
        "opened": item_at(evalset, query),
        **checks_of(evalset, checked, checked_in(evalset, checked)),
        "changes": changes_of("evalset", evalset.key, user=changes_for) if changes_for else None,
    }


def checked_in(evalset: EvalSet, key: str) -> Check | None:
    """Give the last job that looked for a set in a dataset; NotFound where there is no such one."""
    return check_of(dataset_by(key), evalset.key) if key else None


def _facts(evalset: EvalSet) -> list[tuple[str, str]]:
    told = {
        "Questions": f"{evalset.item_count:,}",
        "Answers are": evalset.answer_type,
        "License": evalset.license,
    }
    if evalset.generator is not None:
        told |= {
            name.capitalize(): text_of_value(value) for name, value in evalset.generator.items()
        }
    return [(name, text) for name, text in told.items() if text]
