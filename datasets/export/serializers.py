"""Queries of the export routes, and what is told of a format."""

from collections.abc import Collection

from rest_framework import serializers

from datasets.export.export import Export
from datasets.formats.known import AS_LINES, AS_PARQUET
from datasets.formats.options import Metadata, Neutral, Tools
from datasets.recipe.rules import MAX_SPLIT_CHARS
from traces.reasoning.writing import Thought
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    IntegerField,
    QuerySerializer,
    TextField,
)

DEFAULT_FORMAT = "trace"


def format_field(known: Collection[str]) -> ChoiceTextField:
    return ChoiceTextField(
        choices=list(known),
        required=False,
        default=DEFAULT_FORMAT,
        error_messages={"invalid_choice": f"Unknown format; known ones: {', '.join(known)}."},
    )


class FormatQuery(QuerySerializer):
    """What may be chosen about a format."""

    split = TextField(max_length=MAX_SPLIT_CHARS, required=False)
    metadata = ChoiceTextField(
        choices=list(Metadata),
        required=False,
        help_text="`json`: as one text of JSON, which gives the same columns whatever is in it. "
        "`object` is what `trace`, `tunix_sft`, `training_example` and `record` come with as lines "
        "unless asked, and Parquet never; `none` is not with `record`.",
    )
    thought = ChoiceTextField(
        choices=list(Thought),
        required=False,
        help_text="How a thought comes beside the reply: in a field of its own (of `chat` and "
        "`messages`, which do so unless asked), in `<think>`, in the tags `<reasoning>` and "
        "`<answer>`, `plain` before it (as texts do unless asked), or not at all.",
    )
    neutral = ChoiceTextField(
        choices=list(Neutral),
        required=False,
        help_text="What a step of `stepwise` counts as that is neither right nor wrong; `drop` "
        "leaves it out.",
    )
    conversational = BooleanField(
        required=False,
        help_text="Of `preference`: messages in place of texts, of several turns as well.",
    )
    tools = ChoiceTextField(
        choices=list(Tools),
        required=False,
        help_text="Of `chat` and `messages`: `render` gives traces with calls of tools too, which "
        "are left out unless asked; messages then differ in their keys, and `tools` is a column.",
    )
    include_truncated = BooleanField(
        required=False,
        help_text="Keep replies that were cut off before their answer; with formats that leave "
        "them out.",
    )


class ExportQuery(FormatQuery):
    format = format_field(AS_LINES)
    after = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        default=0,
        help_text="Go on after so many rows of the export; not with Parquet.",
    )


class ParquetQuery(ExportQuery):
    format = format_field(AS_PARQUET)


class FormatCountsSerializer(serializers.Serializer[Export]):
    """What a format makes of a dataset."""

    format = serializers.CharField(source="fmt.name")
    version = serializers.IntegerField(source="fmt.version")
    row_count = serializers.IntegerField()
    left_out = serializers.DictField(child=serializers.IntegerField())
