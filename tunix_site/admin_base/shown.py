"""How values are shown."""

import json
import unicodedata
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

BLANK = "(blank)"
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that look like nothing


def text_block(text: str) -> SafeString:
    """Show text as it was sent, white space and all."""
    return format_html('<div class="tunix-text">{}</div>', text)


def json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def json_block(value: Any) -> SafeString:
    return format_html('<pre class="tunix-json">{}</pre>', json_text(value))


def preview(text: str, *, short: bool = False) -> SafeString:
    """Show the beginning of a text on one line of a list, where it may be what leads on."""
    kind = "tunix-preview tunix-preview-short" if short else "tunix-preview"
    shown = text if short or is_seen(text) else BLANK
    return format_html('<span class="{}" title="{}">{}</span>', kind, text, shown)


def is_seen(text: str) -> bool:
    """Tell whether anything of a text would be seen: a letter, a number or a sign."""
    return any(unicodedata.category(one)[0] in "LNPS" and one not in FILLERS for one in text)


def link(page: str, text: Any, *args: Any) -> SafeString:
    """Link to a page of the admin, by the name of its route."""
    address = reverse(f"admin:{page}", args=args)
    return format_html('<a class="text-link" href="{}">{}</a>', address, text)
