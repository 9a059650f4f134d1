from typing import Any

import factory
from django.contrib.auth.models import User

from evalsets.document import Item
from evalsets.models import EvalSet
from evalsets.services.create import EvalSetRequest, create_evalset
from events.tests.acting import acting


def items(count: int = 3, **changes: Any) -> list[Item]:
    """Give sums, each with another id."""
    return [
        Item(
            **{"id": str(n), "prompt": f"What is {n}+1?", "expected_answer": str(n + 1), **changes}
        )
        for n in range(count)
    ]


class EvalSetFactory(factory.Factory):
    """Makes a set of three sums unless items are given; other fields are those of the request."""

    class Meta:
        model = EvalSet

    name = factory.Sequence(lambda n: f"asked{n}")
    version = "1"

    @classmethod
    def _create(cls, model_class: type[EvalSet], *args: Any, **fields: Any) -> EvalSet:
        given = fields.pop("items", None) or items()
        user, _ = User.objects.get_or_create(username="a maker")
        evalset, _ = create_evalset(request=EvalSetRequest(**fields), items=given, by=acting(user))
        return evalset
