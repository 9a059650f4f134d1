"""Keeping what the form of the columns sends; and why that is refused."""

from django.http import QueryDict

from events.actors import Actor
from pages.shared.refusals import Refusal, refusable
from traces.services.columns import forget_columns, keep_columns
from tunix_site.errors import Invalid


def keep(form: QueryDict, *, by: Actor) -> Refusal:
    """Keep the columns that a person chose, or the usual ones."""
    with refusable(Invalid) as refused:
        if "usual" in form:
            forget_columns(by=by)
        else:
            keep_columns(names=form.getlist("columns"), by=by)
    return refused
