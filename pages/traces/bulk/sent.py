"""What the bar of the list sends, and the page that asks whether it is meant."""

from typing import Any

from django.http import QueryDict

from pages.shared.tags import tags_in
from pages.shared.values import json_or_text
from pages.traces.bulk.asking import KINDS, Asking, Change, Deletion, Scoring
from pages.traces.elsewhere import dataset_of, queue_of
from traces.finding.filters import TraceFilters
from traces.models import Status

VERDICTS = {"approve": Status.APPROVED, "reject": Status.REJECTED, "flag": Status.FLAGGED}
TAGS = ("add_tags", "remove_tags")
NOTHING_CHOSEN = "Choose some traces first."


def where_of(form: QueryDict) -> Any:
    """Give the filter that the list was shown with, or the ids that were chosen of it."""
    if form.get("scope") == "all":
        return json_or_text(form.get("where", ""))
    return {"ids": ",".join(form.getlist("chosen"))}


def why_not_asked(form: QueryDict) -> str:
    """Say why nothing can come of what the bar sends, if so."""
    if form.get("scope") != "all" and not any(form.getlist("chosen")):
        return NOTHING_CHOSEN
    return ""


def asked_of(form: QueryDict) -> Asking[Any]:
    """Read what the bar of the list sends; what is wrong is left to be refused."""
    where, action = where_of(form), form.get("action", "")
    if action in VERDICTS:
        return Change(where, {"status": str(VERDICTS[action])})
    if action == Scoring.name:
        criteria = form.get("criteria", "")
        return Scoring(where, {"criteria": criteria, "missing_only": "again" not in form})
    if action == Deletion.name:
        return Deletion(where, {})
    tags = {name: tags_in(form.get(name, "")) for name in TAGS}
    return Change(where, {name: given for name, given in tags.items() if given})


def confirmed_of(form: QueryDict) -> Asking[Any]:
    """Read what was confirmed, as the page that asked has it."""
    kind = KINDS.get(form.get("kind", ""), Change)
    where = json_or_text(form.get("where", ""))
    return kind(where, {} if kind is Deletion else json_or_text(form.get("given", "")))


def count_confirmed(form: QueryDict) -> Any:
    """Read how many were confirmed; people who type the number may part its thousands."""
    return json_or_text(form.get("count", "").strip().replace(",", ""))


def address_elsewhere(form: QueryDict, *, by: Any) -> str | None:
    """Give the page that begins with the same traces, where something is made of them.

    ValidationError where their filter is none.
    """
    begun = {"queue": queue_of, "dataset": dataset_of}.get(form.get("action", ""))
    if begun is None:
        return None
    where = where_of(form)
    TraceFilters(data=where).is_valid(raise_exception=True)
    return begun(where, by=by)
