"""Making evaluation sets."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation

from evalsets.document import Item, digest_of, line_of
from evalsets.models import EvalItem, EvalSet
from events.actors import Actor
from events.services import record_event
from traces.document import prompt_hash
from tunix_site.database.names import key_of
from tunix_site.errors import Conflict, Invalid

COPIED_AT_ONCE = 100  # items, in memory: each may be of a megabyte
OF_ROUTES = frozenset({"from-dataset"})  # keys that could not be asked for

COPY_ITEMS = f"""
COPY {EvalItem._meta.db_table} (
    evalset_id, position, item_id, prompt, prompt_hash, expected_answer, aliases,
    section, category, difficulty, meta
) FROM STDIN
"""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, kw_only=True)
class EvalSetRequest:
    """What is said of a set as a whole, validated."""

    name: str
    version: str
    answer_type: str = ""
    license: str = ""
    parent: str = ""
    parent_split: str = ""
    generator: dict[str, Any] | None = None


class _Taken(Exception):
    """The name and version, or the key, are there already."""


def create_evalset(
    *, request: EvalSetRequest, items: Iterable[Item], by: Actor
) -> tuple[EvalSet, bool]:
    """Make a set in one transaction; return it and whether it is new.

    The same request again gives the stored one, for which the items are gone through again.
    Conflict where name, version or key are taken by something else; Invalid where there is no item,
    and whatever going through them raises.
    """
    key = key_of(request.name, request.version)
    if key in OF_ROUTES:
        raise Invalid({"version": [f"The key {key} is the name of a route: choose another."]})
    try:
        return _created(request, items, by), True
    except _Taken:
        return _stored(request, items), False


def _created(request: EvalSetRequest, items: Iterable[Item], by: Actor) -> EvalSet:
    with transaction.atomic():
        evalset = EvalSet(
            key=key_of(request.name, request.version), created_by=by.user, **vars(request)
        )
        try:
            with transaction.atomic():
                evalset.save(force_insert=True)
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                raise _Taken from None
            raise
        _copy_items(evalset, items)
        evalset.save(update_fields=["item_count", "digest"])
        record_event(
            by=by,
            action="create",
            object_type="evalset",
            object_id=evalset.key,
            after={"digest": evalset.digest},
            count=evalset.item_count,
        )
    return evalset


def _copy_items(evalset: EvalSet, items: Iterable[Item]) -> None:
    """Write the items, and note how many they are and their digest; Invalid where there is none."""
    digest = sha256()
    count = 0
    given = iter(items)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        while some := list(islice(given, COPIED_AT_ONCE)):  # which may be read from the database
            with cursor.copy(COPY_ITEMS) as copy:
                for position, item in enumerate(some, start=count):
                    digest.update(line_of(item))
                    copy.write_row(_row(evalset.pk, position, item))
            count += len(some)
    if not count:
        raise Invalid({"detail": "There is no item in it: nothing was stored."})
    evalset.item_count, evalset.digest = count, digest.hexdigest()


def _row(evalset_id: int, position: int, item: Item) -> tuple[Any, ...]:
    return (
        evalset_id,
        position,
        item.id,
        item.prompt,
        prompt_hash(item.prompt),
        item.expected_answer,
        _encode(item.aliases).decode(),
        item.section or "",
        item.category or "",
        item.difficulty or "",
        _encode(item.meta).decode(),
    )


def _stored(request: EvalSetRequest, items: Iterable[Item]) -> EvalSet:
    """Give what is there under the name and version; Conflict where it is of another request."""
    key = key_of(request.name, request.version)
    evalset = EvalSet.objects.filter(name=request.name, version=request.version).first()
    if evalset is None:
        other = EvalSet.objects.get(key=key)
        raise Conflict(f"The key {key} is taken by {other.name!r} version {other.version!r}.")
    if evalset.deleted_at is not None:
        raise Conflict(f"{key} was deleted; its key stays taken. Choose another version.")
    differing = [name for name, asked in vars(request).items() if getattr(evalset, name) != asked]
    if digest_of(items) != evalset.digest:
        differing.append("items")
    if differing:
        raise Conflict(
            f"{key} was made by another request (different: {', '.join(differing)}). "
            "Choose another version."
        )
    return evalset
