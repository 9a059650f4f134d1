"""Bodies in and out of the dataset routes."""

import math
import re
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets.models import (
    MAX_NAME_CHARS,
    MAX_PARENT_CHARS,
    MAX_SPLIT_CHARS,
    MAX_VERSION_CHARS,
    NAME,
    Dataset,
    SplitBy,
    Strategy,
)
from datasets.recipe.recipe import Recipe
from datasets.services.build import BuildRequest
from traces.finding.filters import TraceFilters
from tunix_site.api.fields import (
    ChoiceTextField,
    IntegerField,
    ObjectField,
    StrictSerializer,
    TextField,
)

MAX_SPLITS = 20
SPLIT_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_SPLIT_CHARS - 1}}}")
MAX_FILTERS = 50

check_name = RegexValidator(
    rf"^{NAME.pattern}\Z",
    "Begin with a letter or digit; then letters, digits, spaces and . _ / - only.",
)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        "maxProperties": MAX_FILTERS,
    }
)
class MetaFiltersField(ObjectField):
    """Meta keys and the JSON scalars that they must equal, by type."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values = super().to_internal_value(data)
        if any(isinstance(value, dict | list) for value in values.values()):
            raise serializers.ValidationError("Values are strings, numbers, booleans or null.")
        if len(values) > MAX_FILTERS:
            raise serializers.ValidationError(f"More than {MAX_FILTERS} keys.")
        return values


@extend_schema_field(
    {
        "type": "object",
        "propertyNames": {"pattern": f"^{SPLIT_NAME.pattern}$"},
        "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "maxProperties": MAX_SPLITS,
    }
)
class SplitsField(ObjectField):
    """Names of splits and their shares, which sum to 1."""

    def to_internal_value(self, data: Any) -> dict[str, float]:
        shares = super().to_internal_value(data)
        if len(shares) > MAX_SPLITS:
            raise serializers.ValidationError(f"More than {MAX_SPLITS} splits.")
        for name, share in shares.items():
            if not SPLIT_NAME.fullmatch(name):
                raise serializers.ValidationError(f"{name!a:.80} is no name for a split.")
            if type(share) not in (int, float) or not 0 < share <= 1:
                raise serializers.ValidationError(f"{name}: Not a number above 0 and up to 1.")
        if shares and not math.isclose(total := sum(shares.values()), 1, abs_tol=1e-9):
            raise serializers.ValidationError(f"The shares sum to {total:.12g}, not to 1.")
        return {name: float(share) for name, share in shares.items()}


class BuildSerializer(StrictSerializer):
    """A request to build a dataset."""

    openapi: ClassVar = {
        "allOf": [{"properties": {"where": {"maxProperties": MAX_FILTERS}}}],
        "if": {
            "anyOf": [
                {
                    "required": ["selection_strategy"],
                    "properties": {"selection_strategy": {"const": Strategy.RANDOM.value}},
                },
                {"required": ["splits"], "properties": {"splits": {"minProperties": 1}}},
            ]
        },
        "then": {"required": ["seed"], "properties": {"seed": {"type": "integer"}}},
    }

    dataset_name = TextField(max_length=MAX_NAME_CHARS, validators=[check_name])
    dataset_version = TextField(max_length=MAX_VERSION_CHARS, validators=[check_name])
    filters = MetaFiltersField(required=False)
    where = TraceFilters(required=False)
    limit = IntegerField(
        min_value=1, max_value=2**63 - 1, allow_null=True, required=False, default=100
    )
    selection_strategy = ChoiceTextField(
        choices=Strategy.choices, required=False, default=Strategy.LATEST.value
    )
    seed = IntegerField(
        min_value=-(2**63), max_value=2**63 - 1, allow_null=True, required=False, default=None
    )
    splits = SplitsField(required=False)
    split_by = ChoiceTextField(
        choices=SplitBy.choices, required=False, default=SplitBy.PROMPT.value
    )
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

    def validate_where(self, where: dict[str, Any]) -> dict[str, Any]:
        if len(where) > MAX_FILTERS:
            raise serializers.ValidationError(f"More than {MAX_FILTERS} filters.")
        return where

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needs_seed = attrs["selection_strategy"] == Strategy.RANDOM or attrs.get("splits")
        if needs_seed and attrs["seed"] is None:
            raise serializers.ValidationError(
                {"seed": ["A random selection and splits need a seed."]}
            )
        return attrs

    def to_request(self) -> BuildRequest:
        values = self.validated_data
        return BuildRequest(
            name=values["dataset_name"],
            version=values["dataset_version"],
            recipe=Recipe(
                filters=values.get("filters", {}),
                where=values.get("where", {}),
                limit=values["limit"],
                selection_strategy=values["selection_strategy"],
                seed=values["seed"],
                splits=values.get("splits", {}),
                split_by=values["split_by"],
            ),
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


class NullableTextField(serializers.CharField):
    """Text whose absence is stored as the empty string and shown as null."""

    def __init__(self) -> None:
        super().__init__(allow_null=True)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class DatasetDetailSerializer(serializers.ModelSerializer[Dataset]):
    """The manifest without its trace ids."""

    dataset_key = serializers.CharField(source="key")
    dataset_name = serializers.CharField(source="name")
    dataset_version = serializers.CharField(source="version")
    dataset_schema_version = serializers.CharField()
    filters = serializers.DictField()
    where = serializers.DictField()
    splits = serializers.DictField(child=serializers.FloatField())
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
