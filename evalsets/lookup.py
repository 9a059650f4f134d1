"""Finding the evaluation set that a route names."""

from rest_framework.exceptions import NotFound

from evalsets.models import EvalSet
from tunix_site.strict_json import shown


def evalset_by(key: str) -> EvalSet:
    """Give the set of a key; NotFound where there is none, or it was deleted."""
    evalsets = EvalSet.objects.existing()
    evalset = evalsets.filter(key=key).first() if key.isprintable() else None
    if evalset is None:
        raise NotFound(f"Evaluation set {shown(key)!s:.193} not found.")
    return evalset
