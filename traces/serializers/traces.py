"""Traces as they are shown."""

from typing import Any

from rest_framework import serializers

from traces.finding import search
from traces.models import Trace
from traces.querysets import ROW_FIELDS
from traces.serializers.scores import ScoreSerializer


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


class TraceDetailSerializer(serializers.ModelSerializer[Trace]):
    tags = serializers.ListField(child=serializers.CharField())
    payload = PayloadSerializer()
    original = serializers.DictField(required=False)
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
            "original",
            "scores",
        ]
        read_only_fields = fields

    def to_representation(self, instance: Trace) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if shown["original"] is None:
            del shown["original"]
        return shown


def new_trace(trace: Trace) -> dict[str, Any]:
    """Show a trace that was just made, as TraceDetailSerializer does at twenty times the cost.

    Nobody has scored it, which needs no query, and nothing was cut off of what was sent.
    """
    fields = {name: getattr(trace, name) for name in TraceDetailSerializer.Meta.fields[:-2]}
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
