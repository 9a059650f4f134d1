"""Scores as they are asked for and shown."""

from typing import Any, ClassVar

from rest_framework import serializers

from traces.models import Score
from traces.scorers.known import SCORERS
from traces.scorers.scorer import UNDECIDED
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
    score = serializers.FloatField(allow_null=True)
    details = serializers.DictField()


class NewScoreSerializer(StrictSerializer):
    """A score on a criterion that is not computed here."""

    openapi: ClassVar = {
        "allOf": [{"properties": {"criteria": {"not": {"enum": sorted(SCORERS)}}}}],
    }

    trace = UUIDField()
    criteria = TextField(max_length=64)
    scorer_version = TextField(max_length=64, required=False, default=DEFAULT_SCORER_VERSION)
    value = NumberField(allow_null=True)
    details = ObjectField(required=False)

    def validate_criteria(self, criteria: str) -> str:
        """Refuse our own: anyone may compute them again, and must find the same."""
        if criteria in SCORERS:
            raise serializers.ValidationError(
                f"`{criteria}` is computed here, by POST /api/traces/ID/score: use another name."
            )
        return criteria

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take no value where the scorer says that it is undecided."""
        if attrs["value"] is None and attrs.get("details", {}).get("outcome") != UNDECIDED:
            raise serializers.ValidationError(
                {"value": [f"Null needs `details` with `outcome`: `{UNDECIDED}`."]}
            )
        return attrs


class ScoresStoredSerializer(serializers.Serializer):  # type: ignore[type-arg]
    created_count = serializers.IntegerField()
    updated_count = serializers.IntegerField()
