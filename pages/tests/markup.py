"""HTML as a browser has it: which elements, with which attributes, and the text."""

import re
from html.parser import HTMLParser
from typing import Any

VOID = {"br", "hr", "img", "input", "link", "meta"}
AFTER_A_BREAK = {"pre", "textarea"}  # their text begins behind a first line break


class Markup(HTMLParser):
    """The elements of a piece of HTML, each with its attributes, and all of its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.begins = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.begins = tag in AFTER_A_BREAK
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.begins = False
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data.removeprefix("\n") if self.begins else data
        self.begins = False

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    @property
    def attributes(self) -> set[str]:
        return {name for _, attributes in self.elements for name in attributes}


def text_of(response: Any, status: int = 200) -> str:
    """Give what a page says, its white space folded."""
    assert response.status_code == status, response.content
    return words_in(response.content.decode())


def words_in(html: str) -> str:
    return re.sub(r"\s+", " ", Markup(html).text)
