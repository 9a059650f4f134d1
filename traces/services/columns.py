"""Keeping how somebody wants the list of traces to look: nothing of the traces, so no event."""

from collections.abc import Sequence

from events.actors import Actor
from traces.curation.columns import ShownColumns


def keep_columns(*, names: Sequence[str], by: Actor) -> None:
    """Keep the columns that a person chose in place of those from before."""
    ShownColumns.objects.update_or_create(person=by.user, defaults={"names": [*names]})


def forget_columns(*, by: Actor) -> None:
    """Have a person see the usual columns again."""
    ShownColumns.objects.filter(person=by.user).delete()
