"""Who writes in tests."""

from typing import Any

from events.actors import Actor
from events.models import Through


def acting(user: Any = None, *, through: Through = Through.API) -> Actor:
    return Actor(user=user, through=through)
