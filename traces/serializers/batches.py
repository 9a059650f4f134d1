"""What a batch is asked, and what became of its traces."""

from rest_framework import serializers

from tunix_site.api.fields import (
    ChoiceTextField,
    QuerySerializer,
)


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
