"""The traces that are left while a dataset is built, in temporary tables of its transaction.

Each step reads the rows of the one before and stores those that it keeps: a table that is written
at once costs less than to update rows in place, or to flag them, and gives them their order. None
has an index, as steps read them whole, nor is analysed: the planner knows their size by their
pages, and analysing takes as long as storing. All go with the transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import msgspec
from django.db import connection

from tunix_site.database.copy_out import copy_out

OF_TRACES = ("id", "content_hash", "prompt_hash", "parts", "step_count", "total_chars")
# Sorts of a few hundred thousand candidates, and hashes of them, stay in memory.
ROOM_TO_SORT = "SET LOCAL work_mem = '64MB'"
TOLD = ("source", "model", "answer_kind")  # for the statistics of what is left
WORDING = "wording"  # of the prompt, with what the system says, where a step goes by it


class Note(Protocol):
    """Is told of each step that removes traces, with a query for their id, reason and because."""

    def __call__(self, *, step: str, removed: str) -> None: ...


def columns(*, facts: str = "kept.facts") -> str:
    """Give the columns of a candidate, with what else is known of it as `facts`, jsonb."""
    names = (*OF_TRACES, *TOLD, WORDING)
    return ", ".join([*(f"kept.{name}" for name in names), f"{facts} AS facts"])


COLUMNS = columns()


class Sample(NamedTuple):
    """That of more than so many traces that match so many are taken, prompt by prompt."""

    over: int
    keep: int


class MoreMatch(Exception):
    """More traces match than are looked at while somebody waits."""


class Decision(NamedTuple):
    """That a candidate goes, for a reason, or, without one, what was found out about it.

    `because` is the evidence, or the facts, as what JSON is made of.
    """

    key: str
    reason: str | None
    because: dict[str, Any] | None = None


class Pairs(NamedTuple):
    """Pairs of candidates: a table of their positions, how many there are, and why no more."""

    table: str
    number: int
    refused: dict[str, int]


class Candidates:
    """Rows of COLUMNS, and of `position` and `split` once they are selected."""

    def __init__(
        self,
        build: int,
        *,
        one_state: bool = True,
        note: Note | None = None,
        check: Callable[[], None] = lambda: None,
        sample: Sample | None = None,
        most: int | None = None,
        scored_in_memory: int = 0,
    ) -> None:
        """Without `note`, nobody asks which traces a step removes.

        `one_state`: all statements of the transaction see the same one. `check` raises where the
        build has to stop: what takes long asks it now and then. Where more than `most` match, they
        are not looked at: MoreMatch. `scored_in_memory` is how many scores that are missing a step
        may compute for itself.
        """
        self._build = build
        self._tables = 0
        self._stored = ""
        self._one_state = one_state
        self.note = note
        self.check = check
        self.sample = sample
        self.most = most
        self.scored_in_memory = scored_in_memory
        self.computed: dict[str, str] = {}  # tables of scores that were, by criteria
        self.sampled: dict[str, int] | None = None  # how many matched, and were taken
        self.pairs: Pairs | None = None
        self.step = ""  # which is taken
        self.findings: dict[str, Any] = {}  # what steps tell of themselves, for the manifest
        self.rows = ""  # what a query selects from, named `kept`, with `parameters` for it
        self.parameters: list[Any] = []
        self.count = 0

    def in_sample(self, number: int) -> int:
        """Give what so many of all that matches are of what was taken: one at least."""
        if self.sampled is None:
            return number
        return max(1, number * self.sampled["taken"] // self.sampled["matched"])

    def make_room(self) -> None:
        """Let this transaction sort in memory, before the first step."""
        with connection.cursor() as cursor:
            cursor.execute(ROOM_TO_SORT)

    def match(self, query: str, parameters: list[Any], *, keep: int | None = None) -> None:
        """Take what a query gives; unstored where the next step keeps so many of it, no more.

        Where that might see others than were counted here, what is all kept is stored here.
        """
        bound = "" if self.most is None else f" LIMIT {self.most + 1}"
        if keep is None:
            self.store(query + bound, parameters)
        else:
            self.rows, self.parameters = f"({query}) AS kept", parameters
            counted = f"SELECT count(*) FROM (SELECT FROM {self.rows}{bound}) AS counted"  # noqa: S608
            with connection.cursor() as cursor:
                cursor.execute(counted, parameters)
                (self.count,) = cursor.fetchone()
        if self.most is not None and self.count > self.most:
            raise MoreMatch
        if keep is not None and self.count <= keep and not self._one_state:
            self.store(query, parameters)

    def store(self, query: str, parameters: list[Any]) -> None:
        """Take what a query gives, in the order in which it gives them."""
        before, self._stored = self._stored, self._new_table()
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMPORARY TABLE {self._stored} ON COMMIT DROP AS {query}", parameters
            )
            self.count = cursor.rowcount
            if before:
                cursor.execute(f"DROP TABLE {before}")
        self.rows, self.parameters = f"{self._stored} AS kept", []

    def part(self, query: str, parameters: list[Any]) -> dict[str, int]:
        """Store what a query gives, and keep of it what has no `reason`; count the others by it.

        The query gives COLUMNS, `reason` and `because`, jsonb.
        """
        self.store(query, parameters)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT reason, count(*) FROM {self._stored} WHERE reason IS NOT NULL "  # noqa: S608
                "GROUP BY reason ORDER BY reason"
            )
            removed: dict[str, int] = dict(cursor.fetchall())
        if removed:
            gone = f"SELECT id, reason, because FROM {self._stored} WHERE reason IS NOT NULL"  # noqa: S608
            if self.note is not None:
                self.note(step=self.step, removed=gone)
            self.count -= sum(removed.values())
            # IS NULL, of a table that is not analysed, would be taken for one row of 200
            self.rows = f"(SELECT * FROM {self._stored} WHERE num_nulls(reason) > 0) AS kept"  # noqa: S608
        return removed

    @contextmanager
    def read(
        self, selected: str, *, order: str, first_of: str | None = None
    ) -> Iterator[Iterator[tuple[str | None, ...]]]:
        """Stream rows of text: `selected` of `kept`, a candidate, and `trace`, in an order.

        Of candidates with the same `first_of` the one of the least content hash alone is read.
        Nothing else can be asked of the database meanwhile.
        """
        rows = self.rows
        if first_of is not None:
            first = f"SELECT DISTINCT ON ({first_of}) * FROM {rows} ORDER BY {first_of}"  # noqa: S608
            rows = f"({first}, content_hash) AS kept"
        query = f"""
            SELECT {selected} FROM {rows} JOIN traces_trace AS trace ON trace.id = kept.id
            ORDER BY {order}
        """  # noqa: S608
        with copy_out(query, self.parameters) as copy:
            yield copy.rows()

    def decide(self, decisions: Iterable[Decision], *, by: str = "id") -> dict[str, int]:
        """Remove candidates, and keep what was found out about others, by a column of COLUMNS.

        At most one decision a key; a candidate without one stays as it is. Count the removed ones
        by their reason.
        """
        rows = (
            (key, reason, None if because is None else msgspec.json.encode(because).decode())
            for key, reason, because in decisions
        )
        decided = self.table("key uuid PRIMARY KEY, reason text, because jsonb", rows)
        facts = """CASE WHEN decided.reason IS NULL AND decided.because IS NOT NULL
            THEN coalesce(kept.facts, '{}') || decided.because ELSE kept.facts END"""
        return self.part(
            f"""
            SELECT {columns(facts=facts)}, decided.reason, decided.because
            FROM {self.rows} LEFT JOIN {decided} AS decided ON decided.key = kept.{by}
            """,  # noqa: S608
            self.parameters,
        )

    def beside(self, query: str, parameters: list[Any]) -> str:
        """Store what a query gives in a table that the planner knows; give its name."""
        table = self._new_table()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {query}", parameters)
            cursor.execute(f"ANALYZE {table}")
        return table

    def size_of(self, table: str) -> int:
        """Count the rows of a table beside."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            (count,) = cursor.fetchone()
        return int(count)

    def sizes(self, column: str, *, most: int | None = None) -> dict[str, int]:
        """Count the candidates by a column of text, in its order; so many values at most."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {column}, count(*) FROM {self.rows} GROUP BY {column} "  # noqa: S608
                f'ORDER BY {column} COLLATE "C" LIMIT %s',
                [*self.parameters, most],
            )
            return dict(cursor.fetchall())

    def table(self, definition: str, rows: Iterable[Sequence[Any]]) -> str:
        """Store rows in a temporary table that the planner knows; give its name.

        The rows may come from a generator, which must not ask the database.
        """
        table = self._new_table()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ({definition}) ON COMMIT DROP")
            statement = f"COPY {table} FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"ANALYZE {table}")
        return table

    def _new_table(self) -> str:
        self._tables += 1
        return f"candidates_{self._build}_{self._tables}"
