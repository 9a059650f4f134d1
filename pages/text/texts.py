"""Texts of a page: rendered while there is time for it, and as they were sent."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from pages.text.markdown import as_sent, markdown

MAX_RENDERED_CHARS = 150_000  # of one page: a second of a processor at the worst
MAX_TEXT_CHARS = 50_000  # of one text
MAX_TEXT_LINES = 2_000


@dataclass(frozen=True)
class Shown:
    """A text twice: as it reads, and as it was sent; alike where it was too long to be read."""

    rendered: SafeString
    sent: SafeString
    is_rendered: bool


class Texts:
    """Shows the texts of one page, the first of them rendered."""

    def __init__(self, chars: int = MAX_RENDERED_CHARS) -> None:
        self._left = chars

    def show(self, text: str) -> Shown:
        sent = mark_safe(as_sent(text))  # noqa: S308  # escaped there
        self._left -= len(text)
        lines = text.count("\n")
        if self._left < 0 or len(text) > MAX_TEXT_CHARS or lines > MAX_TEXT_LINES:
            return Shown(rendered=SafeString(""), sent=sent, is_rendered=False)
        rendered = mark_safe(markdown(text))  # noqa: S308  # written of known elements alone
        return Shown(rendered=rendered, sent=sent, is_rendered=True)
