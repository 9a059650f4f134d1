"""The forms that begin with traces of the list: a queue of them, a dataset."""

import json
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from pages.queues.making import queue_form
from pages.shared.long_filters import address_by, begun_with
from pages.traces.asked import AskedOfTraces


def queue_of(where: dict[str, Any], *, by: Any) -> str:
    """Give the address of a form for a new queue of the traces that match."""
    return reverse("review-queues") + begun_with(where, queue_form, by=by)


def dataset_of(where: dict[str, Any], *, by: Any) -> str:
    """Give the address of a form for a dataset of the traces that match."""
    return reverse("build-dataset") + begun_with(where, _build_form, by=by)


def begun_elsewhere(asked: AskedOfTraces, *, by: Any) -> dict[str, str]:
    """Give the addresses of both forms with the filters of the list; its id is there already."""
    if not asked.kept or asked.wrong:
        return {"queue": queue_of(asked.where, by=by), "dataset": dataset_of(asked.where, by=by)}
    query = address_by(asked.kept)
    return {"queue": reverse("review-queues") + query, "dataset": reverse("build-dataset") + query}


def _build_form(where: dict[str, Any]) -> str:
    return "?" + urlencode({"where": json.dumps(where, ensure_ascii=False)})
