"""The filters of traces: one set for the list, for datasets and for the admin."""

import re
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Exists, F, OuterRef
from django.db.models.fields.tuple_lookups import TupleGreaterThanOrEqual, TupleLessThanOrEqual
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from traces import document
from traces.curation.queues import MAX_REASON_CHARS
from traces.finding import search
from traces.finding.curation.held import traces_of_dataset
from traces.finding.curation.reviewed import of_reviews
from traces.models import Score, Status, Trace
from traces.querysets import TraceQuerySet
from traces.reasoning.answers.comparing import OUTCOMES
from tunix_site import strict_json
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    DateTimeField,
    IntegerField,
    NumberField,
    QuerySerializer,
    TextField,
    UUIDField,
)
from tunix_site.api.pagination import PageQuery
from tunix_site.database.names import MAX_KEY_CHARS
from tunix_site.database.statements import Parameter
from tunix_site.strict_json import problems, shown

META_PREFIX = "meta."
MAX_META_DEPTH = 10
MAX_QUERY_CHARS = 1_000
MAX_IDS = 1_000
OF_SCORES = ("min_score", "max_score", "outcome")
# What never changes of a trace.
OF_CONTENT = frozenset(
    {
        *("source", "trace_version", "created_after", "created_before", "min_steps", "max_steps"),
        *("prompt_hash", "content_hash"),
    }
)
ID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
PAGE_PARAMETERS = frozenset(PageQuery().fields)


@extend_schema_field(
    {
        "type": "string",
        "maxLength": 37 * MAX_IDS - 1,
        "pattern": f"^{ID}(,{ID})*$",
        "examples": ["01a20ff4-2aa0-7b3e-8b1a-0d0f5f3c9a11,01a20ff4-2aa0-7b3e-8b1a-0d0f5f3c9a12"],
    }
)
class IdsField(TextField):
    """Ids with a comma between, as text in JSON as well: a filter reads the same everywhere."""

    def to_internal_value(self, data: Any) -> str:
        ids = super().to_internal_value(data).split(",", MAX_IDS)
        if len(ids) > MAX_IDS:
            raise serializers.ValidationError(f"More than {MAX_IDS:,} ids.")
        for position, text in enumerate(ids):
            if not re.fullmatch(ID, text):
                place = f"Number {position + 1:,} is" if len(ids) > 1 else "It is"
                raise serializers.ValidationError(f"{place} no id.")
        return ",".join(ids)


class TraceFilters(QuerySerializer):
    """Filters by name; any number of `meta.KEY` beside them, dots in KEY nest.

    As query parameters they are text; in a dataset's `where` they are typed JSON.
    """

    q = TextField(
        max_length=MAX_QUERY_CHARS,
        required=False,
        help_text='Holds the words; `"a phrase"`, `OR` and `-without` as in a web search.',
    )
    source = TextField(  # type: ignore[assignment]
        max_length=document.MAX_SOURCE_CHARS, allow_blank=True, required=False
    )
    status = ChoiceTextField(choices=Status.choices, required=False)
    tag = TextField(max_length=document.MAX_TAG_CHARS, required=False)
    trace_version = TextField(max_length=document.MAX_VERSION_CHARS, required=False)
    created_after = DateTimeField(required=False, help_text="At or after, ISO 8601.")
    created_before = DateTimeField(required=False, help_text="Before, ISO 8601.")
    min_steps = IntegerField(min_value=0, max_value=document.MAX_STEPS, required=False)
    max_steps = IntegerField(min_value=0, max_value=document.MAX_STEPS, required=False)
    criteria = TextField(max_length=64, required=False, help_text="Has a score on it.")
    min_score = NumberField(required=False, help_text="Needs `criteria`.")
    max_score = NumberField(required=False, help_text="Needs `criteria`.")
    outcome = ChoiceTextField(
        choices=OUTCOMES,
        required=False,
        help_text="Of the score: 1, 0 or none, as it was undecided; needs `criteria`.",
    )
    ids = IdsField(required=False, help_text=f"Has one of these, {MAX_IDS:,} at most.")
    prompt_hash = UUIDField(required=False)
    content_hash = UUIDField(required=False)
    reviewer = TextField(
        max_length=150,
        required=False,
        help_text="Who reviewed it, by the whole name. With the others of reviews, but those that "
        "are false, it means one and the same review, which was not undone.",
    )
    reviewed_after = DateTimeField(required=False, help_text="At or after, ISO 8601.")
    reviewed_before = DateTimeField(required=False, help_text="Before, ISO 8601.")
    reason = TextField(max_length=MAX_REASON_CHARS, required=False, help_text="Of a review.")
    labelled = BooleanField(required=False, help_text="Has a review with step labels, or none.")
    has_note = BooleanField(required=False, help_text="Has a review with a note, or none.")
    reviewed_by_hand = BooleanField(
        required=False,
        help_text="Has a review that was given one by one, or none: what a change of many gave, "
        "or came with the trace, is not.",
    )
    disputed = BooleanField(required=False, help_text="Waits for who decides between reviews.")
    dataset = TextField(max_length=MAX_KEY_CHARS, required=False, help_text="Is in it, by its key.")

    also_known: ClassVar = (f"{META_PREFIX}KEY",)
    openapi: ClassVar = {
        "patternProperties": {"^meta[.].+": {"type": ["string", "number", "boolean", "null"]}},
        "dependentRequired": {name: ["criteria"] for name in OF_SCORES},
    }

    def unknown_keys(self, data: dict[str, Any]) -> list[str]:
        return [key for key in super().unknown_keys(data) if not _is_meta_key(key)]

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values = super().to_internal_value(data)
        meta = {key: value for key, value in data.items() if _is_meta_key(key)}
        errors = {
            shown(key): found for key, value in meta.items() if (found := _meta_errors(key, value))
        }
        if errors:
            raise serializers.ValidationError(errors)
        return {**values, **meta}

    def validate_q(self, text: str) -> str:
        if reason := search.refusal(text):
            raise serializers.ValidationError(reason)
        return text

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        of_scores = [name for name in OF_SCORES if name in attrs]
        if of_scores and "criteria" not in attrs:
            raise serializers.ValidationError({name: ["Needs `criteria`."] for name in of_scores})
        return attrs


