"""Changing what may change of a trace, and deleting it."""

from typing import Any

import psycopg
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from events.actors import Actor
from events.services import record_event
from traces.curation.members import QueueMember
from traces.models import Trace
from traces.services.locking import locked_trace
from traces.services.queues.verdicts import leave_queues
from traces.services.reviews import Verdict, judge, retag
from tunix_site.errors import Conflict

TOLD = ("source", "external_id", "status", "tags")  # of a trace that is deleted
INSTEAD = "Delete these datasets first, or reject the trace."


def curate_trace(*, trace: Trace, by: Actor, changes: dict[str, Any]) -> Trace:
    """Change status or tags; a change of status is recorded as the user's review."""
    with transaction.atomic():
        trace = locked_trace(trace=trace)
        if "status" in changes and changes["status"] != trace.status:
            judge(trace=trace, verdict=Verdict(status=changes["status"]), by=by)
        if "tags" in changes and changes["tags"] != trace.tags:
            retag(trace=trace, tags=changes["tags"], by=by)
    return trace


def delete_trace(*, trace: Trace, by: Actor) -> None:
    """Delete a trace with its scores and reviews.

    Conflict names the datasets that hold it, or what was added to it meanwhile.
    """
    try:
        with transaction.atomic():
            identity, trace = trace.pk, locked_trace(trace=trace)
            members = list(QueueMember.objects.filter(trace=trace))
            trace.delete()
            record_event(
                by=by,
                action="delete",
                object_type="trace",
                object_id=identity,
                before={name: getattr(trace, name) for name in TOLD},
            )
            leave_queues(members=members, by=by)
    except ProtectedError as error:
        holders = sorted({str(holder) for holder in error.protected_objects})
        raise Conflict(f"The trace is held by: {', '.join(holders)}. {INSTEAD}") from None
    except IntegrityError as error:
        # between the look and the deletion
        raise Conflict(_came_meanwhile(error)) from None


def _came_meanwhile(error: IntegrityError) -> str:
    """Say what refers to a trace since it was looked through."""
    cause = error.__cause__
    table = cause.diag.table_name if isinstance(cause, psycopg.Error) else None
    for model in apps.get_models():
        if model._meta.db_table == table:
            return f"A {model._meta.verbose_name} was just added to the trace: delete it again."
    return "The trace is held by a dataset that was just built."  # whose trigger names no table
