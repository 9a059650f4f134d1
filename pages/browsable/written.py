"""An answer as HTML: JSON on lines of its own, its ids links, no more of it than a page bears."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from pages.browsable.links import Links
from pages.text.invisible import shown

MAX_SHOWN = 100_000  # characters
INDENT = "  "


@dataclass(frozen=True)
class Written:
    html: SafeString
    is_whole: bool
    size: int  # bytes of the answer as a program gets it


def written(body: bytes, links: Links) -> Written:
    """Write an answer that is JSON, up to `MAX_SHOWN` characters of it."""
    parts: list[str] = []
    left = MAX_SHOWN
    pieces = _pieces(msgspec.json.decode(body), links) if body else iter(())
    for text, html in pieces:
        parts.append(html or shown(text[:left]))
        left -= len(text)
        if left < 0:
            break
    whole = mark_safe("".join(parts))  # noqa: S308  # each piece is escaped
    return Written(whole, is_whole=left >= 0, size=len(body))


def _pieces(
    value: Any,
    links: Links,
    names: tuple[str, ...] = (),
    beside: Mapping[str, Any] | None = None,
    indent: str = "",
) -> Iterator[tuple[str, str]]:
    """Yield texts, each with its HTML where that is more than the text."""
    inner = indent + INDENT
    if isinstance(value, dict) and value:
        yield "{\n", ""
        for number, (name, one) in enumerate(value.items(), start=1):
            yield inner, ""
            yield _name(name)
            yield ": ", ""
            yield from _pieces(one, links, (*names, name), value, inner)
            yield _end(number == len(value)), ""
        yield indent + "}", ""
    elif isinstance(value, list) and value:
        yield "[\n", ""
        for number, one in enumerate(value, start=1):
            yield inner, ""
            yield from _pieces(one, links, names, beside, inner)
            yield _end(number == len(value)), ""
        yield indent + "]", ""
    else:
        text = _json(value)
        address = links.address(names, value, beside or {})
        yield text, f'<a href="{escape(address)}">{shown(text)}</a>' if address else ""


def _name(name: str) -> tuple[str, str]:
    text = _json(name)
    return text, f'<span class="name">{shown(text)}</span>' if len(text) < MAX_SHOWN else ""


def _end(is_last: bool) -> str:  # noqa: FBT001
    return "\n" if is_last else ",\n"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
