"""Building and deleting datasets."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from datasets.models import Dataset, DatasetItem, dataset_key
from datasets.recipe import Recipe, selection
from tunix_site.errors import Conflict, Invalid


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """A validated request to build."""

    name: str
    version: str
    recipe: Recipe
    session_id: str = ""
    training_run_id: str = ""
    parent: Dataset | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def as_fields(self) -> dict[str, Any]:
        """The dataset's columns that come from the request; equal ones make it the same request."""
        recipe = self.recipe
        return {
            "filters": recipe.filters,
            "where": recipe.stored_where(),
            "selection_strategy": recipe.selection_strategy,
            "seed": recipe.seed,
            "limit": recipe.limit,
            "splits": recipe.splits,
            "split_by": recipe.split_by,
            "session_id": self.session_id,
            "training_run_id": self.training_run_id,
            "parent_id": self.parent.pk if self.parent else None,
            "provenance": self.provenance,
        }


def build_dataset(*, request: BuildRequest, user: Any) -> tuple[Dataset, bool]:
    """Build a dataset in one transaction; return it and whether it is new.

    The same request again gives the stored one. Conflict where name, version or key are taken by
    something else; Invalid where no trace matches.
    """
    key = dataset_key(request.name, request.version)
    with transaction.atomic():
        dataset = _claim(key, request, user)
        if dataset is None:
            return _stored(key, request), False
        _fill(dataset, request.recipe)
    return dataset, True


def _claim(key: str, request: BuildRequest, user: Any) -> Dataset | None:
    """Insert the dataset's row, waiting for whoever builds under the same name; None if taken."""
    try:
        with transaction.atomic():
            return Dataset.objects.create(
                key=key,
                name=request.name,
                version=request.version,
                created_by=user,
                **request.as_fields(),
            )
    except IntegrityError:
        return None


def _stored(key: str, request: BuildRequest) -> Dataset:
    dataset = Dataset.objects.filter(name=request.name, version=request.version).first()
    if dataset is None:
        other = Dataset.objects.get(key=key)
        raise Conflict(f"The key {key} is taken by {other.name!r} version {other.version!r}.")
    if dataset.deleted_at is not None:
        raise Conflict(f"{key} was deleted; its key stays taken. Choose another version.")
    fields = request.as_fields()
    differing = [name for name, value in fields.items() if getattr(dataset, name) != value]
    if differing:
        names = ", ".join(name.removesuffix("_id") for name in differing)
        raise Conflict(f"{key} is built already, by another request: {names} differ.")
    return dataset


def _fill(dataset: Dataset, recipe: Recipe) -> None:
    """Copy the selection into items and note what it is."""
    rows, parameters = selection(recipe)
    insert = f"""
        INSERT INTO {DatasetItem._meta.db_table} (dataset_id, position, trace_id, split)
        SELECT %s, rows.* FROM ({rows}) AS rows
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(insert, [dataset.pk, *parameters])
        if cursor.rowcount == 0:
            raise Invalid({"detail": "No trace matches: nothing was built."})
        dataset.trace_count = cursor.rowcount
        try:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except IntegrityError:
            raise Conflict("A selected trace was deleted meanwhile: build again.") from None
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        dataset.stats = _stats(cursor, dataset)
        dataset.content_digest = _content_digest(cursor, dataset)
    dataset.save(update_fields=["trace_count", "stats", "content_digest"])


def _stats(cursor: Any, dataset: Dataset) -> dict[str, Any]:
    cursor.execute(
        """
        SELECT count(*), avg(step_count)::float8, min(step_count), max(step_count),
               avg(total_chars)::float8, max(total_chars)
        FROM datasets_datasetitem JOIN traces_trace ON traces_trace.id = trace_id
        WHERE dataset_id = %s
        """,
        [dataset.pk],
    )
    count, mean_steps, min_steps, max_steps, mean_chars, max_chars = cursor.fetchone()
    cursor.execute(
        "SELECT split, count(*) FROM datasets_datasetitem WHERE dataset_id = %s "
        "GROUP BY split ORDER BY split",
        [dataset.pk],
    )
    return {
        "trace_count": count,
        "avg_step_count": round(mean_steps, 2),
        "min_step_count": min_steps,
        "max_step_count": max_steps,
        "avg_total_chars": round(mean_chars, 2),
        "max_total_chars": max_chars,
        "split_counts": dict(cursor.fetchall()),
    }


def _content_digest(cursor: Any, dataset: Dataset) -> str:
    r"""SHA-256 over a line `content_hash\tsplit` per item, in order."""
    digest = hashlib.sha256()
    lines = """
        COPY (
            SELECT content_hash, split
            FROM datasets_datasetitem JOIN traces_trace ON traces_trace.id = trace_id
            WHERE dataset_id = %s ORDER BY position
        ) TO STDOUT
    """
    with cursor.copy(lines, [dataset.pk]) as copy:
        for block in copy:
            digest.update(block)
    return digest.hexdigest()


def delete_dataset(*, dataset: Dataset) -> None:
    """Delete a dataset's items; its row stays to hold the key. Conflict while it has children."""
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        children = dataset.children.filter(deleted_at=None).order_by("key")
        keys = list(children.values_list("key", flat=True))
        if keys:
            raise Conflict(f"{dataset.key} is the parent of: {', '.join(keys)}.")
        DatasetItem.objects.filter(dataset=dataset).delete()
        dataset.deleted_at = timezone.now()
        dataset.save(update_fields=["deleted_at"])
