"""What a format is: the columns it takes, what it makes of a row, and what file that goes into."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from datasets.compression import Encoding
from datasets.formats.options import Metadata, Options
from datasets.formats.rows import Columns, Row
from traces.reasoning.turns import Parts

NOTHING = Parts(0)


class Container(Protocol):
    """A kind of file; parts of a `divisible` one, joined, are the whole."""

    media_type: str
    suffix: str
    encodings: tuple[Encoding, ...]
    divisible: bool

    def pieces(
        self, fmt: "Format", options: Options, rows: Iterable[Columns], about: dict[str, str]
    ) -> Iterator[bytes]:
        """Yield the bytes of rows; `about` says of which dataset they are."""

    def writer(self) -> str:
        """Name the program that the bytes depend on; empty where it is this one."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A pure function from a row to an object with fixed keys, in a container.

    Its bytes never change within its version. `lasting` ones show content alone, so that their
    bytes can be named by an ETag; what curation may change cannot be.
    """

    name: str
    version: int
    container: Container
    row: Any = Row  # a named tuple
    # none: the columns are the object
    render: Callable[[Any, Options], dict[str, Any]] | None = None
    metadata: tuple[Metadata, ...]  # those that there are, the default first
    leaves_out: Parts = NOTHING  # traces that hold one of these, which it cannot say
    lasting: bool = True

    def pieces(
        self, options: Options, rows: Iterable[Columns], about: dict[str, str]
    ) -> Iterator[bytes]:
        return self.container.pieces(self, options, rows, about)

    def bytes_version(self) -> str:
        """Name all that the bytes depend on beside the rows."""
        return " ".join(filter(None, [self.name, str(self.version), self.container.writer()]))
