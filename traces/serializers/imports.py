"""What an import is asked, and what became of a file."""

from typing import Any

from rest_framework import serializers

from traces import document
from traces.readers.formats import AUTO, FORMATS
from traces.readers.mapping import MAX_CHARS as MAX_MAP_CHARS
from traces.readers.mapping import TARGETS, BadMapping, parse
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    QuerySerializer,
    TextField,
)

CONTAINERS = ("json", "jsonl", "ndjson", "csv", "tsv", "parquet", "gzip", "zstd")


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
