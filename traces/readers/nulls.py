"""NaN and infinities that are only kept: null in their place, and noted."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from traces.readers.draft import Draft
from tunix_site.strict_json import MAX_DEPTH, NotFinite

KEPT = ("record", "messages", "meta")  # of a draft
MAX_NOTED = 20  # paths
NOT_ENCODED = (TypeError, ValueError, OverflowError, RecursionError)

Place = tuple[dict[str, Any] | list[Any], Any, str]  # where a mark stands, and its path

_encode = msgspec.json.Encoder().encode


def may_be_in(raw: bytes) -> bool:
    """Tell quickly of a record's text that it holds none."""
    return b"NaN" in raw or b"Infinity" in raw


def put(record: dict[str, Any], drafts: Sequence[Draft]) -> None:
    """Put null in a record that was read, where what its drafts only keep of it is not finite.

    What a reader looks at it has refused by then, and what is kept to the letter stays as it is,
    to be refused. `nulled` in a draft's notes holds the paths in the record of those that the draft
    keeps, the first twenty.
    """
    if any(draft.indexes is not None for draft in drafts):
        return
    try:
        _encode(record)
    except NOT_ENCODED:
        _put(record, drafts)


def _put(record: dict[str, Any], drafts: Sequence[Draft]) -> None:
    places = list(_places(record))
    paths = {id(container[key]): path for container, key, path in places}
    for draft in drafts:
        kept = list(_places({name: getattr(draft, name) for name in KEPT}))
        if kept:
            noted = [paths.get(id(container[key]), path) for container, key, path in kept]
            draft.notes["nulled"] = list(dict.fromkeys(noted))[:MAX_NOTED]
            places += kept
    for container, key, _ in places:
        container[key] = None


def _places(value: Any, path: str = "", depth: int = 0) -> Iterator[Place]:
    """Find the marks; what nests too deep is refused elsewhere."""
    if depth > MAX_DEPTH or not isinstance(value, dict | list):
        return
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        here = f"{path}.{key}".lstrip(".") if isinstance(value, dict) else f"{path}[{key}]"
        if isinstance(item, NotFinite):
            yield value, key, here
        else:
            yield from _places(item, here, depth + 1)
