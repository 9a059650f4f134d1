"""Reading the items of an evaluation set as a stream, with constant memory."""

from collections.abc import Generator
from contextlib import closing
from typing import Any

from rest_framework.exceptions import NotFound

from evalsets.document import Item, line_of
from evalsets.models import EvalSet
from tunix_site.api.pieces import in_pieces
from tunix_site.database.copy_out import copy_out
from tunix_site.strict_json import stored

IN_ORDER = """
    SELECT item_id, prompt, expected_answer, aliases, section, category, difficulty, meta
    FROM evalsets_evalitem WHERE evalset_id = %s ORDER BY position
"""


def item_pieces(evalset: EvalSet) -> Generator[bytes]:
    """Yield the lines of a set's items in order, in larger pieces.

    NotFound before the last where some are missing: the set was deleted before they were read.
    """
    with closing(items(evalset)) as found:
        yield from in_pieces(map(line_of, found))


def items(evalset: EvalSet) -> Generator[Item]:
    """Yield a set's items in order; NotFound as above."""
    count = 0
    with copy_out(IN_ORDER, [evalset.pk]) as copy:
        for row in copy.rows():
            count += 1
            yield _item(*row)
    if count != evalset.item_count:
        raise NotFound(f"Evaluation set not found: {evalset.key} was deleted.")


def _item(
    item_id: str,
    prompt: str,
    expected_answer: str,
    aliases: str,
    section: str,
    category: str,
    difficulty: str,
    meta: str,
) -> Item:
    return Item(
        id=item_id,
        prompt=prompt,
        expected_answer=expected_answer,
        aliases=_list(aliases),
        section=section or None,
        category=category or None,
        difficulty=difficulty or None,
        meta={} if meta == "{}" else stored(meta),
    )


def _list(text: str) -> list[Any]:
    found: list[Any] = [] if text == "[]" else stored(text)
    return found
