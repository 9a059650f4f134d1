"""A new queue, as the form of the list sends it; what is refused is told beside the form."""

import re
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from events.actors import Actor
from pages.shared.asked import texts_of
from pages.shared.lines import lines_of, unix
from pages.shared.refusals import refusable
from pages.shared.values import number_or_text
from traces.curation.queues import Queue
from traces.finding.filters import TraceFilters
from traces.serializers.queues import NewQueueSerializer
from traces.services.queues.queues import create_queue
from tunix_site.errors import Invalid

FILTER = "where."  # names of the form's fields that are of the filter
PER_CENT = re.compile(r"[0-9]{1,3}([.,][0-9]{1,6})?")
FILTERS = ("status", "source", "tag", "q", "criteria", "min_score", "max_score", "outcome")


def made_of(form: QueryDict, *, by: Actor) -> tuple[Queue | None, str]:
    """Make a queue; None and the reason where it is refused."""
    with refusable() as refused:
        serializer = NewQueueSerializer(data=body_of(form))
        serializer.is_valid(raise_exception=True)
        return create_queue(new=serializer.to_new(), by=by), ""
    return None, refused.text


def body_of(form: QueryDict) -> dict[str, Any]:
    """Give what the API would be sent; what was left empty is not."""
    body: dict[str, Any] = {
        "name": form.get("name", "").strip(),
        "where": _where(form),
        "order": form.get("order", ""),
        "overlap": _share(form.get("overlap", "")),
        "blind": "blind" in form,
        "step_labels": "step_labels" in form,
        "reasons": lines_of(form.get("reasons", "")),
        "people": lines_of(form.get("people", "")),
    }
    if guideline := unix(form.get("guideline", "")).strip():
        body["guideline"] = guideline
    if criteria := form.get("criteria", "").strip():
        body["criteria"] = criteria
    if seed := form.get("seed", "").strip():
        body["seed"] = number_or_text(seed)
    return body


def queue_form(where: dict[str, Any]) -> str:
    """Give the query by which the form for a new queue begins with a filter."""
    return "?" + urlencode(begun_with(where))


def begun_with(where: dict[str, Any]) -> dict[str, str]:
    """Give what stands in the form for a new queue that begins with a filter.

    One for the empty text stands on a line: an empty field is no filter.
    """
    texts = texts_of(where)
    named = {name: text for name, text in texts.items() if name in FILTERS and text}
    more = "\n".join(f"{name}={text}" for name, text in texts.items() if name not in named)
    fields = {FILTER + name: text for name, text in named.items()}
    return {**fields, f"{FILTER}more": more}


def _where(form: QueryDict) -> dict[str, Any]:
    named = {name: text for name in FILTERS if (text := form.get(FILTER + name, ""))}
    for line in lines_of(form.get(f"{FILTER}more", "")):
        key, _, value = line.partition("=")
        named[key.strip()] = value.strip()
    return TraceFilters().typed(named)


def _share(text: str) -> float:
    """Read a percentage as a share; Invalid, in the words of the form, where it is none."""
    text = text.strip() or "0"
    per_cent = float(text.replace(",", ".")) if PER_CENT.fullmatch(text) else 101
    if per_cent > 100:
        raise Invalid({"Share given to two people": ["From 0 to 100 per cent."]})
    return per_cent / 100
