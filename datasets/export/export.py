"""What is exported: a dataset or a split of it in a format, and what is known of it beforehand."""

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from datasets.compression import IDENTITY, Encoding
from datasets.export.reading import copied
from datasets.formats.format import Format
from datasets.formats.options import Metadata, Options
from datasets.formats.rows import Columns
from datasets.models import Dataset
from traces.reasoning.turns import Parts
from tunix_site.errors import Invalid

TIMESTAMP = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
SCORES = f"""(
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'criteria', criteria, 'scorer_version', scorer_version, 'value', value,
        'details', details, 'created_at', {TIMESTAMP.format("score.created_at")}
    ) ORDER BY criteria, scorer_version), '[]')
    FROM traces_score AS score WHERE score.trace_id = trace.id
)"""  # noqa: S608
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
    # most rows need none, and reading them takes the time
    "turns": f"CASE WHEN item.parts & {int(Parts.SEVERAL_TURNS)} <> 0 THEN trace.messages END",
    "status": "trace.status",
    "scores": SCORES,
    "split": "item.split",
    "created_us": "(extract(epoch FROM trace.created_at) * 1000000)::bigint",
    "source": "trace.source",
    "content_hash": "trace.content_hash",
    "prompt_hash": "trace.prompt_hash",
}


@dataclass(frozen=True, kw_only=True)
class Export:
    """A dataset, or one of its splits, in a format, without the first `after` rows.

    Invalid where there is no such split, there are not so many rows, or the format knows no such
    choice.
    """

    dataset: Dataset
    fmt: Format
    split: str | None = None
    after: int = 0
    encoding: Encoding = IDENTITY
    metadata: str | None = None  # the format's default
    include_truncated: bool | None = None  # not

    def __post_init__(self) -> None:
        if self.metadata is not None and self.metadata not in self.fmt.metadata:
            known = " or ".join(self.fmt.metadata)
            raise Invalid({"metadata": [f"Those of {self.fmt.name} come as {known}."]})
        if self.include_truncated is not None and Parts.TRUNCATED not in self.fmt.leaves_out:
            refusal = f"{self.fmt.name} leaves none out."
            raise Invalid({"include_truncated": [refusal]})
        if self.split is not None and self.split not in self.dataset.splits:
            known = ", ".join(sorted(self.dataset.splits)) or "none"
            raise Invalid({"split": [f"Unknown split; this dataset's: {known}."]})
        if self.after and not self.fmt.container.divisible:
            raise Invalid({"after": [f"A {self.fmt.name} file is read whole."]})
        if self.after > self.row_count:
            raise Invalid(
                {"after": [f"There are {self.row_count} rows: `after` is 0 to {self.row_count}."]}
            )

    @property
    def row_count(self) -> int:
        """Count the rows of the whole, those before `after` too."""
        items: int = (
            self.dataset.trace_count
            if self.split is None
            else self.dataset.stats["split_counts"][self.split]
        )
        return items - sum(self.left_out.values())

    @property
    def excluded(self) -> Parts:
        """Name the parts whose traces are left out."""
        included = Parts.TRUNCATED if self.include_truncated else Parts(0)
        return self.fmt.leaves_out & ~included

    @cached_property
    def left_out(self) -> dict[str, int]:
        """Count the traces that are left out by reason; one of several counts under the first."""
        counts = dict.fromkeys(self.excluded, 0)
        for split, by_parts in self.dataset.part_counts.items():
            if self.split in (None, split):
                for parts, count in by_parts.items():
                    for reason in self.excluded & Parts(int(parts)):
                        counts[reason] += count
                        break
        return {str(reason.name).lower(): count for reason, count in counts.items() if count}

    @property
    def options(self) -> Options:
        return Options(
            metadata=Metadata(self.metadata or self.fmt.metadata[0]),
            include_truncated=bool(self.include_truncated),
        )

    @property
    def file_name(self) -> str:
        kind = dict.fromkeys([self.fmt.name, self.fmt.container.suffix])  # Parquet's are the same
        return ".".join(filter(None, [self.dataset.key, self.split, *kind]))

    @property
    def expected_bytes(self) -> float:
        """Estimate the size: of lines at least their texts; compressed, a sixteenth of them."""
        plain = self.encoding is IDENTITY and self.fmt.container.divisible
        chars: float = self.row_count * self.dataset.stats["avg_total_chars"]
        return chars if plain else chars / 16

    @property
    def etag(self) -> str | None:
        """Name the bytes, where they never change."""
        if not self.fmt.lasting:
            return None
        named = (
            f"{self.dataset.build_id} {self.fmt.bytes_version()} {self.options} "
            f"{self.split or ''} {self.encoding.version} {self.after}"
        )
        return f'"{hashlib.sha256(named.encode()).hexdigest()[:32]}"'

    def pieces(
        self, watched: Callable[[Iterator[Columns]], Iterator[Columns]] = iter
    ) -> Generator[bytes]:
        """Yield the bytes; the rows that they are made of go through `watched`."""
        about = {
            "dataset_key": self.dataset.key,
            "content_digest": self.dataset.content_digest,
            "split": self.split or "",
            "format_version": str(self.fmt.version),
        }
        with closing(copied(*self.query(), self.row_count - self.after)) as rows:
            yield from self.encoding.encoded(self.fmt.pieces(self.options, watched(rows), about))

    def query(self) -> tuple[str, list[Any]]:
        """Give the SQL of the rows, and its parameters."""
        columns = ", ".join(COLUMNS[name] for name in self.fmt.row._fields)
        chosen, parameters = self._chosen()
        query = f"""
            SELECT {columns}
            FROM datasets_datasetitem AS item
            JOIN datasets_dataset AS dataset ON dataset.id = item.dataset_id
            JOIN traces_trace AS trace ON trace.id = item.trace_id
            WHERE {chosen}
            ORDER BY item.position
        """  # noqa: S608
        return query, parameters

    def _chosen(self) -> tuple[str, list[Any]]:
        """Give the condition on items: what is left out is skipped along an index."""
        chosen = "item.dataset_id = %s"
        parameters: list[Any] = [self.dataset.pk]
        if self.split is not None:
            chosen, parameters = f"{chosen} AND item.split = %s", [*parameters, self.split]
        if self.left_out:
            excluded = int(self.excluded)
            chosen, parameters = f"{chosen} AND item.parts & %s = 0", [*parameters, excluded]
        if not self.after:
            return chosen, parameters
        if chosen == "item.dataset_id = %s":
            return f"{chosen} AND item.position >= %s", [*parameters, self.after]
        skipped = f"""
            SELECT position FROM datasets_datasetitem AS item WHERE {chosen}
            ORDER BY position OFFSET %s LIMIT 1
        """  # noqa: S608
        return f"{chosen} AND item.position >= ({skipped})", [*parameters * 2, self.after]


def told(left_out: dict[str, int]) -> str:
    """Say how many traces a format leaves out, and why: `12; several_turns=9, truncated=3`."""
    reasons = ", ".join(f"{reason}={count}" for reason, count in left_out.items())
    return f"{sum(left_out.values())}; {reasons}" if left_out else ""
