"""The evaluation sets as their list shows them: a page of them, the newest first."""

from typing import Any

from evalsets.models import EvalSet
from pages.shared.asked import Asked, called
from pages.shared.keyset import From, Page, page_from


def page_of(asked: Asked, start: From) -> Page[Any]:
    """Give a page of those whose name or key holds what was asked for; one query."""
    found = EvalSet.objects.existing().filter(called(asked))
    return page_from(found.select_related("created_by"), start)
