"""Lists that are paged by the ids of their rows, newest first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from tunix_site.database.ids import uuid_in

Row = TypeVar("Row")
ROWS = 50


@dataclass(frozen=True)
class From:
    """Where a page begins: behind a row or, back, before it; without one with the newest."""

    row: Any = None  # its id: a UUID, or a number
    back: bool = False

    @classmethod
    def asked(cls, query: Mapping[str, str], read: Callable[[str], Any] = uuid_in) -> "From":
        """Read `before` (older than a row) or `after` (newer); what is no id is none."""
        for name, back in (("before", False), ("after", True)):
            row = read(query.get(name, ""))
            if row is not None:
                return cls(row, back)
        return cls()


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and which ids the pages beside begin from."""

    rows: Sequence[Row]
    newer: Any = None
    older: Any = None
    starts_at_row: bool = False  # so that others are before it, also where it has none

    @property
    def is_all(self) -> bool:
        return not (self.starts_at_row or self.newer or self.older)


def page_from(found: Any, start: From) -> Page[Any]:
    """Read a page of a query set; one query, whose cost is the same at any depth."""
    return page_of(list(rows_from(found, start)), start, id_of=attrgetter("pk"))


def rows_from(found: Any, start: From) -> Any:
    """Give the rows that `page_of` takes, of a query set."""
    if start.row is not None:
        found = found.filter(**{"pk__gt" if start.back else "pk__lt": start.row})
    return found.order_by("pk" if start.back else "-pk")[: ROWS + 1]


def page_of(rows: list[Row], start: From, *, id_of: Callable[[Row], Any]) -> Page[Row]:
    """Make a page of up to one row more than it has, read in its direction."""
    more, rows = len(rows) > ROWS, rows[:ROWS]
    if start.back:
        rows.reverse()
    first, last = (id_of(rows[0]), id_of(rows[-1])) if rows else (None, None)
    return Page(
        rows=rows,
        newer=first if (more if start.back else start.row) else None,
        older=last if (start.row if start.back else more) else None,
        starts_at_row=start.row is not None,
    )
