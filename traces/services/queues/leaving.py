"""What goes with somebody who is deleted: filters, places in queues, files to be imported."""

from functools import partial
from typing import Any

from django.db import transaction

from events.actors import Actor
from traces.services.filters.saved_filters import delete_filters_of
from traces.services.importing import uploads
from traces.services.queues.claims import end_claims_of
from traces.services.queues.queues import take_out


@transaction.atomic
def take_leave(*, user: Any, by: Actor) -> None:
    """Delete their filters and files, and take them out of queues, telling of each."""
    end_claims_of(person=user, by=by)
    delete_filters_of(owner=user, by=by)
    take_out(person=user, by=by)
    transaction.on_commit(partial(uploads.forget_all, owner=user.pk), robust=True)
