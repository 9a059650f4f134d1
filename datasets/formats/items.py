"""Rows that are the traces of a dataset, by position, and what formats read of them, as text."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from datasets.formats.counted import counted
from datasets.formats.rows import Scope
from traces.reasoning.turns import Parts

if TYPE_CHECKING:
    from datasets.models import Dataset

TIMESTAMP = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
SCORES = f"""(
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'criteria', criteria, 'scorer_version', scorer_version, 'value', value,
        'details', details, 'created_at', {TIMESTAMP.format("score.created_at")}
    ) ORDER BY criteria, scorer_version), '[]')
    FROM traces_score AS score WHERE score.trace_id = trace.id
)"""  # noqa: S608
# what people said, or else a score that the recipe was told to verify: right or wrong
LABEL = """CASE
    WHEN item.facts -> 'unsettled' IS NULL AND review.verdict = 'approved' THEN true
    WHEN item.facts -> 'unsettled' IS NULL AND review.verdict = 'rejected' THEN false
    ELSE CASE item.facts -> 'verified' WHEN '1' THEN true WHEN '0' THEN false END
END"""
IN_STEPS = """trace.meta @> '{"reply_in_steps": true}'"""
# as senders and imports keep them, also within a request: `tools`, `request.body.tools`
TOOLS = """coalesce(
    jsonb_path_query_first(trace.original, '$.**{0 to 2}.tools'),
    jsonb_path_query_first(trace.meta, '$.**{0 to 2}.tools')
)"""
COLUMNS = {
    "build_id": "dataset.build_id",
    "id": "trace.id",
    "created_at": TIMESTAMP.format("trace.created_at"),
    "trace_version": "trace.trace_version",
    "prompt": "trace.prompt",
    "final_answer": "trace.final_answer",
    "steps": "trace.steps",
    "meta": "trace.meta",
    "external_id": "trace.external_id",
    "tags": "trace.tags",
    "messages": "trace.messages",
    "original": "trace.original",
    # most rows need none, and reading them takes the time
    "turns": f"CASE WHEN item.parts & {int(Parts.SEVERAL_TURNS)} <> 0 THEN trace.messages END",
    # one question that nothing stands before is the prompt
    "said": f"""CASE
        WHEN item.parts & {int(Parts.SEVERAL_TURNS | Parts.TOOLS)} <> 0 OR {IN_STEPS}
            OR trace.messages #>> '{{0,role}}' IS DISTINCT FROM 'user'
        THEN trace.messages
    END""",
    # where it may hold the whole reply
    "kept": f"CASE WHEN {IN_STEPS} AND trace.messages IS NULL THEN trace.original END",
    "tools": TOOLS,
    "status": "trace.status",
    "scores": SCORES,
    "split": "item.split",
    "label": LABEL,
    "step_labels": "review.step_labels",
    "reference": "asked.reference",
    "attempts": "asked.attempts",
    "created_us": "(extract(epoch FROM trace.created_at) * 1000000)::bigint",
    "source": "trace.source",
    "content_hash": "trace.content_hash",
    "prompt_hash": "trace.prompt_hash",
}


class Row(NamedTuple):
    """A trace in a dataset; steps and meta are JSON."""

    build_id: str
    id: str
    created_at: str  # 2026-01-31T12:00:00.000000Z
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str


class ConversationRow(NamedTuple):
    """The same, with the messages as JSON where there are several turns."""

    build_id: str
    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    turns: str | None


class ReplyRow(NamedTuple):
    """What a reply is made of: the messages where they say more than the prompt, as JSON."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    said: str | None
    kept: str | None  # what an import cut off, JSON, where the reply may be in it


class ToolsRow(NamedTuple):
    """The same, with the definitions of tools that the trace kept, as JSON."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    said: str | None
    kept: str | None
    tools: str | None


class LabelledRow(NamedTuple):
    """The same, with whether it is a good one."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    said: str | None
    kept: str | None
    label: str  # t or f


class StepLabelsRow(NamedTuple):
    """A trace with the labels that a reviewer gave its steps, as JSON."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    steps: str
    meta: str
    step_labels: str


class PromptRow(NamedTuple):
    """A prompt as the first trace asks it, and the answer that it wants."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    meta: str
    said: str | None
    reference: str
    attempts: str


