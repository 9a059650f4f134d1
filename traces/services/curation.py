"""Changing what may change of a trace, and deleting it."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from rest_framework.exceptions import NotFound

from traces.models import Review, Trace
from tunix_site.errors import Conflict

INSTEAD = "Delete these datasets first, or reject the trace."


def curate_trace(*, trace: Trace, user: Any, changes: dict[str, Any]) -> Trace:
    """Change status or tags; a change of status is recorded as the user's review."""
    with transaction.atomic():
        trace = held_trace(trace=trace)
        status_changes = changes.get("status", trace.status) != trace.status
        for name, value in changes.items():
            setattr(trace, name, value)
        if changes:
            trace.save(update_fields=list(changes))
        if status_changes:
            Review.objects.create(trace=trace, reviewer=user, verdict=trace.status)
    return trace


def held_trace(*, trace: Trace) -> Trace:
    """Lock a trace until the end of the transaction; NotFound where it was deleted meanwhile."""
    held = Trace.objects.select_for_update(no_key=True).filter(pk=trace.pk).first()
    if held is None:
        raise NotFound(f"Trace {trace.pk} not found.")
    return held


def delete_trace(*, trace: Trace) -> None:
    """Delete a trace with its scores and reviews; Conflict names the datasets that hold it."""
    try:
        with transaction.atomic():
            held_trace(trace=trace).delete()
    except ProtectedError as error:
        holders = sorted({str(holder) for holder in error.protected_objects})
        raise Conflict(f"The trace is held by: {', '.join(holders)}. {INSTEAD}") from None
    except IntegrityError:
        # a dataset took it between the look and the deletion
        raise Conflict("The trace is held by a dataset that was just built.") from None
