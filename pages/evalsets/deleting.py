"""Deleting an evaluation set."""

from rest_framework.exceptions import APIException

from evalsets.models import EvalSet
from evalsets.services.delete import delete_evalset
from events.actors import Actor
from tunix_site.errors import text_of


def deleted(evalset: EvalSet, *, by: Actor) -> str:
    """Delete a set; why not, where it stays."""
    try:
        delete_evalset(evalset=evalset, by=by)
    except APIException as error:
        return text_of(error.detail)
    return ""
