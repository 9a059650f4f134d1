"""Scores as they are asked for and shown."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from traces.finding.filters import TraceFilters
from traces.models import Score
from traces.scorers.known import EVERY_SCORER, SCORERS
from traces.scorers.named import no_tokenizer, scorer_named
from traces.scorers.scorer import UNDECIDED, PromptScorer, Scorer
from traces.scorers.tokenizing.files import NAME
from traces.scorers.tokens import OURS, PREFIX
from traces.services.scoring.request import Scoring
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    IntegerField,
    NumberField,
    ObjectField,
    StrictSerializer,
    TextField,
    UUIDField,
)

DEFAULT_SCORER_VERSION = "1"


def _named(criteria: Iterable[str]) -> dict[str, Any]:
    """Describe the name of a scorer: one of these, or `tokens:NAME`."""
    counting = {"type": "string", "pattern": f"^{PREFIX}{NAME}$"}
    return {"anyOf": [{"type": "string", "enum": sorted(criteria)}, counting]}


@extend_schema_field(_named(SCORERS))
class CriteriaField(ChoiceTextField):
    """A criterion that is scored here: one of the choices, or `tokens:NAME` of a tokenizer."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not data.startswith(PREFIX):
            return super().to_internal_value(data)
        if scorer_named(data) is None:
            raise serializers.ValidationError(no_tokenizer(data.removeprefix(PREFIX)))
        return data


@extend_schema_field(_named(EVERY_SCORER))
class AnyCriteriaField(CriteriaField):
    """One that may look at all attempts at a prompt as well."""


class ScoreSerializer(serializers.ModelSerializer[Score]):
    trace = serializers.UUIDField(source="trace_id")
    details = serializers.DictField()

    class Meta:
        model = Score
        fields = ["trace", "criteria", "scorer_version", "value", "details", "created_at"]
        read_only_fields = fields


class ScoreRequestSerializer(StrictSerializer):
    criteria = CriteriaField(choices=sorted(SCORERS), required=False, default="baseline")


class ScoreAllSerializer(StrictSerializer):
    """The scoring of all traces that match a filter."""

    where = TraceFilters(help_text="The list's filters; {} is every trace.")
    criteria = AnyCriteriaField(choices=sorted(EVERY_SCORER))
    missing_only = BooleanField(
        required=False,
        default=True,
        help_text="False: score those anew that have a score by this version of the scorer.",
    )
    expected_count = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text="Refused where another number of traces is to be scored.",
    )

    def to_scoring(self, *, newest: UUID) -> Scoring:
        asked = self.validated_data
        return Scoring(
            where=asked["where"],
            criteria=asked["criteria"],
            missing_only=asked["missing_only"],
            newest=newest,
        )


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


_COUNTED = {
    "properties": {
        "criteria": {"pattern": f"^{PREFIX}"},
        "scorer_version": {"pattern": f"^{OURS}"},
    },
    "required": ["criteria", "scorer_version"],
}

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
            {"not": _COUNTED},
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
        criteria, version = attrs["criteria"], attrs["scorer_version"]
        scorer = EVERY_SCORER.get(criteria)
        if scorer and scorer.version == version:
            raise serializers.ValidationError(
                {"scorer_version": [f"`{version}` is what is computed here: use another."]}
            )
        if criteria.startswith(PREFIX) and version.startswith(OURS):
            raise serializers.ValidationError(
                {"scorer_version": [f"`{OURS}` begins what is counted here: use another."]}
            )
        if attrs["value"] is None and attrs.get("details", {}).get("outcome") != UNDECIDED:
            raise serializers.ValidationError(
                {"value": [f"Null needs `details` with `outcome`: `{UNDECIDED}`."]}
            )
        return attrs


class ScoresStoredSerializer(serializers.Serializer):  # type: ignore[type-arg]
    created_count = serializers.IntegerField()
    updated_count = serializers.IntegerField()
