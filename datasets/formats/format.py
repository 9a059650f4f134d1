"""What a format is: rows of a kind, what it makes of one, and the files that they go into."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from datasets.formats.containers import LINES, PARQUET, Container
from datasets.formats.items import ITEMS, Row, ToolsRow
from datasets.formats.options import Metadata, Neutral, Options, Tools
from datasets.formats.rows import Render, Rows
from datasets.formats.schema import Schema
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought

NOTHING = Parts(0)
METADATA = "metadata"  # the key that `metadata=none` leaves out


@dataclass(frozen=True, kw_only=True)
class Format:
    """A pure function from a row to an object with fixed keys and types, for several containers.

    Its bytes never change within its version. `lasting` ones show content alone, so that their
    bytes can be named by an ETag; what curation may change cannot be.
    """

    name: str
    version: int
    rows: Rows = ITEMS
    row: Any = Row  # a named tuple of what is read of each
    render: Callable[[Any, Options], dict[str, Any]]
    schema: Schema | Callable[[Options], Schema]  # of what it gives with its metadata as text
    containers: tuple[Container, ...] = (LINES, PARQUET)
    metadata: tuple[Metadata, ...]  # those that there are, the default first
    thoughts: tuple[Thought, ...] = ()  # the same
    neutrals: tuple[Neutral, ...] = ()
    conversational: bool = False  # whether it may come as messages, of several turns as well
    tools: tuple[Tools, ...] = ()
    leaves_out: Parts = NOTHING  # traces that hold one of these, which it cannot say
    lasting: bool = True

    def row_for(self, options: Options) -> Any:
        """Give the named tuple of what is read of each row."""
        return ToolsRow if options.tools is Tools.RENDER else self.row

    def rendering(self, options: Options) -> Render:
        """Give the function from rows to what they are rendered as, in loops of C."""
        make, render = self.row_for(options)._make, self.render
        return lambda rows: map(render, map(make, rows), repeat(options))

    def excluded(self, options: Options) -> Parts:
        """Give what it leaves out of what traces hold."""
        told = Parts.SEVERAL_TURNS if options.conversational else NOTHING
        called = Parts.TOOLS if options.tools is Tools.RENDER else NOTHING
        kept = Parts.TRUNCATED if options.include_truncated else NOTHING
        return self.leaves_out & ~told & ~called & ~kept

    def schema_for(self, options: Options) -> Schema:
        schema = self.schema(options) if callable(self.schema) else self.schema
        without = METADATA if options.metadata is Metadata.NONE else ""
        return {name: kind for name, kind in schema.items() if name != without}

    def bytes_version(self, container: Container) -> str:
        """Name all that the bytes depend on beside the rows."""
        return " ".join(filter(None, [self.name, str(self.version), container.writer()]))
