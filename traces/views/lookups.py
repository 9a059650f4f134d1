"""Traces, by what a request names them."""

import uuid
from typing import Any

from rest_framework.exceptions import NotFound

from traces.models import Trace
from traces.scorers.known import SCORERS


def find_trace(pk: str | uuid.UUID) -> Trace:
    """Fetch a trace by what may be no id at all; NotFound where there is none."""
    trace = next(Trace.objects.with_id(pk), None)
    if trace is None:
        raise NotFound(f"Trace {pk!s:.36} not found.")
    return trace


def compared(trace: Trace) -> dict[str, Any]:
    return {
        "id": trace.id,
        "created_at": trace.created_at,
        "score": SCORERS["baseline"].score(trace.content).value,
        "trace_version": trace.trace_version,
        "payload": trace.payload,
    }
