"""What an address names."""

from django.http import HttpRequest
from rest_framework.exceptions import NotFound

from traces.models import Trace
from tunix_site.database.ids import number_in


def trace_with(text: str) -> Trace:
    """Find a trace by its id; NotFound where there is none."""
    for trace in Trace.objects.with_id(text):
        return trace
    raise NotFound(f"Trace {text} not found.")


def start_of(request: HttpRequest, trace: Trace) -> int:
    """Give the position of the first step that is asked for; 0 where that is none of the trace."""
    text = request.GET.get("from", "")
    position = number_in(text) or 0
    return position if position < len(trace.steps) else 0
