"""The questions of an evaluation set: a page of them, one whole, and how they are grouped."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from django.db.models import Count, F, Func, IntegerField
from django.db.models.functions import Left

from evalsets.models import EvalItem, EvalSet
from pages.shared.refusals import refusable
from tunix_site.database.ids import number_in
from tunix_site.database.patience import patience
from tunix_site.errors import Unavailable

ROWS = 50
MOST_POSITIONS = 2**31 - 1
PROMPT_CHARS, ANSWER_CHARS = 400, 200
ALIAS_CHARS = 2_000
GROUPS = ("section", "category", "difficulty")
VALUES_SHOWN = 12
SECONDS = 2.0
SETS_KEPT = 200  # whose groups a process remembers


@dataclass(frozen=True)
class Items:
    """Some items in order, and where the pages beside begin; none where there is none."""

    rows: list[Any]
    earlier: int | None
    later: int | None


@dataclass(frozen=True)
class Group:
    """How many items have each value of a field; the most frequent values, of how many."""

    name: str
    values: list[tuple[str, int, float]]  # a value, how many have it, and its bar in per cent
    has_more: bool


def items_page(evalset: EvalSet, query: Mapping[str, str]) -> Items:
    """Give the items from a position on, long texts cut; a query, whose cost is the same at any."""
    start = _position(query.get("from", "")) or 0
    cut = {"prompt_cut": Left("prompt", PROMPT_CHARS + 1)}
    cut["answer_cut"] = Left("expected_answer", ANSWER_CHARS + 1)
    aliases = Func(F("aliases"), function="jsonb_array_length", output_field=IntegerField())
    found = evalset.items.filter(position__gte=start).annotate(**cut, alias_count=aliases)
    small = found.defer("prompt", "expected_answer", "aliases", "meta")
    rows = [*small.order_by("position")[:ROWS]]
    last = rows[-1].position + 1 if rows else start
    return Items(
        rows=rows,
        earlier=max(0, min(start, evalset.item_count) - ROWS) if start else None,
        later=last if last < evalset.item_count else None,
    )


def item_at(evalset: EvalSet, query: Mapping[str, str]) -> dict[str, Any] | None:
    """Give the item at the position that an address names, whole."""
    position = _position(query.get("item", ""))
    item = None if position is None else evalset.items.filter(position=position).first()
    if item is None:
        return None
    meta = msgspec.json.format(msgspec.json.encode(item.meta), indent=2).decode()
    aliases = [str(one)[:ALIAS_CHARS] for one in item.aliases]
    return {"item": item, "aliases": aliases, "meta": meta if item.meta else ""}


def groups_of(evalset: EvalSet) -> tuple[tuple[Group, ...], str]:
    """Count the items by section, category and difficulty; the reason where that takes too long."""
    with refusable(Unavailable) as refused, patience(SECONDS):
        return _groups(evalset.pk, evalset.digest), ""
    return (), refused.text


@lru_cache(maxsize=SETS_KEPT)  # a set never changes
def _groups(pk: int, digest: str) -> tuple[Group, ...]:
    items = EvalItem.objects.filter(evalset=pk, evalset__digest=digest).order_by()
    found = (_group(name, items.values_list(name)) for name in GROUPS)
    return tuple(group for group in found if group)


def _group(name: str, items: Any) -> Group | None:
    found = [*items.annotate(n=Count("pk")).order_by("-n", name)[: VALUES_SHOWN + 1]]
    if not any(value for value, _ in found):
        return None
    most = found[0][1]
    values = [(value, n, round(100 * n / most, 1)) for value, n in found[:VALUES_SHOWN]]
    return Group(name.capitalize(), values, has_more=len(found) > VALUES_SHOWN)


def _position(text: str) -> int | None:
    position = number_in(text)
    return None if position is None else min(position, MOST_POSITIONS)
