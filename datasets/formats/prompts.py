"""Rows that are the prompts of a dataset, in the order of their first traces."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from datasets.formats.counted import counted
from datasets.formats.items import COLUMNS
from datasets.formats.rows import Scope
from datasets.recipe.references import REFERENCE

if TYPE_CHECKING:
    from datasets.models import Dataset

NO_REFERENCE = "no_reference"
SEVERAL_REFERENCES = "several_references"


class Prompts:
    """A row a prompt, by the first trace that can be said and the reference that all agree on."""

    indexed = False

    def refusal(self, dataset: "Dataset") -> str | None:
        return None

    def count(self, scope: Scope) -> int:
        return sum(self._counts(scope).values())

    def left_out(self, scope: Scope) -> dict[str, int]:
        counts = self._counts(scope)
        held = [str(part.name).lower() for part in scope.excluded]
        reasons = (*held, NO_REFERENCE, SEVERAL_REFERENCES)
        return {reason: counts[reason] for reason in reasons if reason in counts}

    def query(self, scope: Scope, columns: Sequence[str], *, after: int) -> tuple[str, list[Any]]:
        # each prompt's first trace is looked up, whatever the planner thinks that there are:
        # the other way round, it would group all prompts anew for each item
        asked, parameters = self._asked(scope)
        query = f"""
            SELECT {", ".join(COLUMNS[name] for name in columns)}
            FROM (
                SELECT * FROM ({asked}) AS prompts
                WHERE reason IS NULL ORDER BY position OFFSET %s
            ) AS asked
            CROSS JOIN LATERAL (
                SELECT * FROM datasets_datasetitem
                WHERE dataset_id = %s AND position = asked.position OFFSET 0
            ) AS item
            CROSS JOIN LATERAL (
                SELECT * FROM traces_trace WHERE id = item.trace_id OFFSET 0
            ) AS trace
            ORDER BY asked.position
        """  # noqa: S608
        return query, [*parameters, after, scope.dataset.pk]

    def _counts(self, scope: Scope) -> dict[str | None, int]:
        """Count the prompts by why they are left out; those that are not by None."""
        asked, parameters = self._asked(scope)
        query = f"SELECT reason, count(*) FROM ({asked}) AS asked GROUP BY reason"  # noqa: S608
        return counted(scope.dataset.build_id, query, *parameters)

    def _asked(self, scope: Scope) -> tuple[str, list[Any]]:
        """Give the SQL of all prompts, and its parameters."""
        held = "\n".join(
            f"WHEN position IS NULL AND held & {int(part)} <> 0 THEN '{str(part.name).lower()}'"
            for part in scope.excluded
        )
        in_split = "" if scope.split is None else "AND item.split = %s"
        query = f"""
            SELECT position, attempts, reference, CASE
                {held}
                WHEN reference IS NULL THEN '{NO_REFERENCE}'
                WHEN reference <> other THEN '{SEVERAL_REFERENCES}'
            END AS reason
            FROM (
                SELECT min(position) FILTER (WHERE parts & {int(scope.excluded)} = 0) AS position,
                    count(*) AS attempts, bit_or(parts) AS held,
                    min(reference) AS reference, max(reference) AS other
                FROM (
                    SELECT item.position, item.parts, trace.prompt_hash,
                        ({REFERENCE}) COLLATE "C" AS reference
                    FROM datasets_datasetitem AS item
                    JOIN traces_trace AS trace ON trace.id = item.trace_id
                    WHERE item.dataset_id = %s {in_split}
                ) AS items
                GROUP BY prompt_hash
            ) AS prompts
        """  # noqa: S608
        return query, [scope.dataset.pk, *([] if scope.split is None else [scope.split])]


PROMPTS = Prompts()
