"""Building datasets."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from datasets.models import Dataset, DatasetItem, dataset_key
from datasets.recipe.recipe import Recipe
from datasets.recipe.selection import candidates, selection
from tunix_site.database.copy_out import copy_out
from tunix_site.errors import Conflict, Invalid


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """A validated request to build; `parent_key` may name a dataset that is kept elsewhere."""

    name: str
    version: str
    recipe: Recipe
    session_id: str = ""
    training_run_id: str = ""
    parent_key: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def as_fields(self) -> dict[str, Any]:
        """Give the dataset's columns that come from the request."""
        return {
            "recipe": self.recipe,
            "session_id": self.session_id,
            "training_run_id": self.training_run_id,
            "parent_dataset_id": self.parent_key,
            "provenance": self.provenance,
        }


def build_dataset(*, request: BuildRequest, user: Any) -> tuple[Dataset, bool]:
    """Build a dataset in one transaction; return it and whether it is new.

    The same request again gives the stored one. Conflict where name, version or key are taken by
    something else; Invalid where no trace matches.
    """
    with transaction.atomic():
        fields = request.as_fields()
        key = dataset_key(request.name, request.version)
        dataset = Dataset(
            key=key,
            name=request.name,
            version=request.version,
            parent=_held_parent(request.parent_key),
            created_by=user,
            **fields,
        )
        if not _claim(dataset):
            return _stored(key, request, fields), False
        _fill(dataset, request.recipe)
    return dataset, True


def _held_parent(key: str) -> Dataset | None:
    """Lock the parent until the end of the transaction, so that it is not deleted meanwhile.

    None where it is kept elsewhere.
    """
    if not key:
        return None
    return Dataset.objects.existing().select_for_update(no_key=True).filter(key=key).first()


def _claim(dataset: Dataset) -> bool:
    """Insert the row, waiting for whoever builds under the same name; False where it is taken."""
    try:
        with transaction.atomic():
            dataset.save(force_insert=True)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        return False
    return True


def _stored(key: str, request: BuildRequest, fields: dict[str, Any]) -> Dataset:
    dataset = Dataset.objects.filter(name=request.name, version=request.version).first()
    if dataset is None:
        other = Dataset.objects.get(key=key)
        raise Conflict(f"The key {key} is taken by {other.name!r} version {other.version!r}.")
    if dataset.deleted_at is not None:
        raise Conflict(f"{key} was deleted; its key stays taken. Choose another version.")
    differing = _differing(fields, {name: getattr(dataset, name) for name in fields})
    if differing:
        raise Conflict(
            f"{key} was built by another request (different: {', '.join(differing)}). "
            "Choose another version."
        )
    return dataset


def _differing(asked: dict[str, Any], stored: dict[str, Any]) -> list[str]:
    """Name what two requests differ in, of the recipe key by key."""
    values = [{**request.pop("recipe").document(), **request} for request in (asked, stored)]
    with connection.cursor() as cursor:  # as the database compares: to Python, true equals 1
        cursor.execute(
            """
            SELECT key FROM jsonb_each(%s) AS asked FULL JOIN jsonb_each(%s) AS stored USING (key)
            WHERE asked.value IS DISTINCT FROM stored.value
            """,
            [Jsonb(value) for value in values],
        )
        found = {key for (key,) in cursor.fetchall()}
    return [key for key in values[0] if key in found]


def _fill(dataset: Dataset, recipe: Recipe) -> None:
    """Copy the selection into items and note what it is."""
    with connection.cursor() as cursor:
        dataset.trace_count, dataset.matched_count = _insert_items(cursor, dataset, recipe)
        if dataset.trace_count == 0:
            raise Invalid({"detail": "No trace matches: nothing was built."})
        try:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except IntegrityError:
            raise Conflict("A selected trace was deleted meanwhile: build again.") from None
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        dataset.stats = _stats(cursor, dataset)
        dataset.part_counts = _part_counts(cursor, dataset)
        dataset.content_digest = _content_digest(dataset)
    filled = ["trace_count", "matched_count", "stats", "part_counts", "content_digest"]
    dataset.save(update_fields=filled)


def _insert_items(cursor: Any, dataset: Dataset, recipe: Recipe) -> tuple[int, int]:
    """Copy the selection into items; count them, and what matched before the limit."""
    rows, parameters = selection(recipe)
    insert = f"""
        INSERT INTO {DatasetItem._meta.db_table} (dataset_id, position, trace_id, split, parts)
        SELECT %s, rows.* FROM ({rows}) AS rows
    """  # noqa: S608
    if recipe.limit is None:
        cursor.execute(insert, [dataset.pk, *parameters])
        return cursor.rowcount, cursor.rowcount
    matched, matched_parameters = candidates(recipe)
    # in one statement, which sees one state: traces go on coming in
    both = f"""
        WITH inserted AS ({insert} RETURNING 1)
        SELECT (SELECT count(*) FROM inserted), (SELECT count(*) FROM ({matched}) AS matched)
    """  # noqa: S608
    cursor.execute(both, [dataset.pk, *parameters, *matched_parameters])
    inserted, matches = cursor.fetchone()
    return inserted, matches


def _stats(cursor: Any, dataset: Dataset) -> dict[str, Any]:
    cursor.execute(
        """
        SELECT split, count(*), sum(step_count), min(step_count), max(step_count),
               sum(total_chars), max(total_chars)
        FROM datasets_datasetitem JOIN traces_trace ON traces_trace.id = trace_id
        WHERE dataset_id = %s GROUP BY split
        """,
        [dataset.pk],
    )
    splits, counts, steps, least_steps, most_steps, chars, most_chars = zip(
        *cursor.fetchall(), strict=True
    )
    count = sum(counts)
    in_split = dict(zip(splits, counts, strict=True))
    return {
        "trace_count": count,
        "avg_step_count": round(sum(steps) / count, 2),
        "min_step_count": min(least_steps),
        "max_step_count": max(most_steps),
        "avg_total_chars": round(sum(chars) / count, 2),
        "max_total_chars": max(most_chars),
        "split_counts": {name: in_split.get(name, 0) for name in sorted(dataset.splits)},
    }


def _part_counts(cursor: Any, dataset: Dataset) -> dict[str, dict[str, int]]:
    """Count the items of each split by what they hold, so that no export has to."""
    cursor.execute(
        """
        SELECT split, parts, count(*) FROM datasets_datasetitem
        WHERE dataset_id = %s GROUP BY split, parts
        """,
        [dataset.pk],
    )
    counts: dict[str, dict[str, int]] = {}
    for split, parts, count in cursor.fetchall():
        counts.setdefault(split, {})[str(parts)] = count
    return counts


def _content_digest(dataset: Dataset) -> str:
    r"""SHA-256 over a line `content_hash\tsplit` per item, in order."""
    lines = """
        SELECT content_hash, split
        FROM datasets_datasetitem JOIN traces_trace ON traces_trace.id = trace_id
        WHERE dataset_id = %s ORDER BY position
    """
    digest = hashlib.sha256()
    with copy_out(lines, [dataset.pk]) as copy:
        for line in copy:
            digest.update(line)
    return digest.hexdigest()
