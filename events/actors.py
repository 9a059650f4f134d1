"""Who writes: every service that changes something is told."""

import getpass
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from events.models import MAX_NAME_CHARS, Through


class Key(Protocol):
    """What is kept of an API key."""

    pk: Any
    name: Any
    role: Any


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A user, the API key that they came with, and through what; a command may have no user.

    A worker has the job that it does for them.
    """

    user: Any
    through: Through
    key: Key | None = None
    job_id: UUID | None = None

    @cached_property
    def user_id(self) -> int | None:
        return None if self.user is None else self.user.pk

    @cached_property
    def key_id(self) -> int | None:
        return None if self.key is None else self.key.pk

    @property
    def name(self) -> str:
        """Name the user, or the system's account that runs a command."""
        return self.user.get_username() if self.user is not None else _account()


def command(*, user: Any = None) -> Actor:
    """Whoever runs a command on the server, or the user that they say it is for."""
    return Actor(user=user, through=Through.COMMAND)


def worker(*, user: Any, job_id: UUID | None = None) -> Actor:
    """A worker, on behalf of whoever started its job."""
    return Actor(user=user, through=Through.WORKER, job_id=job_id)


def _account() -> str:
    try:
        return getpass.getuser()[:MAX_NAME_CHARS]
    except (KeyError, OSError):  # a container may run under an id that has no name
        return "the server"
