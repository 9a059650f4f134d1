"""What an address asks of a list: filters, of which wrong ones are named and drop no other."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


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
    def suffix(self) -> str:
        """Give what an address has behind its path, for a page within the same filter."""
        return "?" + urlencode(self.every_text) if self.every_text else ""

    def address(self, **more: str) -> str:
        """Give the address of the same list, with parameters of its page."""
        return "?" + urlencode({**self.every_text, **more})

    def without(self, *names: str) -> str:
        """Give the address without some of the filters."""
        left = {name: text for name, text in self.every_text.items() if name not in names}
        return "?" + urlencode(left)
