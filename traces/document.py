"""The trace document: what clients send, its limits and the hashes of its content."""

from hashlib import sha256
from operator import itemgetter
from typing import Annotated, Any, TypedDict
from unicodedata import normalize

import msgspec
from msgspec import UNSET, Meta, UnsetType

from traces.reasoning.turns import JOINT, system_text

MAX_VERSION_CHARS = 64
MAX_PROMPT_CHARS = 50_000
MAX_ANSWER_CHARS = 50_000
MAX_STEPS = 1_000
MAX_STEP_INDEX = 2**31 - 1
MAX_STEP_TYPE_CHARS = 64
MAX_STEP_CHARS = 20_000
MAX_SOURCE_CHARS = 128
MAX_EXTERNAL_ID_CHARS = 200
MAX_TAGS = 50
MAX_TAG_CHARS = 64


class Step(TypedDict):
    i: Annotated[int, Meta(ge=0, le=MAX_STEP_INDEX)]
    type: Annotated[str, Meta(min_length=1, max_length=MAX_STEP_TYPE_CHARS)]
    content: Annotated[str, Meta(min_length=1, max_length=MAX_STEP_CHARS)]


class TraceDocument(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One trace as it comes in, valid by type; absent fields are UNSET."""

    trace_version: Annotated[str, Meta(min_length=1, max_length=MAX_VERSION_CHARS)]
    prompt: Annotated[str, Meta(min_length=1, max_length=MAX_PROMPT_CHARS)]
    final_answer: Annotated[str, Meta(max_length=MAX_ANSWER_CHARS)]
    steps: Annotated[list[Step], Meta(min_length=1, max_length=MAX_STEPS)]
    meta: dict[str, Any] | UnsetType | None = UNSET
    external_id: (
        Annotated[str, Meta(min_length=1, max_length=MAX_EXTERNAL_ID_CHARS)] | UnsetType
    ) = UNSET
    tags: (
        Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=MAX_TAG_CHARS)]],
            Meta(max_length=MAX_TAGS),
        ]
        | UnsetType
    ) = UNSET
    messages: list[dict[str, Any]] | UnsetType = UNSET


_encode = msgspec.json.Encoder().encode
_step_index = itemgetter("i")


def ordered(steps: list[Step]) -> list[Step]:
    """Order steps by their `i`, in place."""
    steps.sort(key=_step_index)
    return steps


def content_hash(prompt: str, steps: list[Step], final_answer: str) -> str:
    """SHA-256 of the compact JSON of what the model was asked and said: its first 32 hex digits."""
    content = [prompt, [[step["type"], step["content"]] for step in steps], final_answer]
    return sha256(_encode(content)).hexdigest()[:32]


def prompt_hash(prompt: str, messages: list[dict[str, Any]] | None = None) -> str:
    """SHA-256 of what was asked, in NFC, white space folded, case ignored: its first 32 hex digits.

    What the system says in `messages` is taken off where the prompt begins with it, unless nothing
    else is there: a question is the same whoever was told how to answer it.
    """
    asked = without_system(prompt, messages) if messages else prompt
    if not asked.isascii():
        asked = normalize("NFC", asked)
    if not _is_folded(asked):
        asked = " ".join(asked.split())
    return sha256(asked.casefold().encode()).hexdigest()[:32]


def without_system(prompt: str, messages: list[dict[str, Any]]) -> str:
    """Take off what the system says in `messages`, where the prompt begins with it and goes on."""
    system = system_text(messages)
    if not system or not prompt.startswith(f"{system}{JOINT}"):
        return prompt
    asked = prompt[len(system) + len(JOINT) :]
    return prompt if not asked or asked.isspace() else asked


def _is_folded(text: str) -> bool:
    """Tell where folding changes nothing, in less time: of all spaces " " alone is printable."""
    return text.isprintable() and "  " not in text and text == text.strip(" ")
