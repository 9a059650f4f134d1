"""Bodies in and out of the route that previews a recipe."""

from typing import Any

from rest_framework import serializers

from datasets.formats.known import AS_LINES, FORMATS, OLD_NAME
from datasets.formats.pairs import PAIRS
from datasets.recipe.serializer import RecipeSerializer
from datasets.serializers import FunnelLineSerializer
from datasets.services.preview import Preview
from tunix_site.api.fields import ChoiceTextField

FORMATS_OF_LINES = [name for name in AS_LINES if name != OLD_NAME]


class PreviewSerializer(RecipeSerializer):
    """A recipe to try: all that matches, unless it says how many."""

    format = ChoiceTextField(
        choices=list(FORMATS_OF_LINES),
        required=False,
        allow_null=True,
        help_text="Shows the first five rows, too, as an export in this format writes them.",
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["limit"].default = None
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        name = attrs.get("format")
        if name and FORMATS[name].rows is PAIRS and attrs["recipe"].pair is None:
            raise serializers.ValidationError({"format": [f"{name} needs `pair`."]})
        return attrs


class RemovedSampleSerializer(serializers.Serializer[dict[str, Any]]):
    """A trace that a step takes away."""

    trace = serializers.UUIDField()
    reason = serializers.CharField()
    because = serializers.DictField(allow_null=True)


class SampledSerializer(serializers.Serializer[dict[str, Any]]):
    """Of how many traces that match how many were taken."""

    matched = serializers.IntegerField()
    taken = serializers.IntegerField()


class PreviewAnswerSerializer(serializers.Serializer[Preview]):
    """What the recipe would take, and some of what each step would take away."""

    funnel = FunnelLineSerializer(many=True)
    samples = serializers.DictField(child=RemovedSampleSerializer(many=True))
    splits = serializers.DictField(child=serializers.IntegerField())
    sampled = SampledSerializer(allow_null=True)
    unscored = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Scores by criteria that a build stores first; 5,001 stands for more than 5,000.",
    )
    written = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The lines of the first five rows in the format that was asked for, of the first "
        "ten traces or pairs; null where none was.",
    )