class TraceListQuery(TraceFilters, PageQuery):
    """The list's parameters."""


def filters_of(query: dict[str, Any]) -> dict[str, Any]:
    """Keep the filters of a list's parameters."""
    return {name: value for name, value in query.items() if name not in PAGE_PARAMETERS}


def may_match_later(filters: dict[str, Any]) -> bool:
    """Tell whether a trace that does not match now may do so when it is curated or scored."""
    return any(name not in OF_CONTENT and not _is_meta_key(name) for name in filters)


def _is_meta_key(key: str) -> bool:
    return key.startswith(META_PREFIX) and len(key) > len(META_PREFIX)


def _meta_errors(key: str, value: Any) -> list[str]:
    found = [reason for _, reason in problems([key, value])]
    if isinstance(value, dict | list):
        found.append("Not a string, number, boolean or null.")
    if key.count(".") > MAX_META_DEPTH:
        found.append(f"Nests deeper than {MAX_META_DEPTH} keys.")
    return found


def matching(filters: dict[str, Any], traces: TraceQuerySet | None = None) -> TraceQuerySet:
    """Apply validated filters; parameters of the page are passed over."""
    traces = Trace.objects.all() if traces is None else traces
    for name, value in filters.items():
        if name.startswith(META_PREFIX):
            path = name.removeprefix(META_PREFIX).split(".")
            traces = traces.with_meta(path, _readings(value))
        elif name == "q":
            traces = traces.saying(value)
        elif name == "ids":
            traces = traces.filter(pk__in=value.split(","))
        elif name == "dataset":
            traces = traces.filter(pk__in=traces_of_dataset(value))
        elif name == "tag":
            traces = traces.tagged(value)
        elif name in _LOOKUPS:
            traces = traces.filter(**{_LOOKUPS[name]: value})
    if "criteria" in filters:
        traces = traces.filter(_has_a_score(filters))
    return traces.filter(*of_reviews(filters))


def _has_a_score(filters: dict[str, Any]) -> Exists:
    """Tell a trace that has a score on `criteria` between the bounds, both included.

    An undecided one is between none.
    """
    scores = Score.objects.filter(trace=OuterRef("pk"), criteria=filters["criteria"])
    if "min_score" in filters:
        scores = scores.filter(value__gte=filters["min_score"])
    if "max_score" in filters:
        scores = scores.filter(value__lte=filters["max_score"])
    if "outcome" in filters:
        scores = scores.with_outcome(filters["outcome"])
    return Exists(scores)


def newest_first(filters: dict[str, Any]) -> TraceQuerySet:
    """Give what `matching` gives, newest first, by the index of a column that is filtered on.

    The column is compared as a range: after an equality, the planner drops it from the order and
    walks from the newest trace on, past all that have another value.
    """
    column = indexed_column(filters)
    if column is None:
        return matching(filters).order_by("-pk")
    within = {f"{column}__gte": filters[column], f"{column}__lte": filters[column]}
    return _without(filters, column).filter(**within).order_by(f"-{column}", "-pk")


def until(filters: dict[str, Any], column: str, identity: UUID | Parameter) -> TraceQuerySet:
    """Give what `newest_first` gives from a trace on, by an index that is entered right there.

    That trace is given, too: past it, the planner would expect no row of the least of all values.
    """
    there = TupleLessThanOrEqual((F(column), F("pk")), (filters[column], identity))
    within = {f"{column}__gte": filters[column]}
    return _without(filters, column).filter(there, **within).order_by(f"-{column}", "-pk")


def since(filters: dict[str, Any], column: str, identity: UUID | Parameter) -> TraceQuerySet:
    """Give what `newest_first` gives up to a trace, backwards from it, as `until` does."""
    there = TupleGreaterThanOrEqual((F(column), F("pk")), (filters[column], identity))
    within = {f"{column}__lte": filters[column]}
    return _without(filters, column).filter(there, **within).order_by(column, "pk")


def indexed_column(filters: dict[str, Any]) -> str | None:
    """Name a column that is filtered on and has an index with the id behind it."""
    return next((name for name in ("source", "status") if name in filters), None)


def _without(filters: dict[str, Any], column: str) -> TraceQuerySet:
    return matching({name: value for name, value in filters.items() if name != column})


def _readings(value: Any) -> list[Any]:
    """Read text as itself and as the JSON scalar that it spells, other scalars as themselves."""
    if not isinstance(value, str):
        return [value]
    try:
        spelled = strict_json.loads(value.encode())
    except strict_json.InvalidJSON:
        return [value]
    return [value, spelled] if spelled is None or isinstance(spelled, int | float) else [value]


_LOOKUPS = {
    "source": "source",
    "status": "status",
    "trace_version": "trace_version",
    "created_after": "created_at__gte",
    "created_before": "created_at__lt",
    "min_steps": "step_count__gte",
    "max_steps": "step_count__lte",
    "prompt_hash": "prompt_hash",
    "content_hash": "content_hash",
}
