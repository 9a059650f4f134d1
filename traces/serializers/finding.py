"""Traces beside others: similar ones, attempts at one prompt, two side by side."""

from rest_framework import serializers

from traces.querysets import ROW_FIELDS
from traces.serializers.traces import PayloadSerializer, TraceRowSerializer
from tunix_site.api.fields import (
    IntegerField,
    NumberField,
    QuerySerializer,
    UUIDField,
)


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
