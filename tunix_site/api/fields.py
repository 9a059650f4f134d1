"""Serializers whose types are strict: nothing is coerced, trimmed or dropped."""

import math
import re
from collections.abc import Iterable
from functools import cache
from itertools import islice, pairwise
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from tunix_site.strict_json import Refused, problems, shown

_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,19})?([eE][+-]?[0-9]{1,3})?")
MAX_UNKNOWN = 20  # unknown fields named in an answer
MAX_COMPARED = 64  # characters of one, with the names that are known
MAX_PROBLEMS = 20  # of one object
MAX_BAD = 100  # of the things in one list; those behind them are not looked at


class StrictMixin:
    """Refuses a marked value for the reason that the parser gave."""

    def run_validation(self, data: Any = empty) -> Any:
        if isinstance(data, Refused):
            raise serializers.ValidationError(data.reason)
        return super().run_validation(data)  # type: ignore[misc]


class TextField(StrictMixin, serializers.CharField):
    default_error_messages = {"not_text": "Not a string."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_text")
        return data


class ChoiceTextField(StrictMixin, serializers.ChoiceField):
    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        known = f"Known ones: {', '.join(map(str, self.choices))}."
        self.error_messages |= {
            "not_text": f"Not a string. {known}",
            "null": f"Not null. {known}",
            "invalid_choice": f'"{{input}}" is not a valid choice. {known}',
            **kwargs.get("error_messages", {}),
        }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("not_text")  # DRF would quote it, however deep it nests
        return super().to_internal_value(shown(data))


class IntegerField(StrictMixin, serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            return int(data)  # JSON knows one kind of number: 3.0 is the integer 3
        if type(data) is not int:
            self.fail("invalid")
        return data


class NumberField(StrictMixin, serializers.FloatField):
    default_error_messages = {"not_finite": "The number does not fit in a double."}

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("invalid")
        try:
            number = float(data)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fail("not_finite")
        return number


class BooleanField(StrictMixin, serializers.BooleanField):
    default_error_messages = {"invalid": "Neither true nor false: write true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class UUIDField(StrictMixin, serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class DateTimeField(StrictMixin, serializers.DateTimeField):
    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="an ISO 8601 string")
        return super().to_internal_value(value)


class ListField(StrictMixin, serializers.ListField):
    """Errors by position, as text, of the first MAX_BAD; of a list that is too long of none.

    Where items are `unique`, they are such as can be hashed.
    """

    default_error_messages = {"twice": "One is given twice."}

    def __init__(self, *, unique: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.unique = unique

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        found = super().to_internal_value(data)
        if self.unique and len(set(found)) < len(found):
            self.fail("twice")
        return found

    def run_child_validation(self, data: Any) -> Any:
        found: list[Any] = []
        errors: dict[str, Any] = {}
        for position, item in enumerate(data):
            try:
                found.append(self.child.run_validation(item))
            except serializers.ValidationError as error:
                errors[str(position)] = error.detail
                if len(errors) == MAX_BAD:
                    break
        if errors:
            raise serializers.ValidationError(errors)
        return found


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(StrictMixin, serializers.Field):  # type: ignore[type-arg]
    """A free JSON object, kept as it came; errors name the path inside it."""

    default_error_messages = {"not_an_object": "Not an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        found = islice(problems(data, depth=1), MAX_PROBLEMS)
        if said := [f"{path.lstrip('.')}: {reason}" for path, reason in found]:
            raise serializers.ValidationError(said)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Refuses the fields it does not know, and names those it knows."""

    also_known: ClassVar[tuple[str, ...]] = ()  # beside its fields
    default_error_messages = {"invalid": "Not an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Refused):
            raise serializers.ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [data.reason]})
        unknown = self.unknown_keys(data) if isinstance(data, dict) else []
        errors: dict[str, Any] = {
            shown(key): [self.refusal_of(key)] for key in unknown[:MAX_UNKNOWN]
        }
        values: dict[str, Any] = {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            errors |= error.detail  # type: ignore[arg-type]  # of a serializer it is a dict
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def unknown_keys(self, data: dict[str, Any]) -> list[str]:
        return [key for key in data if key not in self.fields]

    def refusal_of(self, key: str) -> str:
        """Say of an unknown key which ones are known, those most like it first."""
        kind = "parameter" if isinstance(self, QuerySerializer) and not self.parent else "field"
        known = nearest_first(key, [*self.fields, *self.also_known])
        return f"Unknown {kind}. " + (
            f"Known ones: {', '.join(known)}." if known else "None is known."
        )


def nearest_first(name: str, known: Iterable[str]) -> list[str]:
    """Sort names by how many pairs of letters they share with one; equals stay as they are."""
    pairs = _pairs(name[:MAX_COMPARED])

    def likeness(other: str) -> float:
        theirs = _pairs(other)
        return len(pairs & theirs) / (len(pairs) + len(theirs))

    return sorted(known, key=likeness, reverse=True)


def _pairs(name: str) -> set[str]:
    return {first + second for first, second in pairwise(f" {name.lower()} ")}


def check_encoding(query: str) -> None:
    """Refuse a query string (as WSGI gives it) that is not UTF-8: Django would replace parts."""
    for part in query.encode("latin-1").split(b"&"):
        name, _, value = (unquote_to_bytes(text) for text in part.partition(b"="))
        try:
            (name + value).decode()
        except UnicodeDecodeError:
            key = name.decode(errors="replace")
            raise serializers.ValidationError({key: ["Not UTF-8."]}) from None


class QuerySerializer(StrictSerializer):
    """Query parameters: each once, typed as its field says, then validated like JSON."""

    @classmethod
    def read(cls, query: QueryDict) -> dict[str, Any]:
        """Return the validated values; ValidationError where one is unknown, repeated or bad."""
        repeated = [key for key, values in query.lists() if len(values) > 1]
        if repeated:
            raise serializers.ValidationError({key: ["Given more than once."] for key in repeated})
        serializer = _kept(cls)
        texts = {key: str(value) for key, value in query.items()}
        values: dict[str, Any] = serializer.run_validation(serializer.typed(texts))
        return values

    def typed(self, texts: dict[str, str]) -> dict[str, Any]:
        return {key: _typed(self.fields.get(key), text) for key, text in texts.items()}


@cache
def _kept(kind: type[QuerySerializer]) -> QuerySerializer:
    """Make one serializer for all requests: to copy the fields takes longer than to run them.

    Validating leaves nothing behind in it, so that threads may share it.
    """
    return kind()


def _typed(field: Any, text: str) -> Any:
    """Read a parameter's text as the JSON type that its field takes, or leave it to be refused."""
    if isinstance(field, BooleanField):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(field, IntegerField) and re.fullmatch(r"-?[0-9]{1,19}", text):
        return int(text)
    if isinstance(field, NumberField) and _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
