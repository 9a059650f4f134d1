"""Keeping how somebody wants the list of traces to look: nothing of the traces, so no event."""

from collections.abc import Sequence

from events.actors import Actor
from traces.curation.columns import (
    BEFORE_SCORES,
    BEHIND_SCORES,
    MAX_COLUMN_CHARS,
    MAX_COLUMNS,
    MAX_SCORES,
    OF_SCORE,
    ShownColumns,
)
from tunix_site.errors import Invalid


def keep_columns(*, names: Sequence[str], by: Actor) -> None:
    """Keep the columns that a person chose in place of those from before, each once.

    Invalid where one is of no column, or too many are of scores.
    """
    _refuse(names)
    chosen = list(dict.fromkeys(names))[:MAX_COLUMNS]
    ShownColumns.objects.update_or_create(person=by.user, defaults={"names": chosen})


def forget_columns(*, by: Actor) -> None:
    """Have a person see the usual columns again."""
    ShownColumns.objects.filter(person=by.user).delete()


def _refuse(names: Sequence[str]) -> None:
    scores = set()
    for name in names:
        criteria = name.removeprefix(OF_SCORE) if name.startswith(OF_SCORE) else ""
        is_score = bool(criteria) and name.isprintable() and len(name) <= MAX_COLUMN_CHARS
        if not is_score and name not in {*BEFORE_SCORES, *BEHIND_SCORES}:
            raise Invalid({"columns": [f"There is no column {name!a:.80}."]})
        if is_score:
            scores.add(criteria)
    if len(scores) > MAX_SCORES:
        raise Invalid({"columns": [f"At most {MAX_SCORES} scores."]})
