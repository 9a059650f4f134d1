"""The traces that are left while a dataset is built, in temporary tables of its transaction.

Each step reads the rows of the one before and stores those that it keeps: a table that is written
at once costs less than to update rows in place, or to flag them, and gives them their order. None
has an index, as steps read them whole, nor is analysed: the planner knows their size by their
pages, and analysing takes as long as storing. All go with the transaction.
"""

from typing import Any

from django.db import connection

OF_TRACES = ("id", "content_hash", "prompt_hash", "parts", "step_count", "total_chars")
COLUMNS = ", ".join(OF_TRACES)


class Candidates:
    """Rows of COLUMNS, and of `position` and `split` once they are selected."""

    def __init__(self, build: int, *, one_state: bool = True) -> None:
        """`one_state`: all statements of the transaction see the same one."""
        self._build = build
        self._table = 0
        self._one_state = one_state
        self.rows = ""  # what a query selects from, with `parameters` for it
        self.parameters: list[Any] = []
        self.count = 0

    def find(self, query: str, parameters: list[Any], *, keep: int) -> None:
        """Take what a query gives, unstored, since the next step keeps no more than so many.

        Where that might see others than were counted here, what is all kept is stored here.
        """
        self.rows, self.parameters = f"({query}) AS found", parameters
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.rows}", parameters)  # noqa: S608
            (self.count,) = cursor.fetchone()
        if self.count <= keep and not self._one_state:
            self.store(query, parameters)

    def store(self, query: str, parameters: list[Any]) -> None:
        """Take what a query gives, in the order in which it gives them."""
        stored, self._table = self._table, self._table + 1
        table = f"candidates_{self._build}_{self._table}"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {query}", parameters)
            self.count = cursor.rowcount
            if stored:
                cursor.execute(f"DROP TABLE {self.rows}")
        self.rows, self.parameters = table, []
