"""What must fit together: each queue that jobs wait in has a worker."""

from typing import Any

from django.core import checks

from jobs.kinds import KINDS
from tunix_site.apps import workers


def known_queues() -> list[str]:
    """Give the queues that the workers of the apps work on."""
    return [
        queue
        for command in workers().values()
        if tuple(command[:2]) == ("work", "--queues")
        for queue in command[2].split(",")
    ]


def every_queue_is_served(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    unserved = {kind.queue for kind in KINDS.values() if kind.queue} - set(known_queues())
    return [
        checks.Error(f"No worker of any app works on the queue {queue}.", id="jobs.E001")
        for queue in sorted(unserved)
    ]


def register() -> None:
    checks.register(every_queue_is_served)
