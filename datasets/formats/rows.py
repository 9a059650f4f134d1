"""What a kind of rows is: how many of them a dataset has, and how they are read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from datasets.formats.options import Options
from traces.reasoning.turns import Parts

if TYPE_CHECKING:  # this module is read without Django's settings, too
    from datasets.models import Dataset

Columns = tuple[str | None, ...]  # what is read of a row, as text
Render: TypeAlias = Callable[[Iterable[Columns]], Iterator[dict[str, Any]]]


@dataclass(frozen=True)
class Scope:
    """A dataset or one of its splits, without the traces that hold what is excluded."""

    dataset: "Dataset"
    split: str | None
    excluded: Parts
    options: Options


class Rows(Protocol):
    """A kind of rows: how many there are, and the SQL that gives them in order."""

    indexed: bool  # they come along the index of positions, the first at once

    def refusal(self, dataset: "Dataset") -> str | None:
        """Say why a dataset has no such rows at all, where it has none."""

    def count(self, scope: Scope) -> int:
        """Count all rows, those left out too."""

    def left_out(self, scope: Scope) -> dict[str, int]:
        """Count the rows that are left out by reason; one of several counts under the first."""

    def query(self, scope: Scope, columns: Sequence[str], *, after: int) -> tuple[str, list[Any]]:
        """Give the SQL of the columns without the first `after` rows, and its parameters."""