class RecordRow(NamedTuple):
    """All that is known of a trace; messages, tags, scores and original are JSON as well."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    external_id: str | None
    messages: str | None
    status: str
    tags: str
    scores: str
    split: str
    original: str | None


class TableRow(NamedTuple):
    """What the table holds."""

    id: str
    trace_version: str
    created_us: str  # microseconds since 1970
    source: str
    external_id: str | None
    prompt: str
    steps: str
    final_answer: str
    split: str
    meta: str
    messages: str | None
    content_hash: str
    prompt_hash: str


class Items:
    """A row a trace."""

    indexed = True
    table = "datasets_datasetitem"  # called `item`
    joined = ""  # SQL of what the columns and the condition need beside

    def refusal(self, dataset: "Dataset") -> str | None:
        return None

    def count(self, scope: Scope) -> int:
        if scope.split is None:
            return scope.dataset.trace_count
        count: int = scope.dataset.stats["split_counts"][scope.split]
        return count

    def left_out(self, scope: Scope) -> dict[str, int]:
        return self._excluded(scope)

    def _excluded(self, scope: Scope) -> dict[str, int]:
        """Count what is left out for what the traces hold."""
        counts = dict.fromkeys(scope.excluded, 0)
        for parts, count in self._counted(scope):
            for reason in scope.excluded & Parts(parts):
                counts[reason] += count
                break
        return {str(reason.name).lower(): count for reason, count in counts.items() if count}

    def _with_rest(self, scope: Scope, reason: str) -> dict[str, int]:
        """Count those as well that the conditions leave out beside, for this reason."""
        left_out = self._excluded(scope)
        conditions, parameters = self._conditions(scope)
        query = f"""
            SELECT NULL, count(*) FROM {self.table} AS item {self.joined}
            WHERE {" AND ".join(conditions)}
        """  # noqa: S608
        shown = counted(scope.dataset.build_id, query, *parameters)[None]
        rest = self.count(scope) - sum(left_out.values()) - shown
        return {**left_out, reason: rest} if rest else left_out

    def _counted(self, scope: Scope) -> Iterator[tuple[int, int]]:
        """Yield what rows hold, and how many do."""
        for split, by_parts in scope.dataset.part_counts.items():
            if scope.split in (None, split):
                yield from ((int(parts), count) for parts, count in by_parts.items())

    def query(self, scope: Scope, columns: Sequence[str], *, after: int) -> tuple[str, list[Any]]:
        chosen, parameters = self._chosen(scope, after)
        query = f"""
            SELECT {", ".join(COLUMNS[name] for name in columns)}
            FROM datasets_datasetitem AS item
            JOIN datasets_dataset AS dataset ON dataset.id = item.dataset_id
            JOIN traces_trace AS trace ON trace.id = item.trace_id
            {self.joined}
            WHERE {chosen}
            ORDER BY item.position
        """  # noqa: S608
        return query, parameters

    def _chosen(self, scope: Scope, after: int) -> tuple[str, list[Any]]:
        """Give the condition on items: what is left out is skipped along an index."""
        conditions, parameters = self._conditions(scope)
        chosen = " AND ".join(conditions)
        if not after:
            return chosen, parameters
        if len(conditions) == 1:  # all items: the position is the number of those before
            return f"{chosen} AND item.position >= %s", [*parameters, after]
        skipped = f"""
            SELECT item.position FROM {self.table} AS item {self.joined} WHERE {chosen}
            ORDER BY item.position OFFSET %s LIMIT 1
        """  # noqa: S608
        return f"{chosen} AND item.position >= ({skipped})", [*parameters * 2, after]

    def _conditions(self, scope: Scope) -> tuple[list[str], list[Any]]:
        conditions = ["item.dataset_id = %s"]
        parameters: list[Any] = [scope.dataset.pk]
        if scope.split is not None:
            conditions.append("item.split = %s")
            parameters.append(scope.split)
        if self._excluded(scope):
            conditions.append("item.parts & %s = 0")
            parameters.append(int(scope.excluded))
        return conditions, parameters


ITEMS = Items()
