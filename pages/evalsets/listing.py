"""The evaluation sets as their list shows them: a page of them, the newest first."""

from typing import Any

from django.db.models import Q

from evalsets.models import EvalSet
from pages.shared.keyset import From, Page, page_from


def page_of(asked: str, start: From) -> Page[Any]:
    """Give a page of those whose name or key holds what was asked for; one query."""
    named = Q(name__icontains=asked) | Q(key__icontains=asked) if asked else Q()
    found = EvalSet.objects.existing().filter(named)
    return page_from(found.select_related("created_by"), start)
