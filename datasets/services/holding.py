"""Holding the traces of a dataset that is built: once for all of them.

The trigger on deletions has the other half (migration 0011, and decision 19): whoever deletes a
trace locks the same table in another mode, counts the deletion, and looks at the items.
"""

from typing import Any

from django.db import connection

HELD = "LOCK TABLE datasets_hold IN SHARE MODE"
DELETIONS = "SELECT last_value, is_called FROM datasets_deletion"  # as it is now, in any snapshot
STILL_THERE = """
SELECT count(*) FROM (
    SELECT FROM datasets_datasetitem AS item JOIN traces_trace AS trace ON trace.id = item.trace_id
    WHERE item.dataset_id = %s FOR KEY SHARE OF trace
) AS held
"""


def count_deletions() -> Any:
    """Tell how many traces were ever deleted, while nobody is about to.

    First in a transaction, so that the state that it sees is the one in which this is asked. The
    lock goes with the savepoint: traces can be deleted while the dataset is built.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SAVEPOINT counting; {HELD}")
        cursor.execute(DELETIONS)
        deletions = cursor.fetchone()
        cursor.execute("ROLLBACK TO SAVEPOINT counting; RELEASE SAVEPOINT counting")
    return deletions


def hold_traces(*, dataset_id: int, trace_count: int, deletions: Any) -> bool:
    """Hold back deletions until the transaction ends; tell whether all traces are still there.

    Where some were deleted since they were counted, each trace of the dataset is looked at; in a
    transaction that sees one state, a trace that is gone is an OperationalError (40001).
    """
    with connection.cursor() as cursor:
        cursor.execute(HELD)
        cursor.execute(DELETIONS)
        if cursor.fetchone() == deletions:
            return True
        cursor.execute(STILL_THERE, [dataset_id])
        (count,) = cursor.fetchone()
    return bool(count == trace_count)
