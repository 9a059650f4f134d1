"""Bodies in and out of the routes that hold datasets and evaluation sets against each other."""

from typing import Any

from rest_framework import serializers

from datasets.recipe.rules import MAX_SPLIT_CHARS
from datasets.recipe.text.items import unknown
from datasets.serializers import DecontaminatedAgainstSerializer
from evalsets.models import EvalSet
from evalsets.serializers import CreatedSerializer, name_field, version_field
from tunix_site.api.fields import QuerySerializer, StrictSerializer, TextField
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
        help_text="How many prompts have no reference answer, several that differ, or one that is "
        "longer than an item's answer may be."
    )

    class Meta:
        model = EvalSet
        fields = [*CreatedSerializer.Meta.fields, "left_out"]
        read_only_fields = fields

    def get_left_out(self, evalset: EvalSet) -> dict[str, int]:
        left_out: dict[str, int] = self.context["left_out"]
        return left_out


class ContaminationQuery(QuerySerializer):
    eval_set = TextField(max_length=MAX_KEY_CHARS, help_text="The key of the evaluation set.")

    def validate_eval_set(self, key: str) -> str:
        if not EvalSet.objects.existing().filter(key=key).exists():
            raise serializers.ValidationError(unknown(key))
        return key


class FoundItemSerializer(serializers.Serializer[dict[str, Any]]):
    """An item that stands in the dataset, with the evidence and some of the traces."""

    item = serializers.CharField()
    share = serializers.FloatField(required=False)
    words = serializers.CharField(required=False)
    trace_count = serializers.IntegerField()
    traces = serializers.ListField(child=serializers.UUIDField())


class ContaminationSerializer(serializers.Serializer[dict[str, Any]]):
    """What of an evaluation set stands in the prompts of a dataset."""

    eval_set = DecontaminatedAgainstSerializer()
    item_count = serializers.IntegerField()
    trace_count = serializers.IntegerField()
    items = FoundItemSerializer(many=True)
