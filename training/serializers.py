"""Bodies of the route that generates evaluation sets."""

from typing import Any

import msgspec
from django.core.validators import RegexValidator
from rest_framework import serializers

from evalsets.document import MAX_ITEMS
from evalsets.serializers import name_field, version_field
from evalsets.services.create import EvalSetRequest
from tunix_site.api.fields import IntegerField, ObjectField, StrictSerializer, TextField

MAX_FAMILY_CHARS = 64
MAX_CONFIG_BYTES = 16 * 1024  # it is an argument of a program


class GenerateSerializer(StrictSerializer):
    """What problems, how many, and how the set is called."""

    name = name_field()
    version = version_field()
    family = TextField(
        max_length=MAX_FAMILY_CHARS,
        validators=[RegexValidator(r"^[a-z0-9_]+\Z", "Small letters, digits and _ only.")],
        help_text="`addition`, or a family of reasoning-gym: `problems.py --list` shows them.",
    )
    config = ObjectField(
        required=False, help_text="The family's own settings, such as `min_terms`."
    )
    size = IntegerField(min_value=1, max_value=MAX_ITEMS, help_text="How many problems.")
    seed = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        help_text="The same family, config, size and seed give the same problems.",
    )

    def validate_config(self, config: dict[str, Any]) -> dict[str, Any]:
        if len(msgspec.json.encode(config)) > MAX_CONFIG_BYTES:
            raise serializers.ValidationError(f"More than {MAX_CONFIG_BYTES:,} bytes of JSON.")
        return config

    def to_request(self) -> EvalSetRequest:
        values = self.validated_data
        generator: dict[str, Any] = {
            "family": values["family"],
            "config": values.get("config", {}),
            "size": values["size"],
            "seed": values["seed"],
        }
        return EvalSetRequest(name=values["name"], version=values["version"], generator=generator)
