"""Events as they are shown."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events.models import Event


class ThingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    type = serializers.CharField(source="object_type", help_text="The kind of thing it was.")
    id = serializers.CharField(
        source="object_id",
        help_text="Its id, or the key of a dataset; empty: several, of which `count` tells.",
    )


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class ToldField(serializers.JSONField):
    """What an event tells of fields, as it is stored."""


class EventSerializer(serializers.ModelSerializer[Event]):
    actor = serializers.CharField(
        source="actor_name", help_text="The name of then; of a command, the system's account."
    )
    key = serializers.CharField(
        source="key_name", help_text="The name of the API key that it came with; empty: none."
    )
    job = serializers.UUIDField(
        source="job_id", allow_null=True, help_text="The job that did it, if one did."
    )
    object = ThingSerializer(source="*", help_text="What it was done to.")
    before = ToldField(help_text="Of the fields that changed, what they were; null: nothing.")
    after = ToldField(help_text="Of the fields that changed, what they are; null: nothing.")
    where = ToldField(help_text="Which ones, of several: the list's filters.")

    class Meta:
        model = Event
        fields = [
            "id",
            "at",
            "actor",
            "key",
            "through",
            "job",
            "action",
            "object",
            "before",
            "after",
            "count",
            "where",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "at": {"help_text": "When, ISO 8601 in UTC."},
            "through": {"help_text": "What it came in through."},
            "action": {"help_text": "What was done."},
        }
