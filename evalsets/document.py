"""An item of an evaluation set: its limits, the line that it is written as, and the digest."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from tunix_site.strict_json import INT64

MAX_ITEMS = 100_000
MAX_ITEM_ID_CHARS = 200
MAX_ALIASES = 50
MAX_GROUP_CHARS = 200  # of section, category and difficulty

_encode = msgspec.json.Encoder(order="deterministic").encode


class Item(msgspec.Struct, omit_defaults=True, frozen=True, gc=False):
    """A question and the answer that is expected; what is absent is left out of its line."""

    id: str
    prompt: str
    expected_answer: str
    aliases: list[str] = []
    section: str | None = None
    category: str | None = None
    difficulty: str | None = None
    meta: dict[str, Any] = {}


def line_of(item: Item) -> bytes:
    r"""Write an item as compact JSON, the keys of its meta sorted, with "\n" behind it."""
    return _encode(item) + b"\n"


def digest_of(items: Iterable[Item]) -> str:
    """SHA-256 of the lines of all items, in order: of the file that they can be fetched as."""
    digest = sha256()
    for item in items:
        digest.update(line_of(item))
    return digest.hexdigest()


def plain(value: Any) -> Any:
    """Make integers of the floats that are such: JSON knows one kind of number, and so does jsonb.

    Else the line of what was stored could differ from that of what was sent.
    """
    match value:
        case float() if value.is_integer() and int(value) in INT64:
            return int(value)
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
    return value
