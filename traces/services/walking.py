"""Going through the traces that match a filter and were there when that was asked for."""

from collections.abc import Iterator
from uuid import UUID

from traces.models import Trace
from traces.querysets import TraceQuerySet

NEWEST = "newest"  # among a job's parameters: the newest trace when it was started


def newest_trace() -> UUID:
    """Give the id of the newest trace; of none, one below all."""
    return Trace.objects.order_by("-id").values_list("id", flat=True).first() or UUID(int=0)


def id_batches(*, traces: TraceQuerySet, size: int) -> Iterator[list[UUID]]:
    """Give ids, newest first, as the traces match when it is their turn."""
    rest = traces.order_by("-id").values_list("id", flat=True)
    ids = list(rest[:size])
    while ids:
        yield ids
        ids = list(rest.filter(id__lt=ids[-1])[:size])
