"""Names and versions of what never changes, and the keys that are made of both."""

import re

from django.core.validators import RegexValidator

MAX_NAME_CHARS = 128
MAX_VERSION_CHARS = 64
MAX_KEY_CHARS = MAX_NAME_CHARS + 1 + MAX_VERSION_CHARS
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]*")

check_name = RegexValidator(
    rf"^{NAME.pattern}\Z",
    "Begin with a letter or digit; then letters, digits, spaces and . _ / - only.",
)


def key_of(name: str, version: str) -> str:
    return f"{name}-{version}".replace(" ", "_").replace("/", "_")
