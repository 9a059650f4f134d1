"""What is exported: a dataset or a split of it in a format, and what is known of it beforehand."""

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from datasets.compression import IDENTITY, Encoding
from datasets.export.reading import copied
from datasets.formats.containers import LINES, Container
from datasets.formats.format import Format
from datasets.formats.options import Metadata, Neutral, Options, Tools
from datasets.formats.rows import Columns, Scope
from datasets.models import Dataset
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought
from tunix_site.errors import Conflict, Invalid


@dataclass(frozen=True, kw_only=True)
class Export:
    """A dataset, or one of its splits, in a format, without the first `after` rows.

    Invalid where there is no such split, there are not so many rows, or the format knows no such
    choice.
    """

    dataset: Dataset
    fmt: Format
    container: Container = LINES
    split: str | None = None
    after: int = 0
    encoding: Encoding = IDENTITY
    metadata: str | None = None  # the first of those that there are
    include_truncated: bool | None = None  # not
    thought: str | None = None  # as the format has it first
    neutral: str | None = None
    conversational: bool | None = None  # not
    tools: str | None = None  # left out

    def __post_init__(self) -> None:
        if self.container not in self.fmt.containers:
            raise Invalid({"format": [f"There are no {self.container.name} of {self.fmt.name}."]})
        if self.metadata is not None and self.metadata not in self.known_metadata:
            known = " or ".join(self.known_metadata)
            raise Invalid({"metadata": [f"Those of {self.fmt.name} come as {known}."]})
        self._check("thought", self.thought, self.fmt.thoughts, "writes no thought apart")
        self._check("neutral", self.neutral, self.fmt.neutrals, "has no labels of steps")
        self._check("tools", self.tools, self.fmt.tools, "has no messages with calls of tools")
        if self.conversational is not None and not self.fmt.conversational:
            raise Invalid({"conversational": [f"{self.fmt.name} comes in one way alone."]})
        if self.include_truncated is not None and Parts.TRUNCATED not in self.fmt.leaves_out:
            refusal = f"{self.fmt.name} leaves none out."
            raise Invalid({"include_truncated": [refusal]})
        if self.split is not None and self.split not in self.dataset.splits:
            known = ", ".join(sorted(self.dataset.splits)) or "none"
            raise Invalid({"split": [f"Unknown split; this dataset's: {known}."]})
        if self.after and not self.container.divisible:
            raise Invalid({"after": [f"A {self.container.suffix} file is read whole."]})
        if none := self.fmt.rows.refusal(self.dataset):
            raise Conflict(none)
        if self.after and self.after > self.row_count:  # else nothing is counted yet
            raise Invalid(
                {"after": [f"There are {self.row_count} rows: `after` is 0 to {self.row_count}."]}
            )

    def _check(self, name: str, chosen: str | None, known: Sequence[str], without: str) -> None:
        """Refuse a choice that the format does not have."""
        if chosen is not None and chosen not in known:
            has = f"has {', '.join(known)}" if known else without
            raise Invalid({name: [f"{self.fmt.name} {has}."]})

    @property
    def known_metadata(self) -> list[Metadata]:
        return [one for one in self.fmt.metadata if one in self.container.metadata]

    @property
    def row_count(self) -> int:
        """Count the rows of the whole, those before `after` too."""
        return self.fmt.rows.count(self.scope) - sum(self.left_out.values())

    @cached_property
    def left_out(self) -> dict[str, int]:
        """Count the rows that are left out by reason."""
        return self.fmt.rows.left_out(self.scope)

    @property
    def scope(self) -> Scope:
        options = self.options
        return Scope(self.dataset, self.split, self.fmt.excluded(options), options)

    @property
    def options(self) -> Options:
        return Options(
            metadata=Metadata(self.metadata or self.known_metadata[0]),
            include_truncated=bool(self.include_truncated),
            thought=Thought(self.thought or next(iter(self.fmt.thoughts), Thought.NONE)),
            neutral=Neutral(self.neutral or next(iter(self.fmt.neutrals), Neutral.TRUE)),
            conversational=bool(self.conversational),
            tools=Tools(self.tools or Tools.LEAVE_OUT),
        )

    @property
    def file_name(self) -> str:
        kind = [self.fmt.name] if len(self.fmt.containers) > 1 else []
        named = [self.dataset.key, self.split, *kind, self.container.suffix]
        return ".".join(filter(None, named))

    @property
    def expected_bytes(self) -> float:
        """Estimate the size: of lines at least their texts; compressed, a sixteenth of them."""
        plain = self.encoding is IDENTITY and self.container.divisible
        chars: float = self.row_count * self.dataset.stats["avg_total_chars"]
        return chars if plain else chars / 16

    @property
    def etag(self) -> str | None:
        """Name the bytes, where they never change."""
        if not self.fmt.lasting:
            return None
        named = (
            f"{self.dataset.build_id} {self.fmt.bytes_version(self.container)} {self.options} "
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
        fmt, options = self.fmt, self.options
        expected = self.row_count - self.after
        with closing(copied(*self.query(), expected, indexed=fmt.rows.indexed)) as rows:
            yield from self.encoding.encoded(
                self.container.pieces(
                    watched(rows),
                    fmt.rendering(options),
                    fmt.schema_for(options),
                    about,
                )
            )

    def first(self, number: int) -> list[str]:
        """Give the first rows as their lines say them; formats of prompts read all items for it.

        They are not counted: of a dataset that is deleted meanwhile there are fewer.
        """
        query, parameters = self.query()
        limited = copied(f"{query} LIMIT {number}", parameters, indexed=self.fmt.rows.indexed)
        options = self.options
        with closing(limited) as rows:
            lines = LINES.pieces(
                rows, self.fmt.rendering(options), self.fmt.schema_for(options), {}
            )
            return b"".join(lines).decode().split("\n")[:-1]

    def query(self) -> tuple[str, list[Any]]:
        """Give the SQL of the rows, and its parameters."""
        columns = self.fmt.row_for(self.options)._fields
        return self.fmt.rows.query(self.scope, columns, after=self.after)


def told(left_out: dict[str, int]) -> str:
    """Say how many traces a format leaves out, and why: `12; several_turns=9, truncated=3`."""
    reasons = ", ".join(f"{reason}={count}" for reason, count in left_out.items())
    return f"{sum(left_out.values())}; {reasons}" if left_out else ""
