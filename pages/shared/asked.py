"""What an address asks of a list: filters, of which wrong ones are named and drop no other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

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
