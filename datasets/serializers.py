"""Bodies in and out of the dataset routes."""

from typing import Any

from rest_framework import serializers

from datasets.models import MAX_PARENT_CHARS, Dataset
from datasets.recipe.recipe import Matching, Strategy
from datasets.recipe.serializer import RecipeDocumentSerializer, RecipeSerializer
from datasets.services.build import BuildRequest
from evalsets.serializers import NullableTextField
from tunix_site.api.fields import (
    ObjectField,
    QuerySerializer,
    TextField,
    UUIDField,
)
from tunix_site.database.names import (
    MAX_NAME_CHARS,
    MAX_VERSION_CHARS,
    check_name,
    key_of,
)


class BuildSerializer(RecipeSerializer):
    """A request to build a dataset."""

    dataset_name = TextField(max_length=MAX_NAME_CHARS, validators=[check_name])
    dataset_version = TextField(max_length=MAX_VERSION_CHARS, validators=[check_name])
    session_id = TextField(max_length=200, required=False, allow_null=True, allow_blank=True)
    parent_dataset_id = TextField(
        max_length=MAX_PARENT_CHARS,
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="The key of another dataset, here or elsewhere.",
    )
    training_run_id = TextField(max_length=200, required=False, allow_null=True, allow_blank=True)
    provenance = ObjectField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        key = key_of(attrs["dataset_name"], attrs["dataset_version"])
        if attrs.get("parent_dataset_id") == key:
            refusal = f"{key} is the key of the dataset itself."
            raise serializers.ValidationError({"parent_dataset_id": [refusal]})
        return super().validate(attrs)

    def to_request(self) -> BuildRequest:
        values = self.validated_data
        return BuildRequest(
            name=values["dataset_name"],
            version=values["dataset_version"],
            recipe=self.to_recipe(),
            session_id=values.get("session_id") or "",
            training_run_id=values.get("training_run_id") or "",
            parent_key=values.get("parent_dataset_id") or "",
            provenance=values.get("provenance", {}),
        )


class BuildAnswerSerializer(serializers.ModelSerializer[Dataset]):
    dataset_key = serializers.CharField(source="key")
    manifest_url = serializers.HyperlinkedIdentityField(
        view_name="dataset-manifest", lookup_field="key"
    )

    class Meta:
        model = Dataset
        fields = [
            "dataset_key",
            "build_id",
            "trace_count",
            "matched_count",
            "manifest_url",
            "content_digest",
        ]
        read_only_fields = fields


class DatasetRowSerializer(serializers.ModelSerializer[Dataset]):
    dataset_key = serializers.CharField(source="key")
    dataset_name = serializers.CharField(source="name")
    dataset_version = serializers.CharField(source="version")
    selection_strategy = serializers.ChoiceField(list(Strategy), source="recipe.selection_strategy")

    class Meta:
        model = Dataset
        fields = [
            "dataset_key",
            "build_id",
            "dataset_name",
            "dataset_version",
            "created_at",
            "selection_strategy",
            "trace_count",
            "content_digest",
        ]
        read_only_fields = fields


class FunnelLineSerializer(serializers.Serializer[dict[str, Any]]):
    """What a step of the build did."""

    step = serializers.CharField()
    reasons = serializers.DictField(child=serializers.IntegerField())
    seconds = serializers.FloatField()
    more_than_half = serializers.BooleanField(required=False)
    pairs = serializers.IntegerField(required=False)
    not_paired = serializers.DictField(child=serializers.IntegerField(), required=False)

    def get_fields(self) -> dict[str, Any]:
        """Add the two whose names are words of Python, or stand beside one."""
        fields = super().get_fields()
        came, left = serializers.IntegerField(), serializers.IntegerField()
        return {"step": fields.pop("step"), "in": came, "out": left, **fields}


class CountedBySerializer(serializers.Serializer[dict[str, Any]]):
    """The scores by which `where.tokens` chose traces."""

    criteria = serializers.CharField()
    scorer_version = serializers.CharField()


class VerifiedBySerializer(serializers.Serializer[dict[str, Any]]):
    """The scores by which the step `verify` kept traces."""

    criteria = serializers.CharField()
    scorer_version = serializers.CharField()
    min = serializers.FloatField()


