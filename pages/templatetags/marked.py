"""Short texts of a page, with marks for what would not be seen."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString, mark_safe

from pages.text.invisible import is_plain, shown
from tunix_site.admin_base.shown import is_seen

register = template.Library()


@register.filter
def marked(text: object) -> SafeString:
    return mark_safe(shown(str(text)))  # noqa: S308  # escaped there


@register.filter
def is_shown(text: str) -> bool:
    """Tell whether anything of a text is seen where it is marked."""
    return is_seen(text) or not is_plain(text)


@register.filter
def or_words(text: str, words: str) -> str:
    """Give a text, or words where nothing of it is seen."""
    return text if is_shown(text) else words


@register.filter
def item(values: Mapping[str, str], name: str) -> str:
    """Give what a form was sent under a name that a template cannot write."""
    return values.get(name, "")
