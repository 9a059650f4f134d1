"""Building what a form says: at once, or by a job where it takes longer."""

from typing import Any, NamedTuple

from django.http import QueryDict
from django.urls import reverse
from rest_framework.exceptions import NotFound

from datasets import tasks
from datasets.lookup import dataset_by
from datasets.models import Dataset
from datasets.serializers import BuildSerializer
from datasets.services.build import build_at_once
from datasets.services.preview import end_preview
from events.actors import Actor
from jobs.services.queue import start_job
from pages.building.form import filled, fresh, placed, sent
from pages.building.layout import FORMAT
from pages.shared.jobs import job_with
from pages.shared.long_filters import FILTER, where_named
from pages.shared.refusals import refusable
from pages.shared.values import read_json
from tunix_site.strict_json import InvalidJSON, problems

NOT_READ = "The filters of the address are no object of JSON that can be kept."


class Made(NamedTuple):
    """Where to go on, or what was wrong, by the field."""

    address: str = ""
    problems: dict[str, str] = {}


def made_of(form: QueryDict, *, by: Actor) -> Made:
    """Build the dataset of a form, or start a job that does.

    A preview that is under way for the same person would take the time of the build.
    """
    end_preview(by=by)
    body, problems, told = sent(form)
    if problems:
        return Made(problems=problems)
    with refusable() as refused:
        serializer = BuildSerializer(data=body)
        serializer.is_valid(raise_exception=True)
        built = build_at_once(request=serializer.to_request(), by=by)
        if built is None:
            job = start_job(kind=tasks.BUILD, parameters=body, by=by)
            return Made(reverse("building", args=[job.pk]))
        return Made(reverse("dataset", args=[built[0].key]))
    return Made(problems=placed(refused.detail, told))


def begun(query: QueryDict) -> QueryDict:
    """Give the form as an address begins it: by a dataset, a job, filters, or anew."""
    if key := query.get("from", ""):
        form = filled(_body_of(dataset_by(key)))
    elif identity := query.get("job", ""):
        form = filled(job_with(identity, tasks.BUILD).parameters)
    elif FILTER in query:
        form = _fresh_with(where_named(query.get(FILTER, "")))
    elif where := query.get("where", ""):
        form = _fresh_with(_object(where))
    else:
        form = fresh()
    form.setdefault(FORMAT, query.get(FORMAT, "chat"))
    return form


def _fresh_with(where: dict[str, Any]) -> QueryDict:
    form = fresh()
    for path, texts in filled({"where": where}).lists():
        form.setlist(path, [*map(str, texts)])
    return form


def _body_of(dataset: Dataset) -> dict[str, Any]:
    """Give what would build a dataset again, as the version after it."""
    version = dataset.version
    after = str(int(version) + 1) if version.isascii() and version.isdecimal() else ""
    return {
        **dataset.recipe.document(),
        "dataset_name": dataset.name,
        "dataset_version": after,
        "parent_dataset_id": dataset.parent_dataset_id,
    }


def _object(text: str) -> dict[str, Any]:
    try:
        value = read_json(text)
    except InvalidJSON:
        value = None
    if not isinstance(value, dict) or any(problems(value)):
        raise NotFound(NOT_READ)
    return value
