"""Storing documents as traces, each external_id once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from events.actors import Actor
from events.services import record_event
from traces.copy_in import TraceRow
from traces.document import TraceDocument
from traces.models import Trace
from traces.services.outcome import ExternalIdTaken, Intake, Name, Outcome, Reread, taken_by
from tunix_site.errors import Unavailable

T = TypeVar("T")
ATTEMPTS = 5
SAMPLE = 16  # names that are looked up before all are


class HolderDeleted(Unavailable):
    """The trace that held an external_id was deleted between two looks: the next try succeeds."""

    default_detail = "The trace that had an external_id was just deleted: send it again."


class Contended(Unavailable):
    """Another transaction stores the same external_ids in another order, and goes on doing so."""

    default_detail = "Others are storing traces of the same external_ids: send it again later."


def create_traces(
    *,
    documents: Sequence[TraceDocument | None],
    skip_taken: bool,
    by: Actor,
    statuses: Mapping[int, str] | None = None,
    originals: Mapping[int, dict[str, Any]] | None = None,
    reread: Reread = lambda _: set(),
    meanwhile: Callable[[], None] = lambda: None,
) -> Outcome:
    """Store documents as traces in one transaction; None entries are passed over.

    A document whose (source, external_id) is stored with the same content exists already. With
    other content it is refused: alone if `skip_taken`, otherwise nothing is stored and
    ExternalIdTaken raised. `statuses` are by position; a new trace without one is unreviewed.
    `originals`, by position as well, are kept beside. `reread` is given the holders of other
    content by position, and gives the positions whose document comes from the holder's own record:
    these exist, read differently. `meanwhile` is called for every row that is written, as the
    database works on those before: a place for work that does not need it. Each trace keeps who
    brought it in: whoever stores a part of something larger tells of the whole.
    """

    def store() -> Outcome:
        intake = Intake(documents, by, statuses, originals, reread, meanwhile)
        return _create_traces(intake, skip_taken=skip_taken)

    return _patiently(store)


def create_batch(
    *, documents: Sequence[TraceDocument | None], skip_taken: bool, by: Actor
) -> Outcome:
    """Store a batch of documents as `create_traces`, with the one row that tells of it."""

    def store() -> Outcome:
        outcome = _create_traces(Intake(documents, by), skip_taken=skip_taken)
        if outcome.created:
            record_event(by=by, action="create", object_type="trace", count=len(outcome.created))
        return outcome

    return _patiently(store)


def _patiently(store: Callable[[], T]) -> T:
    """Do it in one transaction, again where what prevents it passes."""
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic():
                return store()
        except (OperationalError, HolderDeleted) as error:
            if not _is_passing(error):
                raise
            if not attempts_left:
                raise error if isinstance(error, HolderDeleted) else Contended from error
    raise AssertionError("the last attempt returns or raises")


def _is_passing(error: Exception) -> bool:
    # Overlapping batches are inserted in one order; another writer's may still differ.
    return isinstance(error, HolderDeleted) or isinstance(error.__cause__, DeadlockDetected)


def _create_traces(intake: Intake, *, skip_taken: bool) -> Outcome:
    if not intake.names:
        Trace.objects.bulk_create(intake.rows())
        return intake.outcome
    names = set(intake.names.values())
    if len(names) < len(intake.names) or _stored(_sample(names)):
        intake.settle(_stored(names), skip_taken=skip_taken)
    if intake.outcome.created and not _insert_unless_taken(intake):
        # some are stored that the sample did not show, or somebody else was quicker
        before = _stored(names)
        intake.settle(before, skip_taken=skip_taken)
        # those that were there existed, whatever becomes of them now
        after = _insert_others(list(intake.rows()), names - before.keys())
        intake.settle({**before, **after}, skip_taken=skip_taken)
    return intake.outcome


def _insert_unless_taken(intake: Intake) -> bool:
    """Write all, or none where the name of one is taken.

    They go in the order of their names: two batches that share some in different orders would each
    wait for what the other holds.
    """
    try:
        with transaction.atomic():
            Trace.objects.bulk_create(intake.rows())
    except IntegrityError:
        return False
    return True


def _insert_others(rows: list[TraceRow], names: set[Name]) -> dict[Name, Trace]:
    """Write what is not stored, and give what holds its names then, of ours or of others'."""
    for _ in range(ATTEMPTS):
        Trace.objects.bulk_create(rows, ignore_conflicts=True)
        stored = _stored(names) if names else {}
        if stored.keys() == names:
            return stored
        # another's, which kept ours out, was deleted since: ours may go in now
        missing = names - stored.keys()
        rows = [row for row in rows if (row.source, row.external_id or "") in missing]
    raise HolderDeleted


def _sample(names: set[Name]) -> list[Name]:
    """Give a few names, which tell next to nothing's price whether they were sent before."""
    return list(islice(names, SAMPLE))


def _stored(names: Iterable[Name]) -> dict[Name, Trace]:
    return {
        (trace.source, trace.external_id or ""): trace
        for trace in Trace.objects.with_external_ids(names)
    }


def create_trace(*, document: TraceDocument, by: Actor) -> tuple[Trace, bool]:
    """Store one trace; return it and whether it is new. ExternalIdTaken as for many.

    It leaves no event: the trace itself tells who brought it in.
    """
    trace = Trace.from_document(document, created_at=timezone.now(), by=by)
    if not document.external_id:
        Trace.objects.bulk_create([trace])
        return trace, True
    return _patiently(partial(_create_unless_taken, trace))


def _create_unless_taken(trace: Trace) -> tuple[Trace, bool]:
    if Trace.objects.bulk_create([trace], ignore_conflicts=True):
        return trace, True
    return _holder(trace), False


def _holder(trace: Trace) -> Trace:
    """Fetch the trace that has this one's external_id; ExternalIdTaken where contents differ."""
    named = Trace.objects.filter(source=trace.source, external_id=trace.external_id)
    holder = named.first()
    if holder is None:
        raise HolderDeleted
    if holder.content_hash != trace.content_hash:
        raise ExternalIdTaken({0: taken_by(identity=holder.id)})
    return holder
