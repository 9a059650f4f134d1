"""A trace as it is sent, read field by field: what is wrong with each is told."""

from itertools import islice
from typing import Any

import msgspec
from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.serializers import as_serializer_error

from traces import document
from traces.document import TraceDocument
from traces.readers.columns import CONTEXTS, PROMPTS, REPLIES
from traces.readers.thought_columns import THOUGHTS
from tunix_site.api.fields import (
    IntegerField,
    ListField,
    ObjectField,
    StrictMixin,
    StrictSerializer,
    TextField,
)
from tunix_site.strict_json import problems

OTHER_NAMES = frozenset([*PROMPTS, *CONTEXTS, *REPLIES, *THOUGHTS, "conversations"])
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
        if key == "original":
            return (
                "Unknown field. It holds what an import cut off of a source record; what you keep "
                "beside a trace goes into `meta`. Lines of the `record` export go to POST "
                "/api/traces/import, with it."
            )
        said = super().refusal_of(key)
        if key in OTHER_NAMES:
            said += " Records of other names go to POST /api/traces/import."
        return said

    def to_document(self) -> TraceDocument:
        return TraceDocument(**self.validated_data)
