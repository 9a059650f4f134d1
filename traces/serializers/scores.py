"""Scores as they are asked for and shown."""

from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers

from traces.finding.filters import TraceFilters
from traces.models import Score
from traces.scorers.known import EVERY_SCORER, SCORERS
from traces.scorers.scorer import UNDECIDED, PromptScorer, Scorer
from traces.services.scoring.request import CRITERIA, Scoring
from tunix_site.api.fields import (
    BooleanField,
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


class ScoreAllSerializer(StrictSerializer):
    """The scoring of all traces that match a filter."""

    where = TraceFilters(help_text="The list's filters; {} is every trace.")
    criteria = ChoiceTextField(choices=CRITERIA)
    missing_only = BooleanField(
        required=False,
        default=True,
        help_text="False: score those anew that have a score by this version of the scorer.",
    )

    def to_scoring(self, *, newest: UUID) -> Scoring:
        return Scoring(**self.validated_data, newest=newest)


class ScoreAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trace_id = serializers.UUIDField()
    score = serializers.FloatField(allow_null=True)
    details = serializers.DictField()


def _ours(scorer: Scorer | PromptScorer) -> dict[str, Any]:
    """Describe the scores that are computed here alone."""
    described: dict[str, Any] = {
        "properties": {"criteria": {"const": scorer.criteria}},
        "required": ["criteria"],
    }
    if scorer.open:
        described["properties"]["scorer_version"] = {"const": scorer.version}
        if scorer.version != DEFAULT_SCORER_VERSION:
            described["required"].append("scorer_version")
    return described


_UNDECIDED = {
    "properties": {
        "details": {"properties": {"outcome": {"const": UNDECIDED}}, "required": ["outcome"]}
    },
    "required": ["details"],
}


class NewScoreSerializer(StrictSerializer):
    """A score on a criterion that is not computed here."""

    openapi: ClassVar = {
        "allOf": [
            *({"not": _ours(scorer)} for scorer in EVERY_SCORER.values()),
            {"anyOf": [{"properties": {"value": {"type": "number"}}}, _UNDECIDED]},
        ]
    }

    trace = UUIDField()
    criteria = TextField(max_length=64)
    scorer_version = TextField(max_length=64, required=False, default=DEFAULT_SCORER_VERSION)
    value = NumberField(allow_null=True)
    details = ObjectField(required=False)

    def validate_criteria(self, criteria: str) -> str:
        """Refuse what is not open: anyone may compute it again, and must find the same."""
        if criteria in EVERY_SCORER and not EVERY_SCORER[criteria].open:
            raise serializers.ValidationError(
                f"`{criteria}` is computed here, by POST /api/traces/ID/score: use another name."
            )
        return criteria

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what would pass for ours; take no value where it is undecided."""
        scorer = EVERY_SCORER.get(attrs["criteria"])
        if scorer and scorer.version == attrs["scorer_version"]:
            raise serializers.ValidationError(
                {"scorer_version": [f"`{scorer.version}` is what is computed here: use another."]}
            )
        if attrs["value"] is None and attrs.get("details", {}).get("outcome") != UNDECIDED:
            raise serializers.ValidationError(
                {"value": [f"Null needs `details` with `outcome`: `{UNDECIDED}`."]}
            )
        return attrs


class ScoresStoredSerializer(serializers.Serializer):  # type: ignore[type-arg]
    created_count = serializers.IntegerField()
    updated_count = serializers.IntegerField()
