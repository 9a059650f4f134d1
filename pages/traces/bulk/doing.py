"""Doing what the pages of a change of many traces send; what is refused is told in words."""

from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import APIException

from events.actors import Actor
from jobs.models import Job
from jobs.services.undoing import undo_job
from pages.traces.bulk.asking import Asking
from pages.traces.bulk.sent import address_elsewhere
from pages.traces.bulk.showing import question
from tunix_site.errors import text_of


def elsewhere(form: QueryDict, *, by: Any) -> tuple[str | None, str]:
    """Give the page where something is made of the traces, if so, or why their filter is none."""
    try:
        return address_elsewhere(form, by=by), ""
    except APIException as error:
        return None, text_of(error.detail)


def asked_about(asking: Asking) -> tuple[dict[str, Any] | None, str]:
    """Give what a person is asked; None and the reason where it is refused."""
    try:
        return question(asking), ""
    except APIException as error:
        return None, text_of(error.detail)


def started(asking: Asking, *, count: Any, by: Actor) -> tuple[Job | None, str]:
    """Start what was confirmed of so many traces; None and the reason where it is refused."""
    try:
        return asking.start(count, by=by), ""
    except APIException as error:
        return None, text_of(error.detail)


def undone(job: Job, *, by: Actor) -> tuple[Job, str]:
    """Give the job that undoes it; the job itself and the reason where that is refused."""
    try:
        return undo_job(job=job, by=by), ""
    except APIException as error:
        return job, text_of(error.detail)
