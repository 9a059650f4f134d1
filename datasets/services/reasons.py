"""Noting why a build took traces away."""

from django.db import connection

from datasets.models import Dataset, RemovedTrace


def note_removed(*, dataset: Dataset, step: str, removed: str) -> None:
    """Write what a query gives, `id`, `reason` and `because`, in the order of the index."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {RemovedTrace._meta.db_table}
            (dataset_id, trace_id, step, reason, because)
            SELECT %s, id, %s, reason, because FROM ({removed}) AS removed ORDER BY id
            """,  # noqa: S608
            [dataset.pk, step],
        )
