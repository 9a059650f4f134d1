"""Named reads of traces, and the writing of many at the speed of COPY."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import IntegrityError, connections, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left

from traces.finding import search
from traces.rows import COPY_OPTIONS, TraceRow, copy_text, parameters
from tunix_site.database.statements import Parameter, Statement

if TYPE_CHECKING:
    from traces.models import Trace

PREVIEW_CHARS = 200
ROW_FIELDS = (  # of a list
    "id",
    "created_at",
    "trace_version",
    "source",
    "status",
    "tags",
    "prompt_preview",
    "final_answer_preview",
    "step_count",
)
SENT_AT_ONCE = 50  # traces in a piece of COPY
_STAGE = "incoming_traces"


class TraceQuerySet(models.QuerySet["Trace"]):
    def with_id(self, text: str | UUID) -> Iterator["Trace"]:
        """Find the trace of this id, by SQL compiled once; none where the text is no id at all."""
        try:
            identity = text if isinstance(text, UUID) else UUID(text)
        except ValueError:
            return iter(())
        return _by_id(self.model).instances(self.model, {"id": identity})

    def tagged(self, tag: str) -> Self:
        return self.filter(tags__contains=[tag])

    def with_meta(self, path: Sequence[str], values: Iterable[Any]) -> Self:
        """Keep the traces whose meta holds one of the scalar `values` at `path`."""
        alternatives = Q()
        for value in values:
            nested = value
            for key in reversed(path):
                nested = {key: nested}
            alternatives |= Q(meta__contains=nested)
        return self.filter(alternatives)

    def saying(self, words: str) -> Self:
        """Keep the traces that hold the words, in the syntax of web searches."""
        return self.filter(search_document__document=search.condition(words))

    def scored(self, criteria: str, *, low: float | None = None, high: float | None = None) -> Self:
        """Keep the traces that have a score on `criteria` between the bounds, both included."""
        from traces.models import Score

        scores = Score.objects.filter(trace=OuterRef("pk"), criteria=criteria)
        if low is not None:
            scores = scores.filter(value__gte=low)
        if high is not None:
            scores = scores.filter(value__lte=high)
        return self.filter(Exists(scores))

    def with_external_ids(self, pairs: Iterable[tuple[str, str]]) -> Iterable["Trace"]:
        """Fetch what says which content holds each (source, external_id); texts are deferred."""
        sources, external_ids = zip(*pairs, strict=True)
        query = f"""
            SELECT id, created_at, trace_version, source, external_id, content_hash
            FROM {self.model._meta.db_table}
            JOIN (
                SELECT DISTINCT * FROM unnest(%s::text[], %s::text[]) AS ids (source, external_id)
            ) AS wanted USING (source, external_id)
            WHERE external_id IS NOT NULL
        """  # noqa: S608
        return self.raw(query, [list(sources), list(external_ids)])

    def previews(self) -> models.QuerySet["Trace", Any]:
        """Rows of a list: no large text is read beyond its beginning."""
        rows: models.QuerySet[Trace, Any] = self.annotate(
            prompt_preview=Left("prompt", PREVIEW_CHARS),
            final_answer_preview=Left("final_answer", PREVIEW_CHARS),
        ).values(*ROW_FIELDS)
        return rows

    def bulk_create(  # type: ignore[override]
        self,
        objs: Iterable["Trace"],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        update_conflicts: bool = False,  # noqa: FBT001, FBT002
        update_fields: Sequence[str] | None = None,
        unique_fields: Sequence[str] | None = None,
    ) -> list["Trace"]:
        """Write traces by COPY, in the order given; they may come from a generator.

        With `ignore_conflicts` those whose (source, external_id) is taken are left out, without a
        word about which: ask the database afterwards. Updating is refused, as content never
        changes.
        """
        if update_conflicts or update_fields or unique_fields:
            raise ValueError("Traces are never updated by bulk_create.")
        if batch_size is not None:
            raise ValueError("COPY streams all rows: there is no batch size.")
        traces = list(objs)
        self.insert(traces, ignore_conflicts=ignore_conflicts)
        for trace in traces:
            trace._state.adding = False
            trace._state.db = self.db
        return traces

    def insert_one(self, trace: "Trace") -> bool:
        """Write a trace, unless its (source, external_id) is taken; tell whether it was written.

        By an INSERT, which for one row is quicker than COPY, and that the ORM would compile anew.
        """
        self._for_write = True
        values = parameters(trace)
        places = ", ".join(["%s"] * len(values))
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {self.model._meta.db_table} ({self._columns()}) VALUES ({places}) "  # noqa: S608
                "ON CONFLICT (source, external_id) WHERE external_id IS NOT NULL DO NOTHING",
                values,
            )
            written = bool(cursor.rowcount)
        trace._state.adding = not written
        trace._state.db = self.db
        return written

    def insert(self, rows: "Iterable[TraceRow | Trace]", *, ignore_conflicts: bool = False) -> None:
        """Write rows by COPY, in the order given; a few at a time, made while others are written.

        With `ignore_conflicts` those whose (source, external_id) is taken are left out, without a
        word about which: ask the database afterwards.
        """
        self._for_write = True
        table = self.model._meta.db_table
        with (
            transaction.atomic(using=self.db, savepoint=False),
            connections[self.db].cursor() as cursor,
        ):
            if ignore_conflicts:
                self._copy_apart(cursor, table, rows)
            else:
                self._copy(cursor, table, rows)

    def insert_unless_taken(self, rows: "Iterable[TraceRow]") -> bool:
        """Write rows by COPY, or none where the (source, external_id) of one is taken.

        Give them in the order of that pair, by code point, as `ignore_conflicts` inserts them: two
        batches that share ids in different orders would each wait for what the other holds.
        """
        try:
            with transaction.atomic(using=self.db):
                self.insert(rows)
        except IntegrityError:
            return False
        return True

    def _columns(self) -> str:
        return ", ".join(str(field.column) for field in self.model._meta.concrete_fields)

    def _copy(self, cursor: Any, table: str, rows: "Iterable[TraceRow | Trace]") -> None:
        statement = f"COPY {table} ({self._columns()}) FROM STDIN ({COPY_OPTIONS})"
        waiting = iter(rows)
        with connections[self.db].wrap_database_errors, cursor.copy(statement) as copy:
            while some := list(islice(waiting, SENT_AT_ONCE)):
                copy.write(copy_text(some))

    def _copy_apart(self, cursor: Any, table: str, rows: "Iterable[TraceRow | Trace]") -> None:
        """COPY into a table of this session, then insert in the order of the unique key."""
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGE} (LIKE {table}) "  # noqa: S608
            f"ON COMMIT DELETE ROWS; DELETE FROM {_STAGE}"
        )
        self._copy(cursor, _STAGE, rows)
        columns = self._columns()
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_STAGE} "  # noqa: S608
            'ORDER BY source COLLATE "C", external_id COLLATE "C", id ON CONFLICT DO NOTHING'
        )


@cache
def _by_id(model: type["Trace"]) -> Statement:
    return Statement.of(model.objects.filter(pk=Parameter("id")).order_by())
