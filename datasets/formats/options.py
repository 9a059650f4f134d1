"""What a client may choose about a format."""

from dataclasses import dataclass
from enum import StrEnum

from traces.reasoning.writing import Thought


class Metadata(StrEnum):
    """How what is kept beside a trace comes: its keys and their types differ from row to row."""

    OBJECT = "object"
    JSON = "json"  # as one text, so that the column has one type whatever is in it
    NONE = "none"


class Neutral(StrEnum):
    """What a step counts as that a reviewer found neither right nor wrong."""

    TRUE = "true"
    FALSE = "false"
    DROP = "drop"


class Tools(StrEnum):
    """What becomes of traces with calls of tools."""

    LEAVE_OUT = "leave_out"
    RENDER = "render"  # messages differ in their keys, as those with calls have some of their own


EVERY_METADATA = (Metadata.OBJECT, Metadata.JSON, Metadata.NONE)
TEXT_FIRST = (Metadata.JSON, Metadata.OBJECT, Metadata.NONE)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was chosen; of what was not, the format's default."""

    metadata: Metadata
    include_truncated: bool = False
    thought: Thought = Thought.NONE
    neutral: Neutral = Neutral.TRUE
    conversational: bool = False
    tools: Tools = Tools.LEAVE_OUT

    def __str__(self) -> str:
        """Name the choices, as part of the name of the bytes; of some, those that are made."""
        named = [f"metadata={self.metadata}", f"include_truncated={self.include_truncated}"]
        if self.thought is not Thought.NONE:
            named.append(f"thought={self.thought}")
        if self.neutral is not Neutral.TRUE:
            named.append(f"neutral={self.neutral}")
        if self.conversational:
            named.append("conversational=True")
        if self.tools is not Tools.LEAVE_OUT:
            named.append(f"tools={self.tools}")
        return " ".join(named)