class PairedBySerializer(serializers.Serializer[dict[str, Any]]):
    """The scores by which the step `pair` told right answers from wrong ones."""

    criteria = serializers.CharField()
    scorer_version = serializers.CharField()


class DecontaminatedAgainstSerializer(serializers.Serializer[dict[str, Any]]):
    """An evaluation set whose items were taken away, as it was, and how they were found."""

    key = serializers.CharField()
    digest = serializers.CharField()
    match = serializers.ChoiceField(list(Matching))
    template_ngrams = serializers.IntegerField(required=False)


class SplitNearSerializer(serializers.Serializer[dict[str, Any]]):
    """How far it is sure that prompts which are nearly the same share a split."""

    refused = serializers.IntegerField()
    uncompared = serializers.IntegerField()


class WhySerializer(serializers.Serializer[dict[str, Any]]):
    """Why a trace is in a dataset, or is not: the one has other keys than the other."""

    position = serializers.IntegerField(required=False)
    split = serializers.CharField(required=False)
    cluster = serializers.CharField(required=False, allow_null=True)
    group = serializers.CharField(required=False, allow_null=True)
    step = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    evidence = serializers.DictField(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """Add the one whose name is a word of Python."""
        return {"in": serializers.BooleanField(), **super().get_fields()}


class WhyQuery(QuerySerializer):
    trace = UUIDField(help_text="The id of the trace.")


class DatasetDetailSerializer(serializers.ModelSerializer[Dataset]):
    """The manifest without its trace ids; some keys of the recipe stand beside it, too."""

    dataset_key = serializers.CharField(source="key")
    dataset_name = serializers.CharField(source="name")
    dataset_version = serializers.CharField(source="version")
    dataset_schema_version = serializers.CharField()
    filters = serializers.DictField(source="recipe.filters")
    where = serializers.DictField(source="recipe.where")
    selection_strategy = serializers.ChoiceField(list(Strategy), source="recipe.selection_strategy")
    seed = serializers.IntegerField(source="recipe.seed", allow_null=True)
    limit = serializers.IntegerField(source="recipe.limit", allow_null=True)
    splits = serializers.DictField(source="recipe.splits", child=serializers.FloatField())
    split_by = serializers.CharField(source="recipe.split_by")
    recipe = RecipeDocumentSerializer()
    funnel = FunnelLineSerializer(many=True)
    counted_by = CountedBySerializer(source="findings.counted_by", required=False)
    decontaminated_against = DecontaminatedAgainstSerializer(
        source="findings.decontaminated_against", many=True, required=False
    )
    near_refused = serializers.IntegerField(source="findings.near_refused", required=False)
    near_uncompared = serializers.IntegerField(source="findings.near_uncompared", required=False)
    split_near = SplitNearSerializer(source="findings.split_near", required=False)
    verified_by = VerifiedBySerializer(source="findings.verified_by", required=False)
    paired_by = PairedBySerializer(source="findings.paired_by", required=False)
    stats = serializers.DictField()
    provenance = serializers.DictField()
    session_id = NullableTextField()
    training_run_id = NullableTextField()
    parent_dataset_id = NullableTextField()

    class Meta:
        model = Dataset
        fields = [
            "dataset_key",
            "build_id",
            "dataset_name",
            "dataset_version",
            "dataset_schema_version",
            "created_at",
            "filters",
            "where",
            "selection_strategy",
            "seed",
            "limit",
            "splits",
            "split_by",
            "recipe",
            "funnel",
            "counted_by",
            "decontaminated_against",
            "near_refused",
            "near_uncompared",
            "split_near",
            "verified_by",
            "paired_by",
            "trace_count",
            "stats",
            "session_id",
            "parent_dataset_id",
            "training_run_id",
            "provenance",
            "content_digest",
        ]
        read_only_fields = fields


class ManifestSerializer(DatasetDetailSerializer):
    """For the OpenAPI document: the view streams it."""

    trace_ids = serializers.ListField(child=serializers.UUIDField())

    class Meta(DatasetDetailSerializer.Meta):
        fields = [*DatasetDetailSerializer.Meta.fields, "trace_ids"]
        read_only_fields = fields
