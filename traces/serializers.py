"""Bodies in and out of the trace routes."""

from typing import Any

import msgspec
from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.serializers import as_serializer_error

from traces import document
from traces.document import TraceDocument
from traces.models import Score, Status, Trace
from traces.querysets import ROW_FIELDS
from traces.scoring import SCORERS
from tunix_site.fields import (
    ChoiceTextField,
    IntegerField,
    ListField,
    ObjectField,
    QuerySerializer,
    StrictMixin,
    StrictSerializer,
    TextField,
    UUIDField,
)
from tunix_site.strict_json import problems

MAX_STEP_ERRORS = 20


class StepSerializer(StrictSerializer):
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
            if len(errors) == MAX_STEP_ERRORS:
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
            found = [f"{path.lstrip('.')}: {reason}" for path, reason in problems(message, depth=2)]
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

    class Meta:
        model = Trace
        fields = ROW_FIELDS
        read_only_fields = fields


class CurationSerializer(StrictSerializer):
    """What of a trace may change."""

    status = ChoiceTextField(choices=Status.choices, required=False)
    tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)


class BatchQuery(QuerySerializer):
    on_error = ChoiceTextField(
        choices=["abort", "skip"],
        required=False,
        default="abort",
        help_text="`skip` stores the good ones and reports the rest.",
    )


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
    criteria = ChoiceTextField(choices=sorted(SCORERS))


class ScoreAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trace_id = serializers.UUIDField()
    score = serializers.FloatField()
    details = serializers.DictField()


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
