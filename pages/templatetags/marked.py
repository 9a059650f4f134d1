"""Short texts of a page, with marks for what would not be seen."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString, mark_safe

from pages.text.invisible import shown

register = template.Library()


@register.filter
def marked(text: object) -> SafeString:
    return mark_safe(shown(str(text)))  # noqa: S308  # escaped there


@register.filter
def item(values: Mapping[str, str], name: str) -> str:
    """Give what a form was sent under a name that a template cannot write."""
    return values.get(name, "")
