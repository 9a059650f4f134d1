"""Bodies in and out of the trace routes."""

from itertools import islice
from typing import Any, ClassVar

import msgspec
from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.serializers import as_serializer_error

from traces import document
from traces.document import TraceDocument
from traces.finding import search
from traces.finding.filters import TraceFilters
from traces.models import Score, Status, Trace
from traces.querysets import ROW_FIELDS
from traces.readers.columns import CONTEXTS, PROMPTS, REPLIES
from traces.readers.formats import AUTO, FORMATS
from traces.readers.mapping import MAX_CHARS as MAX_MAP_CHARS
from traces.readers.mapping import TARGETS, BadMapping, parse
from traces.readers.thought_columns import THOUGHTS
from traces.scoring import SCORERS
from traces.services.bulk import BulkChange
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    IntegerField,
    ListField,
    NumberField,
    ObjectField,
    QuerySerializer,
    StrictMixin,
    StrictSerializer,
    TextField,
    UUIDField,
)
from tunix_site.strict_json import problems

OTHER_NAMES = frozenset([*PROMPTS, *CONTEXTS, *REPLIES, *THOUGHTS, "conversations"])
CONTAINERS = ("json", "jsonl", "ndjson", "csv", "tsv", "parquet", "gzip", "zstd")
MAX_ITEM_ERRORS = 20  # of one list, or of one item in it


class StepSerializer(StrictSerializer):
    default_error_messages = {
        "invalid": 'Not an object: a step is {{"i": 0, "type": "reasoning", "content": "..."}}.'
    }

    i = IntegerField(min_value=0, max_value=document.MAX_STEP_INDEX)
    type = TextField(max_length=document.MAX_STEP_TYPE_CHARS)
    content = TextField(max_length=document.MAX_STEP_CHARS)


@extend_schema_field(
    serializers.ListField(child=StepSerializer(), min_length=1, max_length=document.MAX_STEPS)
)
class StepsField(StrictMixin, serializers.Field):  # type: ignore[type-arg]
    """Steps in any order, each `i` once; errors by position in the list."""

    default_error_messages = {
        "not_a_list": "Not a list.",
        "empty": "Give at least one step.",
        "too_many": f"More than {document.MAX_STEPS} steps.",
    }

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if not data:
            self.fail("empty")
        if len(data) > document.MAX_STEPS:
            self.fail("too_many")
        errors: dict[str, Any] = {}
        steps: list[dict[str, Any]] = []
        seen: set[int] = set()
        serializer = StepSerializer()  # one for all: its fields take longer to make than to run
        for position, item in enumerate(data):
            if len(errors) == MAX_ITEM_ERRORS:
                break  # enough to go on with; a hostile body must not earn a huge answer
            try:
                step = serializer.run_validation(item)
            except serializers.ValidationError as error:
                errors[str(position)] = as_serializer_error(error)
                continue
            steps.append(step)
            if step["i"] in seen:
                errors[str(position)] = {"i": ["Another step has this i."]}
            seen.add(step["i"])
        if errors:
            raise serializers.ValidationError(errors)
        return steps


