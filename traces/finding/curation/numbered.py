"""Rows by the number in a path."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound

MAX_ID_DIGITS = 18
Row = TypeVar("Row", bound=Model)


def with_number(rows: QuerySet[Row], pk: str | int) -> Row:
    """Fetch a row by what may be no number at all; NotFound where there is none."""
    text = str(pk)
    is_number = text.isascii() and text.isdecimal() and len(text) <= MAX_ID_DIGITS
    row = rows.filter(pk=int(text)).first() if is_number else None
    if row is None:
        kind = str(rows.model._meta.verbose_name).capitalize()
        raise NotFound(f"{kind} {text!a:.40} not found.")
    return row
