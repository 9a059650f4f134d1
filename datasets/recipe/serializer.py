"""The recipe in the body of a request: its fields are made from those of the document."""

from datetime import datetime
from typing import Any, ClassVar

import msgspec
from drf_spectacular.utils import extend_schema_field
from msgspec import inspect
from rest_framework import serializers

from datasets.recipe.recipe import (
    MAX_FILTERS,
    MAX_SPLITS,
    SPLIT_NAME,
    Recipe,
    Strategy,
    filters_refusal,
    seed_refusal,
    splits_refusal,
    where_refusal,
)
from traces.finding.filters import TraceFilters
from tunix_site.api.fields import ChoiceTextField, IntegerField, ObjectField, StrictSerializer


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
        _refuse(filters_refusal(values))
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

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        shares = super().to_internal_value(data)
        _refuse(splits_refusal(shares))
        return shares


class RecipeSerializer(StrictSerializer):
    """What a body says of the recipe: the document's fields, but for its version."""

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

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **recipe_fields()}

    def validate_where(self, where: dict[str, Any]) -> dict[str, Any]:
        """Give the filters as JSON again, as the document has them."""
        _refuse(where_refusal(where))
        return {name: _as_json(value) for name, value in where.items()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refusal = seed_refusal(attrs["selection_strategy"], attrs.get("splits", {}), attrs["seed"])
        if refusal:
            raise serializers.ValidationError({"seed": [refusal]})
        return attrs

    def to_recipe(self) -> Recipe:
        values = self.validated_data
        return Recipe.read({name: values[name] for name in recipe_fields() if name in values})


class RecipeDocumentSerializer(RecipeSerializer):
    """The whole document, as it is shown."""

    openapi: ClassVar = {}
    version = IntegerField()

    def to_representation(self, instance: Recipe) -> dict[str, Any]:
        return instance.document()


OWN_FIELDS = {"filters": MetaFiltersField, "where": TraceFilters, "splits": SplitsField}


def recipe_fields() -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """Make a strict field for each of the document's: its type, bounds and default stand there."""
    kinds: Any = inspect.type_info(Recipe)
    return {
        field.name: OWN_FIELDS[field.name](required=False)
        if field.name in OWN_FIELDS
        else _field(field.type, required=False, default=msgspec.to_builtins(field.default))
        for field in kinds.fields
        if field.name != "version"
    }


def _field(kind: inspect.Type, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    match kind:
        case inspect.UnionType(types=(inner, inspect.NoneType())):
            return _field(inner, allow_null=True, **options)
        case inspect.IntType():
            return IntegerField(min_value=kind.ge, max_value=kind.le, **options)
        case inspect.EnumType():
            return ChoiceTextField(choices=[member.value for member in kind.cls], **options)
    raise TypeError(f"There is no field for {kind}.")


def _refuse(refusal: str | None) -> None:
    if refusal:
        raise serializers.ValidationError(refusal)


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
