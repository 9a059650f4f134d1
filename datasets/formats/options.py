"""What a client may choose about a format."""

from dataclasses import dataclass
from enum import StrEnum


class Metadata(StrEnum):
    """How what is kept beside a trace comes: its keys and their types differ from row to row."""

    OBJECT = "object"
    JSON = "json"  # as one text, so that the column has one type whatever is in it
    NONE = "none"


EVERY_METADATA = (Metadata.OBJECT, Metadata.JSON, Metadata.NONE)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was chosen; of what was not, the format's default."""

    metadata: Metadata
    include_truncated: bool = False

    def __str__(self) -> str:
        """Name the choices, as part of the name of the bytes."""
        return f"metadata={self.metadata} include_truncated={self.include_truncated}"
