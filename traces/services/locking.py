"""Holding a trace while it is changed."""

from rest_framework.exceptions import NotFound

from traces.models import Trace


def locked_trace(*, trace: Trace) -> Trace:
    """Lock a trace until the end of the transaction; NotFound where it was deleted meanwhile."""
    locked = Trace.objects.select_for_update(no_key=True).filter(pk=trace.pk).first()
    if locked is None:
        raise NotFound(f"Trace {trace.pk} not found.")
    return locked
