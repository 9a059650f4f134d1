"""Bodies in and out of the routes of evaluation sets."""

from itertools import islice
from typing import Any

from rest_framework import serializers

from evalsets.document import (
    MAX_ALIASES,
    MAX_GROUP_CHARS,
    MAX_ITEM_ID_CHARS,
    MAX_ITEMS,
    Item,
    plain,
)
from evalsets.models import MAX_LICENSE_CHARS, AnswerType, EvalSet
from evalsets.services.create import EvalSetRequest
from traces.document import MAX_ANSWER_CHARS, MAX_PROMPT_CHARS
from tunix_site.api.fields import (
    MAX_BAD,
    ChoiceTextField,
    ListField,
    ObjectField,
    QuerySerializer,
    StrictSerializer,
    TextField,
)
from tunix_site.database.names import MAX_NAME_CHARS, MAX_VERSION_CHARS, check_name

ANOTHER = "Another item has this id."


def group_field(help_text: str) -> TextField:
    return TextField(
        max_length=MAX_GROUP_CHARS, required=False, allow_null=True, help_text=help_text
    )


def name_field(**options: Any) -> TextField:
    return TextField(
        max_length=MAX_NAME_CHARS, validators=[check_name], help_text="The set's name.", **options
    )


def version_field(**options: Any) -> TextField:
    told = "The set's version; it is never made anew."
    return TextField(
        max_length=MAX_VERSION_CHARS, validators=[check_name], help_text=told, **options
    )


class ItemSerializer(StrictSerializer):
    """A question, and the answer that is expected."""

    id = TextField(max_length=MAX_ITEM_ID_CHARS, help_text="Unique within the set.")
    prompt = TextField(max_length=MAX_PROMPT_CHARS, help_text="What is asked.")
    expected_answer = TextField(max_length=MAX_ANSWER_CHARS, allow_blank=True)
    aliases = ListField(
        child=TextField(max_length=MAX_ANSWER_CHARS),
        max_length=MAX_ALIASES,
        required=False,
        help_text="Other answers that are right.",
    )
    section = group_field("A part of the set, by which reports group.")
    category = group_field("What the question is about, by which reports group.")
    difficulty = group_field("How hard it is, by which reports group.")
    meta = ObjectField(required=False, help_text="Any object of yours.")

    def read(self, value: Any) -> Item:
        """Check a parsed item; ValidationError by field."""
        return item_of(self.run_validation(value))


def item_of(values: dict[str, Any]) -> Item:
    """Give the item of validated values."""
    return Item(**{**values, "meta": plain(values.get("meta", {}))})


class NewEvalSetSerializer(StrictSerializer):
    """A set with its items."""

    name = name_field()
    version = version_field()
    answer_type = ChoiceTextField(
        choices=AnswerType.values,
        required=False,
        allow_null=True,
        help_text="How its answers are compared.",
    )
    license = TextField(
        max_length=MAX_LICENSE_CHARS,
        required=False,
        allow_null=True,
        help_text="Under which its questions may be used.",
    )
    items = ListField(
        child=ItemSerializer(),
        allow_empty=False,
        max_length=MAX_ITEMS,
        help_text="Its questions, in order; each id once.",
    )

    def validate_items(self, items: list[dict[str, Any]]) -> list[Item]:
        first: dict[str, int] = {}
        again = (
            (str(position), {"id": [ANOTHER]})
            for position, item in enumerate(items)
            if first.setdefault(item["id"], position) != position
        )
        if refused := dict(islice(again, MAX_BAD)):
            raise serializers.ValidationError(refused)
        return [item_of(item) for item in items]


class LinesQuery(QuerySerializer):
    """What is said of a set whose items are the lines of the body; `name` and `version` are needed.

    A body of JSON says the same itself.
    """

    name = name_field(required=False)
    version = version_field(required=False)
    answer_type = ChoiceTextField(choices=AnswerType.values, required=False)
    license = TextField(max_length=MAX_LICENSE_CHARS, required=False)


def lines_request(query: dict[str, Any]) -> EvalSetRequest:
    """Give what the parameters say of a set of lines; ValidationError where one is missing."""
    missing = {name: ["Needed with lines."] for name in ("name", "version") if name not in query}
    if missing:
        raise serializers.ValidationError(missing)
    return EvalSetRequest(**query)


def json_request(body: Any, query: dict[str, Any]) -> tuple[EvalSetRequest, list[Item]]:
    """Give what a body of JSON says, and its items; ValidationError by field."""
    if query:
        told = "Only with application/x-ndjson: here it is a key of the body."
        raise serializers.ValidationError({name: [told] for name in query})
    serializer = NewEvalSetSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    given = serializer.validated_data
    values = {name: value for name, value in given.items() if value is not None}
    items: list[Item] = values.pop("items")
    return EvalSetRequest(**values), items


class CreatedSerializer(serializers.ModelSerializer[EvalSet]):
    class Meta:
        model = EvalSet
        fields = ["key", "digest", "item_count"]
        read_only_fields = fields


class NullableTextField(serializers.CharField):
    """Text whose absence is stored as the empty string and shown as null."""

    def __init__(self) -> None:
        super().__init__(allow_null=True)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class EvalSetRowSerializer(serializers.ModelSerializer[EvalSet]):
    answer_type = NullableTextField()
    license = NullableTextField()
    parent = NullableTextField()  # type: ignore[assignment]  # of a serializer it is another thing

    class Meta:
        model = EvalSet
        fields = [
            "key",
            "name",
            "version",
            "created_at",
            "answer_type",
            "license",
            "parent",
            "item_count",
            "digest",
        ]
        read_only_fields = fields


class EvalSetSerializer(EvalSetRowSerializer):
    parent_split = NullableTextField()
    generator = serializers.DictField(allow_null=True)

    class Meta(EvalSetRowSerializer.Meta):
        fields = [*EvalSetRowSerializer.Meta.fields, "parent_split", "generator"]
        read_only_fields = fields
