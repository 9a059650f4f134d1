"""Named reads of traces; what writes many of them stands below."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left

from traces.copy_in import CopyInQuerySet
from traces.finding import search
from traces.scorers.scorer import RIGHT, UNDECIDED, WRONG
from tunix_site.database.ids import uuid_in
from tunix_site.database.statements import Parameter, Statement

if TYPE_CHECKING:
    from traces.models import Review, Score, Trace  # noqa: F401  # base classes name them by text

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


OUTCOMES = {  # by the value, for which there is an index
    RIGHT: Q(value=1),
    WRONG: Q(value=0),
    UNDECIDED: Q(value__isnull=True),
}


IMPORTED = "imported"  # the note of a review that came with its trace
# Of no job, no undoing, and not come with its trace.
BY_HAND = Q(job=None, undoes=None) & ~Q(note=IMPORTED)


class ReviewQuerySet(models.QuerySet["Review"]):
    def standing(self) -> Self:
        """Keep those that undo none and are not undone."""
        undoing = self.model._base_manager.filter(undoes=OuterRef("pk"))
        return self.filter(~Exists(undoing), undoes=None)

    def by_hand(self) -> Self:
        """Keep those that people gave one by one; they have an index of their own."""
        return self.filter(BY_HAND)


class ScoreQuerySet(models.QuerySet["Score"]):
    def with_outcome(self, outcome: str) -> Self:
        return self.filter(OUTCOMES[outcome])


class TraceQuerySet(CopyInQuerySet):
    def with_id(self, text: str | UUID) -> Iterator["Trace"]:
        """Find the trace of this id, by SQL compiled once; none where the text is no id at all."""
        identity = text if isinstance(text, UUID) else uuid_in(text)
        if identity is None:
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


@cache
def _by_id(model: type["Trace"]) -> Statement:
    return Statement.of(model.objects.filter(pk=Parameter("id")).order_by())
