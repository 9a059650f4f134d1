"""Preferences as they are written and shown."""

from rest_framework import serializers

from traces.models import Preference
from traces.serializers.reviews import MAX_NOTE_CHARS
from tunix_site.api.fields import StrictSerializer, TextField, UUIDField


class NewPreferenceSerializer(StrictSerializer):
    """Two attempts at one prompt, and which is better."""

    chosen = UUIDField(help_text="The id of the trace that is better.")
    rejected = UUIDField(help_text="The id of the other one.")
    note = TextField(max_length=MAX_NOTE_CHARS, allow_blank=True, required=False, default="")


class PreferenceSerializer(serializers.ModelSerializer[Preference]):
    chosen = serializers.UUIDField(source="chosen_id")
    rejected = serializers.UUIDField(source="rejected_id")
    reviewer = serializers.CharField(source="reviewer.username")

    class Meta:
        model = Preference
        fields = ["id", "chosen", "rejected", "reviewer", "note", "created_at"]
        read_only_fields = fields
