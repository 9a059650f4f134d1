"""What is asked for of many traces: which ones, and what is to become of them, also in words."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from pages.queues.making import queue_form
from traces.models import Status
from traces.serializers.curation import BulkSerializer

VERDICTS = {"approve": Status.APPROVED, "reject": Status.REJECTED, "flag": Status.FLAGGED}
NOTHING_CHOSEN = "Choose some traces first."
MAX_ADDRESS_CHARS = 8_000  # the server takes a request line of 8,190
TOO_LONG = "The filter is too long for an address: choose fewer traces, or send it to the API."


@dataclass(frozen=True)
class Asking:
    """A change as the API takes it."""

    where: dict[str, Any]
    change: dict[str, Any]

    @property
    def where_json(self) -> str:
        return json.dumps(self.where, ensure_ascii=False)

    @property
    def change_json(self) -> str:
        return json.dumps(self.change, ensure_ascii=False)

    def checked(self, **more: Any) -> BulkSerializer:
        """Validate it as the API does; ValidationError where that refuses it."""
        serializer = BulkSerializer(data={"where": self.where, "set": self.change, **more})
        serializer.is_valid(raise_exception=True)
        return serializer


def where_of(form: QueryDict) -> Any:
    """Give the filter that the list was shown with, or the ids that were chosen of it."""
    if form.get("scope") == "all":
        return read(form.get("where", ""))
    return {"ids": ",".join(form.getlist("chosen"))}


def why_not_asked(form: QueryDict) -> str:
    """Say why nothing can come of what the bar sends, if so."""
    if form.get("scope") != "all" and not any(form.getlist("chosen")):
        return NOTHING_CHOSEN
    elsewhere = address_elsewhere(form)
    return TOO_LONG if elsewhere and len(elsewhere) > MAX_ADDRESS_CHARS else ""


def asked_of(form: QueryDict) -> Asking:
    """Read what the bar of the list sends; what is wrong is left to be refused."""
    action = form.get("action", "")
    if action in VERDICTS:
        return Asking(where_of(form), {"status": str(VERDICTS[action])})
    tags = {"add_tags": _tags(form, "add_tags"), "remove_tags": _tags(form, "remove_tags")}
    return Asking(where_of(form), {name: given for name, given in tags.items() if given})


def address_elsewhere(form: QueryDict) -> str | None:
    """Give the page that begins with the same traces, where something is made of them."""
    where = where_of(form)
    if not isinstance(where, dict):
        return None
    if form.get("action") == "queue":
        return reverse("review-queues") + queue_form(where)
    if form.get("action") == "dataset":
        return f"{reverse('build-dataset')}?{urlencode({'where': json.dumps(where)})}"
    return None


def read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def in_words(change: dict[str, Any]) -> str:
    """Say what becomes of them, such as "rejected, tagged seen"."""
    said = [change["status"]] if change.get("status") else []
    for name, words in (("add_tags", "tagged"), ("remove_tags", "no longer tagged")):
        if change.get(name):
            said.append(f"{words} {', '.join(change[name])}")
    return ", ".join(said)


def _tags(form: QueryDict, name: str) -> list[str]:
    return [tag for text in form.get(name, "").split(",") if (tag := text.strip())]
