"""Rewards: how they are put together, and what they would give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from traces.finding.filters import TraceFilters
from traces.finding.rewards import MAX_TRACES
from tunix_site.api.fields import ObjectField, StrictSerializer
from tunix_site.strict_json import shown

MAX_PARTS = 10
MAX_CRITERIA_CHARS = 64
MAX_WEIGHT = 1_000_000


@extend_schema_field(
    {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_PARTS,
        "propertyNames": {"minLength": 1, "maxLength": MAX_CRITERIA_CHARS},
        "additionalProperties": {"type": "number", "minimum": -MAX_WEIGHT, "maximum": MAX_WEIGHT},
    }
)
class WeightsField(ObjectField):
    """Weights by criteria."""

    def to_internal_value(self, data: Any) -> dict[str, float]:
        weights = super().to_internal_value(data)
        if not 1 <= len(weights) <= MAX_PARTS:
            raise serializers.ValidationError(f"1 to {MAX_PARTS} criteria, each with its weight.")
        errors = [
            f"{shown(name)}: {reason}"
            for name, weight in weights.items()
            if (reason := _reason(name, weight))
        ]
        if errors:
            raise serializers.ValidationError(errors)
        return {name: float(weight) for name, weight in weights.items()}


def _reason(name: str, weight: Any) -> str:
    if not 1 <= len(name) <= MAX_CRITERIA_CHARS:
        return f"Not 1 to {MAX_CRITERIA_CHARS} characters."
    if type(weight) not in (int, float) or abs(weight) > MAX_WEIGHT:
        return f"The weight is no number from {-MAX_WEIGHT:,} to {MAX_WEIGHT:,}."
    return ""


class RewardSerializer(StrictSerializer):
    """A reward, and the traces over which it is tried."""

    reward = WeightsField(help_text="The sum of what: weights by criteria.")
    where = TraceFilters(help_text="The list's filters; {} is every trace.")


class BinSerializer(serializers.Serializer):  # type: ignore[type-arg]
    low = serializers.FloatField(help_text="Rewards from here on ...")
    high = serializers.FloatField(help_text="... to below here; of the last bin, here included.")
    count = serializers.IntegerField(help_text="How many there are.")


class RewardedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    reward = serializers.FloatField(help_text="The weighted sum of its scores.")
    scores = serializers.DictField(child=serializers.FloatField(), help_text="By criteria.")
    id = serializers.UUIDField()
    prompt_preview = serializers.CharField()
    final_answer_preview = serializers.CharField(allow_blank=True)


class RewardPreviewSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trace_count = serializers.IntegerField(help_text="How many were looked at, the newest.")
    complete = serializers.BooleanField(
        help_text=f"False where more match: {MAX_TRACES:,} are looked at, for some seconds."
    )
    rewarded_count = serializers.IntegerField(help_text="How many have all the scores.")
    left_out = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="By criteria, how many lack a score on it, or have an undecided one.",
    )
    mean = serializers.FloatField(allow_null=True, help_text="Null where none is rewarded.")
    histogram = BinSerializer(many=True, help_text="The rewards, in bins as wide as each other.")
    best = RewardedSerializer(many=True, help_text="The five with most, the best first.")
    worst = RewardedSerializer(many=True, help_text="The five with least, the worst first.")
