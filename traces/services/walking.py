"""Going through the traces that match a filter and were there when that was asked for."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from traces.models import Trace
from traces.querysets import TraceQuerySet
from tunix_site.database.patience import patience
from tunix_site.errors import Unavailable

NEWEST = "newest"  # among a job's parameters: the newest trace when it was started
COUNT_SECONDS = 10.0  # a request's thread, one of few, waits for it


def newest_trace() -> UUID:
    """Give the id of the newest trace; of none, one below all."""
    return Trace.objects.order_by("-id").values_list("id", flat=True).first() or UUID(int=0)


def counted_in_time(*, traces: TraceQuerySet) -> int | None:
    """Count traces; None where that takes more than COUNT_SECONDS."""
    with suppress(Unavailable), patience(COUNT_SECONDS):
        return traces.count()
    return None


def id_batches(*, traces: TraceQuerySet, size: int) -> Iterator[list[UUID]]:
    """Give ids, newest first, as the traces match when it is their turn."""
    rest = traces.order_by("-id").values_list("id", flat=True)
    ids = list(rest[:size])
    while ids:
        yield ids
        ids = list(rest.filter(id__lt=ids[-1])[:size])
