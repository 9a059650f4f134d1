"""Rows that are the pairs of a dataset, in their order."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from datasets.formats.counted import counted
from datasets.formats.items import COLUMNS, IN_STEPS, Items, ReplyRow
from datasets.formats.options import Metadata, Options
from datasets.formats.rendering import about, as_metadata, source
from datasets.formats.rows import Scope
from traces.reasoning.replies import REPLY_STEP
from traces.reasoning.writing import Thought

if TYPE_CHECKING:
    from datasets.models import Dataset

REJECTED = "rejected_"  # before the names of its columns
SAME_REPLY = "same_reply"
# of a trace without its thought; a reply that is all steps says more than the answer
REPLY = f"""CASE
    WHEN {IN_STEPS} THEN NULL
    WHEN trace.meta -> '{REPLY_STEP}' IS NULL THEN trace.final_answer
    ELSE coalesce((
        SELECT step ->> 'content' FROM jsonb_array_elements(trace.steps) AS step
        WHERE step -> 'i' = trace.meta -> '{REPLY_STEP}' LIMIT 1
    ), trace.final_answer)
END"""  # noqa: S608
_of_chosen = attrgetter(*ReplyRow._fields)
_of_rejected = attrgetter(
    *(name if name == "prompt" else REJECTED + name for name in ReplyRow._fields)
)


class PairRow(NamedTuple):
    """What both replies are made of, to the prompt as the chosen one has it."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    said: str | None
    kept: str | None
    rejected_id: str
    rejected_created_at: str
    rejected_trace_version: str
    rejected_final_answer: str
    rejected_steps: str
    rejected_meta: str
    rejected_said: str | None
    rejected_kept: str | None
    margin: str
    reason: str

    @property
    def chosen(self) -> ReplyRow:
        return ReplyRow._make(_of_chosen(self))

    @property
    def rejected(self) -> ReplyRow:
        return ReplyRow._make(_of_rejected(self))


def metadata(row: PairRow, options: Options) -> dict[str, Any]:
    """Give the metadata of both traces."""
    if options.metadata is Metadata.NONE:
        return {}
    sides = {"chosen": row.chosen, "rejected": row.rejected}
    return as_metadata({name: about(one, source(one)) for name, one in sides.items()}, options)


class Pairs(Items):
    """A row a pair, of datasets that were built with pairs.

    Without their thoughts, pairs that reply the same are left out: nobody learns from them.
    """

    table = "datasets_datasetpair"

    def refusal(self, dataset: "Dataset") -> str | None:
        if dataset.recipe.pair is not None:
            return None
        return (
            f"{dataset.key} has no pairs: its recipe does not say `pair`. "
            "Build another version with it."
        )

    def count(self, scope: Scope) -> int:
        dataset = scope.dataset
        if scope.split is None:
            total: int = dataset.stats["pair_count"]
            return total
        count: int = dataset.stats["pair_split_counts"][scope.split]
        return count

    def left_out(self, scope: Scope) -> dict[str, int]:
        if scope.options.thought is not Thought.NONE:
            return self._excluded(scope)
        return self._with_rest(scope, SAME_REPLY)

    def _conditions(self, scope: Scope) -> tuple[list[str], list[Any]]:
        conditions, parameters = super()._conditions(scope)
        if scope.options.thought is Thought.NONE:
            replies = (
                f"(SELECT {REPLY} FROM traces_trace AS trace WHERE trace.id = item.{side}_id)"  # noqa: S608
                for side in ("chosen", "rejected")
            )
            conditions.append(f"({' = '.join(replies)}) IS NOT TRUE")
        return conditions, parameters

    def _counted(self, scope: Scope) -> Iterator[tuple[int, int]]:
        split = () if scope.split is None else (scope.split,)
        query = (
            f"SELECT (parts & {int(scope.excluded)})::text, count(*) FROM {self.table} "  # noqa: S608
            f"WHERE dataset_id = %s {'AND split = %s' if split else ''} GROUP BY 1"
        )
        held = counted(scope.dataset.build_id, query, scope.dataset.pk, *split)
        yield from ((int(parts or 0), count) for parts, count in held.items())

    def query(self, scope: Scope, columns: Sequence[str], *, after: int) -> tuple[str, list[Any]]:
        chosen, parameters = self._chosen(scope, after)
        side = ", ".join(f"{COLUMNS[name]} AS {name}" for name in ReplyRow._fields)
        query = f"""
            SELECT {", ".join(map(_column, columns))}
            FROM {self.table} AS item
            JOIN LATERAL (
                SELECT {side} FROM traces_trace AS trace WHERE trace.id = item.chosen_id
            ) AS chosen ON true
            JOIN LATERAL (
                SELECT {side} FROM traces_trace AS trace WHERE trace.id = item.rejected_id
            ) AS rejected ON true
            WHERE {chosen}
            ORDER BY item.position
        """  # noqa: S608
        return query, parameters


def _column(name: str) -> str:
    if name in ("margin", "reason"):
        return f"item.{name}"
    if name.startswith(REJECTED):
        return f"rejected.{name.removeprefix(REJECTED)}"
    return f"chosen.{name}"


PAIRS = Pairs()
