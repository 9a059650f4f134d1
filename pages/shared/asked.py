"""What an address asks of a list: filters, of which wrong ones are named and drop no other."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.text import Truncator
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Serializer

from tunix_site.errors import text_of

MAX_SEARCH_CHARS = 200
MOST_SHOWN = 200  # characters of a filter in a chip
EMPTY = "empty"  # names a filter whose value is the empty text: an empty field is no filter


@dataclass(frozen=True)
class Wrong:
    """A filter that was refused: what was asked for, and why not."""

    text: str
    reason: str


@dataclass(frozen=True)
class Asked:
    """The filters of an address: as they are written there, and what they mean."""

    texts: dict[str, str]
    values: dict[str, Any]
    wrong: dict[str, Wrong]

    @property
    def query(self) -> str:
        """Give what the API is asked by: what is not wrong."""
        return urlencode(self.texts)

    @property
    def every_text(self) -> dict[str, str]:
        return {**self.texts, **{name: wrong.text for name, wrong in self.wrong.items()}}

    @property
    def empty(self) -> list[str]:
        """Name the filters whose value is the empty text."""
        return [name for name, text in self.every_text.items() if not text]

    @property
    def suffix(self) -> str:
        """Give what an address has behind its path, for a page within the same filter."""
        return self.address() if self.every_text else ""

    def address(self, **more: str) -> str:
        """Give the address of the same list, with parameters of its page."""
        return address_with(self.every_text, **more)

    @property
    def begun(self) -> str:
        """Give the address of the same list up to a parameter of its page, to be added."""
        return self.address() + ("&" if self.every_text else "")

    def without(self, *names: str) -> str:
        """Give the address without some of the filters."""
        left = {name: text for name, text in self.every_text.items() if name not in names}
        return address_with(left)


def texts_of(where: Mapping[str, Any]) -> dict[str, str]:
    """Give the filters of an address for those that are kept as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in where.items()
    }


def address_with(texts: Mapping[str, str], **more: str) -> str:
    """Give the address of a list with filters, and with parameters of its page."""
    said = [(name, text) for name, text in texts.items() if text]
    empty = [(EMPTY, name) for name, text in texts.items() if not text]
    return "?" + urlencode([*said, *empty, *more.items()])


def searched(query: Mapping[str, str]) -> Asked:
    """Read what names are searched for."""
    text = query.get("q", "")[:MAX_SEARCH_CHARS].replace("\0", "")
    texts = {"q": text} if text else {}
    return Asked(texts, texts, {})


def called(asked: Asked) -> Q:
    """Match what has the text that is searched for in its name or its key; all without one."""
    text = asked.values.get("q", "")
    return Q(name__icontains=text) | Q(key__icontains=text) if text else Q()


class Chip(NamedTuple):
    """A filter that is on, why it is refused if it is, and the address without it."""

    label: str
    text: str
    problem: str
    without: str


def asked_of(query: Mapping[str, str], filters: Serializer[Any], names: Iterable[str]) -> Asked:
    """Read filters of an address, each by itself."""
    texts: dict[str, str] = {}
    values: dict[str, Any] = {}
    wrong: dict[str, Wrong] = {}
    for name in names:
        if text := query.get(name, "").strip():
            try:
                values[name] = filters.fields[name].run_validation(text)
            except ValidationError as error:
                wrong[name] = Wrong(text, text_of(error.detail))
            else:
                texts[name] = text
    return Asked(texts, values, wrong)


def chips_of(
    asked: Asked, label_of: Callable[[str], str], *, hidden: Collection[str] = ()
) -> list[Chip]:
    """Give the filters that are on; of hidden ones those that are wrong."""
    return [
        Chip(
            label=label_of(name),
            text=Truncator(text).chars(MOST_SHOWN),
            problem=asked.wrong[name].reason if name in asked.wrong else "",
            without=asked.without(name),
        )
        for name, text in asked.every_text.items()
        if name not in hidden or name in asked.wrong
    ]
