"""Where a trace is shown."""

from django.urls import reverse

from traces.models import Trace


def urls_of(trace: Trace) -> dict[str, str]:
    """Give the addresses of a trace's page and of what it sends."""
    names = ("trace", "steps", "verdict", "tags")
    return {name: reverse(f"review-{name}", args=[trace.pk]) for name in names}
