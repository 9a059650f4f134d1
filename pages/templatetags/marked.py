"""Short texts of a page, with marks for what would not be seen."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from pages.text.invisible import shown

register = template.Library()


@register.filter
def marked(text: object) -> SafeString:
    return mark_safe(shown(str(text)))  # noqa: S308  # escaped there
