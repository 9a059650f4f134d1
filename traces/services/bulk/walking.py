"""Going through the pieces of a change of many traces."""

from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import F, Func, IntegerField, QuerySet

from jobs.progress import ErrorRow, Progress
from jobs.services.asking import asker_of
from jobs.services.lease import hold_job
from traces.curation.pieces import BulkPiece


def work_pieces(
    *,
    pieces: QuerySet[BulkPiece],
    progress: Progress,
    work: Callable[[BulkPiece], Iterable[ErrorRow]],
) -> None:
    """Do pieces, in a transaction each, while the job is neither cancelled nor lost.

    Forbidden from the moment on when whoever asked may not any more: what was done stays.
    What `work` gives are errors of the job.
    """
    for pk in list(pieces.values_list("pk", flat=True)):
        with transaction.atomic():
            hold_job(progress=progress)
            asker_of(job=progress.job)
            piece = pieces.get(pk=pk)
            errors = work(piece)
        progress.done += len(piece.ids)
        progress.add_errors(errors)
        progress.check()


def length_of(*, array: str) -> Func:
    return Func(F(array), function="cardinality", output_field=IntegerField())
