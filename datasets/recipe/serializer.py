"""The recipe in the body of a request: its fields are made from those of the document."""

import re
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

import msgspec
from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from msgspec import NODEFAULT, inspect
from rest_framework import serializers

from datasets.recipe import rules, scored
from datasets.recipe.recipe import PassRate, Recipe, Strategy, Tokens
from datasets.recipe.rules import MAX_FILTERS, MAX_SPLITS, MAX_STRATA, SPLIT_NAME
from datasets.recipe.text import items
from traces.finding.filters import TraceFilters
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    IntegerField,
    ListField,
    NumberField,
    ObjectField,
    StrictSerializer,
    TextField,
)

SHARE = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}


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
        _refuse(rules.filters_refusal(values))
        return values


@extend_schema_field(
    {
        "type": "object",
        "propertyNames": {"pattern": f"^{SPLIT_NAME.pattern}$"},
        "additionalProperties": SHARE,
        "maxProperties": MAX_SPLITS,
    }
)
class SplitsField(ObjectField):
    """Names of splits and their shares, which sum to 1."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        shares = super().to_internal_value(data)
        _refuse(rules.splits_refusal(shares))
        return shares


@extend_schema_field(
    {
        "type": "object",
        "propertyNames": {"pattern": f"^{SPLIT_NAME.pattern}$"},
        "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        "maxProperties": MAX_SPLITS,
    }
)
class SplitCountsField(ObjectField):
    """Names of splits and how many traces each gets."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        counts = {  # JSON knows one kind of number: 3.0 is the integer 3
            name: int(count) if isinstance(count, float) and count.is_integer() else count
            for name, count in super().to_internal_value(data).items()
        }
        _refuse(rules.split_counts_refusal(counts))
        return counts


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "enum": ["proportional", "equal"]},
            {
                "type": "object",
                "additionalProperties": SHARE,
                "minProperties": 1,
                "maxProperties": MAX_STRATA,
            },
        ]
    }
)
class WeightsField(ObjectField):
    """How the limit is shared between the values of `stratify_by`."""

    def to_internal_value(self, data: Any) -> Any:
        weights = data if isinstance(data, str) else super().to_internal_value(data)
        _refuse(rules.weights_refusal(weights))
        return weights


class RecipeFilters(TraceFilters):
    """The filters of traces; `not`, those of traces that are left out; `tokens`, `pass_rate`."""

    def get_fields(self) -> dict[str, Any]:
        unwanted = UnwantedFilters(required=False)
        pass_rate = serializer_of(PassRate)(required=False)
        tokens = serializer_of(Tokens)(required=False)
        own = {"not": unwanted, "tokens": tokens, "pass_rate": pass_rate}
        return {**super().get_fields(), **own}


class UnwantedFilters(TraceFilters):
    """The filters of traces that are left out."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _refuse(None if attrs else "Names no filter.")
        return super().validate(attrs)


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
                *(
                    {"required": [name], "properties": {name: {"minProperties": 1}}}
                    for name in ("splits", "split_counts")
                ),
            ]
        },
        "then": {"required": ["seed"], "properties": {"seed": {"type": "integer"}}},
    }

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **recipe_fields()}

    def validate_where(self, where: dict[str, Any]) -> dict[str, Any]:
        """Give the filters as JSON again, as the document has them."""
        _refuse(rules.where_refusal(where))
        return {name: _as_json(value) for name, value in where.items()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        told = {name: attrs[name] for name in recipe_fields() if name in attrs}
        try:
            attrs["recipe"] = Recipe.read(told)
        except msgspec.ValidationError as error:
            if not isinstance(error.__cause__, rules.RecipeRefused):
                raise
            refusals = error.__cause__.refusals
            raise serializers.ValidationError(
                {name: [refusal] for name, refusal in refusals.items()}
            ) from None
        recipe = attrs["recipe"]
        if unknown := {**scored.refusals(recipe), **items.refusals(recipe)}:
            raise serializers.ValidationError(unknown)
        return attrs

    def to_recipe(self) -> Recipe:
        recipe: Recipe = self.validated_data["recipe"]
        return recipe


class RecipeDocumentSerializer(RecipeSerializer):
    """The whole document, as it is shown."""

    openapi: ClassVar = {}
    version = IntegerField()

    def to_representation(self, instance: Recipe) -> dict[str, Any]:
        return instance.document()


OWN_FIELDS = {
    "filters": MetaFiltersField,
    "where": RecipeFilters,
    "splits": SplitsField,
    "split_counts": SplitCountsField,
    "weights": WeightsField,
}


def recipe_fields() -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """Make a strict field for each of the document's: its type, bounds and default stand there."""
    return fields_of(Recipe)


def fields_of(struct: type[msgspec.Struct]) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    kinds: Any = inspect.type_info(struct)
    return {
        field.name: OWN_FIELDS[field.name](required=False)
        if field.name in OWN_FIELDS
        else _field(field.type, **_default(field))
        for field in kinds.fields
        if field.name != "version"
    }


def _default(field: Any) -> dict[str, Any]:
    if field.required:
        return {}
    default = field.default if field.default is not NODEFAULT else field.default_factory()
    return {"required": False, "default": msgspec.to_builtins(default)}


def _field(kind: inspect.Type, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    match kind:
        case inspect.UnionType(types=(inner, inspect.NoneType())):
            return _field(inner, allow_null=True, **options)
        case inspect.Metadata(type=inner, extra_json_schema={"uniqueItems": unique}):
            return _field(inner, unique=unique, **options)
        case inspect.BoolType():
            return BooleanField(**options)
        case inspect.IntType():
            return IntegerField(min_value=kind.ge, max_value=kind.le, **options)
        case inspect.FloatType():
            return NumberField(min_value=kind.ge, max_value=kind.le, **options)
        case inspect.EnumType():
            return ChoiceTextField(choices=[member.value for member in kind.cls], **options)
        case inspect.StrType():
            return TextField(max_length=kind.max_length, validators=_patterns(kind), **options)
        case inspect.ListType():
            options |= {"min_length": kind.min_length, "max_length": kind.max_length}
            return ListField(child=_field(kind.item_type), **options)
        case inspect.StructType():
            return serializer_of(kind.cls)(**options)
    raise TypeError(f"There is no field for {kind}.")


def _patterns(kind: inspect.StrType) -> list[RegexValidator]:
    if kind.pattern is None:
        return []
    form = kind.pattern.removeprefix("^").removesuffix("$")
    return [RegexValidator(re.compile(rf"^{form}\Z"), f"Not of the form {form}")]


@cache
def serializer_of(struct: type[msgspec.Struct]) -> type[StrictSerializer]:
    """Make a strict serializer of what one step is told."""
    name = f"{struct.__name__}Serializer"
    return type(name, (StrictSerializer,), {"__doc__": struct.__doc__, **fields_of(struct)})


def _refuse(refusal: str | None) -> None:
    if refusal:
        raise serializers.ValidationError(refusal)


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else str(value)
