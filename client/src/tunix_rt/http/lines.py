"""Responses of a JSON object a line."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from tunix_rt.errors import BrokenOff, Foreign
from tunix_rt.http.transport import reason_of


def whole_lines(response: httpx.Response) -> Iterator[bytes]:
    """Yield the lines of an open response. BrokenOff where they are not all."""
    yield from parted(pieces(response))


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """Yield an open response as it comes. BrokenOff where that is not all."""
    try:
        yield from response.iter_bytes()
    except (httpx.TransportError, httpx.DecodingError) as error:
        asked = f"{response.request.method} {response.request.url.path}"
        raise BrokenOff(f"{asked}: it broke off: {reason_of(error)}.") from None


def documents(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Yield what the lines of an open response say.

    BrokenOff where they are not all, Foreign where they are none.
    """
    if not response.headers.get("Content-Type", "").startswith("application/x-ndjson"):
        raise Foreign(f"{response.request.method} {response.request.url.path}")
    return map(json.loads, whole_lines(response))


def parted(some: Iterable[bytes]) -> Iterator[bytes]:
    r"""Part pieces into lines without their ends; \n alone ends one, as JSON may hold U+2028."""
    begun: list[bytes] = []
    for piece in some:
        first, *others = piece.split(b"\n")
        begun.append(first)
        if others:
            yield b"".join(begun)
            yield from others[:-1]
            begun = [others[-1]]
    if last := b"".join(begun):
        yield last
