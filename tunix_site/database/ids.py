"""Ids as addresses and forms name them: what is no id names nothing."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound

MOST_DIGITS = 18  # a column of numbers holds all that have no more
Row = TypeVar("Row", bound=Model)


def uuid_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def number_in(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None


def with_number(rows: QuerySet[Row], pk: str | int) -> Row:
    """Fetch a row by what may be no number at all; NotFound where there is none."""
    number = number_in(str(pk))
    row = None if number is None else rows.filter(pk=number).first()
    if row is None:
        kind = str(rows.model._meta.verbose_name).capitalize()
        raise NotFound(f"{kind} {str(pk)!a:.40} not found.")
    return row
