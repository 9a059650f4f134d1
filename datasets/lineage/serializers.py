"""Bodies out of the routes that compare datasets and tell where they come from."""

from typing import Any

from rest_framework import serializers

from datasets.lineage.compare import CHANGES
from tunix_site.api.fields import ChoiceTextField, QuerySerializer, TextField
from tunix_site.database.names import MAX_KEY_CHARS


def _pairs(said: str) -> serializers.DictField:
    return serializers.DictField(
        child=serializers.ListField(min_length=2, max_length=2), help_text=said
    )


class DatasetsQuery(QuerySerializer):
    base = TextField(max_length=MAX_KEY_CHARS, help_text="The key of the one dataset.")
    other = TextField(max_length=MAX_KEY_CHARS, help_text="The key of the other.")


class ChangedTracesQuery(DatasetsQuery):
    change = ChoiceTextField(
        choices=list(CHANGES),
        help_text="`added`: only in the other; `removed`: only in the base; `moved`: in another "
        "split.",
    )


class ChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """How many rows were changed in a way, and where they are listed."""

    count = serializers.IntegerField(help_text="How many rows.")
    ids_url = serializers.URLField(help_text="Where their traces are listed, a line each.")


class DatasetComparisonSerializer(serializers.Serializer[dict[str, Any]]):
    """What the other dataset has otherwise than the base."""

    added = ChangeSerializer(help_text="Traces that are only in the other.")
    removed = ChangeSerializer(help_text="Traces that are only in the base.")
    moved = ChangeSerializer(help_text="Traces that are in another split.")
    recipe = _pairs("The keys of the recipe that differ, with the values of base and other.")
    stats = _pairs(
        "The statistics that differ, with the values of base and other; null where one is older."
    )


class ParentSerializer(serializers.Serializer[dict[str, Any]]):
    """What a dataset was made from."""

    key = serializers.CharField(help_text="As it was sent.")
    kept_here = serializers.BooleanField(help_text="Whether it is a dataset of this site.")


class ChildSerializer(serializers.Serializer[dict[str, Any]]):
    """A dataset that was made from this one."""

    key = serializers.CharField()
    trace_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class CheckedSetSerializer(serializers.Serializer[dict[str, Any]]):
    """An evaluation set, as it was."""

    key = serializers.CharField(help_text="Its key.")
    digest = serializers.CharField()


class CheckSerializer(serializers.Serializer[dict[str, Any]]):
    """An evaluation set that a dataset was held against."""

    eval_set = CheckedSetSerializer()
    by = serializers.ChoiceField(
        ["decontaminate", "contamination"],
        help_text="`decontaminate`: its items were taken away by the build. `contamination`: a job "
        "looked for them since.",
    )
    at = serializers.DateTimeField(help_text="When.")
    trace_count = serializers.IntegerField(help_text="In how many of its traces an item stood.")


class HeldOutSetSerializer(serializers.Serializer[dict[str, Any]]):
    """An evaluation set that was made of this dataset, or of a split of it."""

    key = serializers.CharField(help_text="Its key.")
    digest = serializers.CharField()
    item_count = serializers.IntegerField(help_text="How many items it has.")
    parent_split = serializers.CharField(help_text="Of which split; empty: of all.")


class LineageSerializer(serializers.Serializer[dict[str, Any]]):
    """Where a dataset comes from, what came of it, and what it was held against."""

    dataset_key = serializers.CharField()
    parent = ParentSerializer(allow_null=True, help_text="Null where it names none.")
    child_count = serializers.IntegerField(help_text="How many were made from it.")
    children = ChildSerializer(many=True, help_text="A hundred of them, the newest first.")
    checked_against = CheckSerializer(
        many=True,
        help_text="Evaluation sets; of jobs that looked for items, as long as they are kept, the "
        "last for each of a hundred.",
    )
    held_out_count = serializers.IntegerField(help_text="How many evaluation sets were made of it.")
    held_out = HeldOutSetSerializer(many=True, help_text="A hundred of them, the newest first.")
