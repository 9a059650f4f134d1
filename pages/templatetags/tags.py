"""Tags in a field."""

from collections.abc import Iterable

from django import template

from pages.shared import tags

register = template.Library()
register.filter("tag_lines", tags.tag_lines)


@register.filter
def have_line_breaks(given: Iterable[str]) -> bool:
    return any("\n" in tag or "\r" in tag for tag in given)
