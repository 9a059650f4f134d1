"""Going through the pieces of a change of many traces."""

from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import F, Func, IntegerField, QuerySet

from jobs.errors import JobCancelled
from jobs.progress import ErrorRow, Progress
from jobs.services.lease import hold_job, reconnect
from traces.curation.pieces import BulkPiece
from tunix_site.database.troubles import trouble_of


def work_pieces(
    *,
    pieces: QuerySet[BulkPiece],
    progress: Progress,
    work: Callable[[BulkPiece], Iterable[ErrorRow]],
    record: Callable[[], None],
) -> None:
    """Do pieces, in a transaction each, while the job is neither cancelled nor lost.

    What `work` gives are errors of the job. In the end `record` tells what was done, also where it
    broke off and stays like that.
    """
    try:
        for pk in list(pieces.values_list("pk", flat=True)):
            with transaction.atomic():
                hold_job(progress=progress)
                piece = pieces.get(pk=pk)
                errors = work(piece)
            progress.done += len(piece.ids)
            progress.add_errors(errors)
            progress.check()
    except Exception as error:
        if _is_over(progress, error):
            reconnect(progress=progress)
            record()
        raise
    record()


def length_of(*, array: str) -> Func:
    return Func(F(array), function="cardinality", output_field=IntegerField())


def _is_over(progress: Progress, error: Exception) -> bool:
    """Say whether what broke off stays as it is: no other process goes on with it."""
    if progress.stopped is not None:
        return isinstance(progress.stopped, JobCancelled)
    return trouble_of(error) is None