@extend_schema_field(
    {
        "type": "object",
        "properties": {"source": {"type": "string", "maxLength": document.MAX_SOURCE_CHARS}},
        "additionalProperties": {},
    }
)
class MetaField(ObjectField):
    """A free object; null is stored as an empty one; `source` is text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        meta = super().to_internal_value(data)
        source = meta.get("source", "")
        if not isinstance(source, str) or len(source) > document.MAX_SOURCE_CHARS:
            raise serializers.ValidationError(
                [f"source: Not a string of at most {document.MAX_SOURCE_CHARS} characters."]
            )
        return meta


class TagField(TextField):
    def __init__(self) -> None:
        super().__init__(max_length=document.MAX_TAG_CHARS)


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["role", "content"],
            "properties": {"role": {"type": "string"}, "content": {}},
            "additionalProperties": True,
        },
    }
)
class MessagesField(StrictMixin, serializers.Field):  # type: ignore[type-arg]
    """The conversation a trace came from: objects with a role and a content, kept as sent."""

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            raise serializers.ValidationError("Not a list.")
        errors: dict[str, Any] = {}
        for position, message in enumerate(data):
            if len(errors) == MAX_ITEM_ERRORS:
                break
            some = islice(problems(message, depth=2), MAX_ITEM_ERRORS)
            found = [f"{path.lstrip('.')}: {reason}" for path, reason in some]
            if not is_message(message):
                found.append("Not an object with a string `role` and a `content`.")
            if found:
                errors[str(position)] = found
        if errors:
            raise serializers.ValidationError(errors)
        return data


def is_message(message: Any) -> bool:
    return (
        isinstance(message, dict) and isinstance(message.get("role"), str) and "content" in message
    )


class TraceSerializer(StrictSerializer):
    """A ReasoningTrace, field by field: for one trace, and to explain what a batch was refused."""

    trace_version = TextField(max_length=document.MAX_VERSION_CHARS)
    prompt = TextField(max_length=document.MAX_PROMPT_CHARS)
    final_answer = TextField(max_length=document.MAX_ANSWER_CHARS, allow_blank=True)
    steps = StepsField()
    meta = MetaField(required=False)
    external_id = TextField(max_length=document.MAX_EXTERNAL_ID_CHARS, required=False)
    tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)
    messages = MessagesField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        size = len(msgspec.json.encode(attrs))
        if size > settings.MAX_TRACE_BYTES:
            raise serializers.ValidationError(
                f"Takes {size:,} bytes as JSON; the limit is {settings.MAX_TRACE_BYTES:,}."
            )
        return attrs

    def refusal_of(self, key: str) -> str:
        if key == "source":
            return "Unknown field. It goes into `meta.source`."
        said = super().refusal_of(key)
        if key in OTHER_NAMES:
            said += " Records of other names go to POST /api/traces/import."
        return said

    def to_document(self) -> TraceDocument:
        return TraceDocument(**self.validated_data)


class StepOutSerializer(serializers.Serializer):  # type: ignore[type-arg]
    i = serializers.IntegerField()
    type = serializers.CharField()
    content = serializers.CharField()


class PayloadSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trace_version = serializers.CharField()
    prompt = serializers.CharField()
    final_answer = serializers.CharField(allow_blank=True)
    steps = StepOutSerializer(many=True)
    meta = serializers.DictField()
    messages = serializers.ListField(child=serializers.DictField(), required=False)

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        """Give the document as it is: field by field, step by step, would cost most of a POST."""
        return instance


class ScoreSerializer(serializers.ModelSerializer[Score]):
    trace = serializers.UUIDField(source="trace_id")
    details = serializers.DictField()

    class Meta:
        model = Score
        fields = ["trace", "criteria", "scorer_version", "value", "details", "created_at"]
        read_only_fields = fields


class TraceDetailSerializer(serializers.ModelSerializer[Trace]):
    tags = serializers.ListField(child=serializers.CharField())
    payload = PayloadSerializer()
    scores = ScoreSerializer(many=True)

    class Meta:
        model = Trace
        fields = [
            "id",
            "created_at",
            "trace_version",
            "source",
            "external_id",
            "status",
            "tags",
            "content_hash",
            "prompt_hash",
            "step_count",
            "payload",
            "scores",
        ]
        read_only_fields = fields


def new_trace(trace: Trace) -> dict[str, Any]:
    """Show a trace that was just made, as TraceDetailSerializer does at twenty times the cost.

    Nobody has scored it, which needs no query.
    """
    fields = {name: getattr(trace, name) for name in TraceDetailSerializer.Meta.fields[:-1]}
    return {**fields, "scores": []}


class TraceRowSerializer(serializers.ModelSerializer[Trace]):
    prompt_preview = serializers.CharField()
    final_answer_preview = serializers.CharField(allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField())
    rank = serializers.FloatField(required=False, help_text="Only with `q`; the best first.")
    excerpt = serializers.CharField(
        required=False,
        help_text="Only with `q`: safe HTML, escaped, with `<mark>` around the words. Cut from the "
        f"first {search.EXCERPT_SOURCE_CHARS:,} characters of prompt, answer and steps.",
    )

    class Meta:
        model = Trace
        fields = (*ROW_FIELDS, "rank", "excerpt")
        read_only_fields = fields


class CurationSerializer(StrictSerializer):
    """What of a trace may change."""

    status = ChoiceTextField(choices=Status.choices, required=False)
    tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)

    def refusal_of(self, key: str) -> str:
        if key in TraceDocument.__struct_fields__:
            return (
                "The content of a trace never changes: POST a new one whose `meta.revision_of` is "
                "the id of this one. What may change: status, tags."
            )
        return super().refusal_of(key)


class BatchQuery(QuerySerializer):
    on_error = ChoiceTextField(
        choices=["abort", "skip"],
        required=False,
        default="abort",
        help_text="`skip` stores the good ones and reports the rest.",
    )


class BulkSetSerializer(StrictSerializer):
    """What becomes of the traces: at least one of the three."""

    openapi: ClassVar = {  # below `allOf`: of generated clients some take it for a choice of types
        "allOf": [
            {
                "anyOf": [
                    {"required": ["status"]},
                    *(
                        {"required": [name], "properties": {name: {"minItems": 1}}}
                        for name in ("add_tags", "remove_tags")
                    ),
                ]
            }
        ]
    }

    status = ChoiceTextField(choices=Status.choices, required=False)
    add_tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)
    remove_tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(attrs.values()):
            raise serializers.ValidationError("Give a status, add_tags or remove_tags.")
        both = set(attrs.get("add_tags", ())) & set(attrs.get("remove_tags", ()))
        if both:
            raise serializers.ValidationError({"add_tags": [f"Removed as well: {min(both)}."]})
        return attrs


class BulkSerializer(StrictSerializer):
    """A change of all traces that match a filter."""

    where = TraceFilters(help_text="The list's filters; {} is every trace.")
    set = BulkSetSerializer()
    expected_count = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text="Refused where another number of traces matches.",
    )

    def to_change(self) -> BulkChange:
        values = self.validated_data
        return BulkChange(where=values["where"], **values["set"])


class FormatField(ChoiceTextField):
    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and data.lower() in CONTAINERS:
            raise serializers.ValidationError(
                "Leave `format` out: JSON Lines, JSON, CSV and Parquet are recognised, and what "
                "their records are."
            )
        return super().to_internal_value(data)


class ImportQuery(QuerySerializer):
    """What to make of a file."""

    format = FormatField(
        choices=[AUTO, *FORMATS],
        required=False,
        default=AUTO,
        help_text="`auto`: recognised from the first records.",
    )
    map = TextField(
        required=False,
        max_length=MAX_MAP_CHARS,
        help_text="Which field is which part of a trace, in place of a format: "
        "`prompt:question,thought:cot,final_answer:answer`. Targets: "
        f"{', '.join(f'`{target}`' for target in TARGETS)}. Dots lead into objects and lists: "
        "`reply:response.choices.0.message.content`.",
    )
    source = TextField(  # type: ignore[assignment]
        max_length=document.MAX_SOURCE_CHARS,
        required=False,
        help_text="In place of the source that a trace names, or of the format's name.",
    )
    on_error = ChoiceTextField(
        choices=["skip", "abort"],
        required=False,
        default="skip",
        help_text="`abort` stores nothing when a record is bad.",
    )
    dry_run = BooleanField(
        required=False, default=False, help_text="Tell what would happen, and keep nothing of it."
    )

    def validate_map(self, text: str) -> str:
        try:
            parse(text)
        except BadMapping as error:
            raise serializers.ValidationError(str(error)) from None
        return text

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("map") and attrs["format"] != AUTO:
            raise serializers.ValidationError(
                {"map": [f"With map, format is {AUTO} or left out: the map says what is what."]}
            )
        return attrs


class ImportErrorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    line = serializers.IntegerField(help_text="Of JSON arrays and Parquet files, the item.")
    field = serializers.CharField(help_text="Empty: the record as a whole.")
    message = serializers.CharField()


class ImportAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What became of a file; `errors` are the first hundred, the job has 10,000."""

    format = serializers.CharField()
    line_count = serializers.IntegerField()
    created_count = serializers.IntegerField(help_text="Traces.")
    existing_count = serializers.IntegerField(help_text="Traces.")
    read_differently_count = serializers.IntegerField(
        help_text="Of the existing traces, those that this version reads otherwise than it was "
        "stored; they stay as they are."
    )
    error_count = serializers.IntegerField(help_text="Records.")
    errors_left_out_count = serializers.IntegerField(
        required=False, help_text="Errors beyond the first 10,000, which the job does not keep."
    )
    errors = ImportErrorSerializer(many=True)  # type: ignore[assignment]
    job = serializers.UUIDField()
    dry_run = serializers.BooleanField(required=False)
    traces = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="In a dry run, the first traces as they would be stored.",
    )


class FormatSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A shape of records that an import reads."""

    name = serializers.CharField()
    description = serializers.CharField()
    example = serializers.DictField()


class BatchEntrySerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    trace_version = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["created", "exists"])


class BatchErrorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    index = serializers.IntegerField()
    errors = serializers.DictField()  # type: ignore[assignment]


class BatchAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    created_count = serializers.IntegerField()
    existing_count = serializers.IntegerField()
    traces = serializers.ListField(child=BatchEntrySerializer())


class PartialBatchAnswerSerializer(BatchAnswerSerializer):
    traces = serializers.ListField(child=BatchEntrySerializer(allow_null=True))
    detail = serializers.CharField()
    errors = BatchErrorSerializer(many=True)  # type: ignore[assignment]


class ScoreRequestSerializer(StrictSerializer):
    criteria = ChoiceTextField(choices=sorted(SCORERS), required=False, default="baseline")


class ScoreAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trace_id = serializers.UUIDField()
    score = serializers.FloatField()
    details = serializers.DictField()


class ScoresStoredSerializer(serializers.Serializer):  # type: ignore[type-arg]
    created_count = serializers.IntegerField()
    updated_count = serializers.IntegerField()


class SimilarQuery(QuerySerializer):
    limit = IntegerField(min_value=1, max_value=100, required=False, default=20)
    min_similarity = NumberField(
        min_value=0, max_value=1, required=False, default=0.6, help_text="Estimated, 0 to 1."
    )


class SimilarRowSerializer(TraceRowSerializer):
    similarity = serializers.FloatField(help_text="Of the sets of three words in a row: Jaccard.")

    class Meta(TraceRowSerializer.Meta):
        fields = (*ROW_FIELDS, "similarity")  # type: ignore[assignment]


class SimilarSerializer(serializers.Serializer):  # type: ignore[type-arg]
    results = SimilarRowSerializer(many=True)
    candidates = serializers.IntegerField(help_text="How many were compared.")
    complete = serializers.BooleanField(
        help_text="False where there are more candidates, or traces that wait to be indexed."
    )


class PromptGroupSerializer(serializers.Serializer):  # type: ignore[type-arg]
    prompt_hash = serializers.UUIDField()
    prompt_preview = serializers.CharField()
    trace_count = serializers.IntegerField()
    answer_count = serializers.IntegerField(help_text="Answers that differ.")
    agreement = serializers.FloatField(help_text="The share of the most frequent answer.")
    most_frequent_answer = serializers.CharField(allow_blank=True, help_text="Its beginning.")
    scored_count = serializers.IntegerField()
    pass_rate = serializers.FloatField(
        allow_null=True, help_text="The share of the scored ones that pass; null without any."
    )
    complete = serializers.BooleanField(
        help_text="False where the shares are of 10,000 of the traces."
    )


class CompareQuery(QuerySerializer):
    base = UUIDField()
    other = UUIDField()


class ComparedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    score = serializers.FloatField(help_text="The baseline score.")
    trace_version = serializers.CharField()
    payload = PayloadSerializer()


class ComparisonSerializer(serializers.Serializer):  # type: ignore[type-arg]
    base = ComparedSerializer()
    other = ComparedSerializer()
