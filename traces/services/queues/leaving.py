"""What goes with somebody who is deleted: their filters, and their places in queues."""

from typing import Any

from django.db import transaction

from events.actors import Actor
from traces.services.queues.queues import take_out
from traces.services.queues.saved_filters import delete_filters_of


@transaction.atomic
def take_leave(*, user: Any, by: Actor) -> None:
    """Delete their filters and take them out of queues, telling of each."""
    delete_filters_of(owner=user, by=by)
    take_out(person=user, by=by)
