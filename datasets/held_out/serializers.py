"""Bodies in and out of the route that makes an evaluation set of a dataset."""

from rest_framework import serializers

from datasets.recipe.rules import MAX_SPLIT_CHARS
from evalsets.models import EvalSet
from evalsets.serializers import CreatedSerializer, name_field, version_field
from tunix_site.api.fields import StrictSerializer, TextField
from tunix_site.database.names import MAX_KEY_CHARS


class FromDatasetSerializer(StrictSerializer):
    """Which dataset, and how the set is called."""

    name = name_field()
    version = version_field()
    key = TextField(max_length=MAX_KEY_CHARS, help_text="The dataset's key.")
    split = TextField(
        max_length=MAX_SPLIT_CHARS,
        required=False,
        allow_null=True,
        help_text="Of that dataset; all of it where none is named.",
    )


class MadeOfDatasetSerializer(CreatedSerializer):
    left_out = serializers.SerializerMethodField(
        help_text="How many prompts have no reference answer, or several that differ."
    )

    class Meta:
        model = EvalSet
        fields = [*CreatedSerializer.Meta.fields, "left_out"]
        read_only_fields = fields

    def get_left_out(self, evalset: EvalSet) -> dict[str, int]:
        left_out: dict[str, int] = self.context["left_out"]
        return left_out
