"""What an address asks of the activity."""

from collections.abc import Mapping

from pages.shared.asked import Asked, asked_of
from tunix_site.audit.finding import EventQuery

LABELS = {
    "actor": "Who",
    "through": "Through",
    "action": "What",
    "object_type": "Kind",
    "object_id": "Id",
    "job": "Job",
    "created_after": "From",
    "created_before": "Before",
}


def asked_by(query: Mapping[str, str]) -> Asked:
    """Read the filters of an address, each by itself."""
    return asked_of(query, EventQuery(), LABELS)
