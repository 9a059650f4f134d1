"""Scores as they are asked for and shown."""

from typing import ClassVar

from rest_framework import serializers

from traces.models import Score
from traces.scorers.known import SCORERS
from tunix_site.api.fields import (
    ChoiceTextField,
    NumberField,
    ObjectField,
    StrictSerializer,
    TextField,
    UUIDField,
)

DEFAULT_SCORER_VERSION = "1"


class ScoreSerializer(serializers.ModelSerializer[Score]):
    trace = serializers.UUIDField(source="trace_id")
    details = serializers.DictField()

    class Meta:
        model = Score
        fields = ["trace", "criteria", "scorer_version", "value", "details", "created_at"]
        read_only_fields = fields


class ScoreRequestSerializer(StrictSerializer):
    criteria = ChoiceTextField(choices=sorted(SCORERS), required=False, default="baseline")


class ScoreAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trace_id = serializers.UUIDField()
    score = serializers.FloatField()
    details = serializers.DictField()


class NewScoreSerializer(StrictSerializer):
    """A score on a criterion that is not computed here."""

    openapi: ClassVar = {
        "allOf": [{"properties": {"criteria": {"not": {"enum": sorted(SCORERS)}}}}],
    }

    trace = UUIDField()
    criteria = TextField(max_length=64)
    scorer_version = TextField(max_length=64, required=False, default=DEFAULT_SCORER_VERSION)
    value = NumberField()
    details = ObjectField(required=False)

    def validate_criteria(self, criteria: str) -> str:
        """Refuse our own: anyone may compute them again, and must find the same."""
        if criteria in SCORERS:
            raise serializers.ValidationError(
                f"`{criteria}` is computed here, by POST /api/traces/ID/score: use another name."
            )
        return criteria


class ScoresStoredSerializer(serializers.Serializer):  # type: ignore[type-arg]
    created_count = serializers.IntegerField()
    updated_count = serializers.IntegerField()
