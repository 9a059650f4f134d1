"""What of traces may change, of one or of all that match."""

from typing import Any, ClassVar

from rest_framework import serializers

from traces import document
from traces.document import TraceDocument
from traces.finding.filters import TraceFilters
from traces.intake.document_serializer import TagField
from traces.models import Status
from traces.services.bulk.changing import BulkChange
from tunix_site.api.fields import (
    ChoiceTextField,
    IntegerField,
    ListField,
    StrictSerializer,
)


class CurationSerializer(StrictSerializer):
    """What of a trace may change."""

    status = ChoiceTextField(choices=Status.choices, required=False)
    tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)
    expected_tags = ListField(
        child=TagField(),
        max_length=document.MAX_TAGS,
        required=False,
        help_text="Other tags are refused where it has others than these by now.",
    )

    def refusal_of(self, key: str) -> str:
        if key in (*TraceDocument.__struct_fields__, "original"):
            return (
                "The content of a trace never changes: POST a new one whose `meta.revision_of` is "
                "the id of this one. What may change: status, tags."
            )
        return super().refusal_of(key)

    def to_curation(self) -> dict[str, Any]:
        """Give what changes, and the tags that are expected, as `curate_trace` takes them."""
        changes = dict(self.validated_data)
        return {"expected_tags": changes.pop("expected_tags", None), "changes": changes}


class BulkSetSerializer(StrictSerializer):
    """What becomes of the traces: at least one of the three."""

    openapi: ClassVar = {  # below `allOf`: of generated clients some take it for a choice of types
        "allOf": [
            {
                "anyOf": [
                    {"required": ["status"]},
                    *(
                        {"required": [name], "properties": {name: {"minItems": 1}}}
                        for name in ("add_tags", "remove_tags")
                    ),
                ]
            }
        ]
    }

    status = ChoiceTextField(choices=Status.choices, required=False)
    add_tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)
    remove_tags = ListField(child=TagField(), max_length=document.MAX_TAGS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(attrs.values()):
            raise serializers.ValidationError("Give a status, add_tags or remove_tags.")
        both = set(attrs.get("add_tags", ())) & set(attrs.get("remove_tags", ()))
        if both:
            raise serializers.ValidationError({"add_tags": [f"Removed as well: {min(both)}."]})
        return attrs


class BulkSerializer(StrictSerializer):
    """A change of all traces that match a filter."""

    where = TraceFilters(help_text="The list's filters; {} is every trace.")
    set = BulkSetSerializer()
    expected_count = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text="Refused where another number of traces matches.",
    )

    def to_change(self) -> BulkChange:
        values = self.validated_data
        return BulkChange(where=values["where"], **values["set"])
