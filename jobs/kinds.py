"""The kinds of jobs that there are; the apps above add theirs as they are loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from events.actors import Actor
    from jobs.models import Job
    from jobs.progress import Progress

Run = Callable[["Job", "Progress", "Actor"], dict[str, Any]]


class Tell(Protocol):
    def __call__(self, *, job: "Job") -> None: ...


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a kind of job does, and who may start it.

    Without a queue it is run by whoever makes it, such as an import by its own request. What it did
    is undone by a job of the kind `undone_by`. `tell` is called in the transaction that ends the
    job, however it ends: where what it did stays piece by piece, it records an event of what all
    attempts did.
    """

    name: str
    role: str
    for_superusers: bool = False
    queue: str | None = None
    run: Run | None = None
    undone_by: str | None = None
    tell: Tell | None = None


KINDS: dict[str, Kind] = {}


def job_kind(
    name: str,
    *,
    queue: str,
    role: str,
    for_superusers: bool = False,
    undone_by: str | None = None,
    tell: Tell | None = None,
) -> Callable[[Run], Run]:
    """Register a function as the work of a kind of job; it returns the job's result.

    It is given the job, its progress, and for whom it is done, who may still ask for it.
    A job may be run more than once: when its process was killed after the work was done but before
    that was noted, or was only paused and goes on beside its successor. So the work must be such
    that doing it again changes nothing. All call `progress.check()` now and then; what changes
    many rows piece by piece asks `asker_of` again. What is told by `tell` is written in
    transactions that `hold_job`, so that none comes after the end.
    """

    def register(run: Run) -> Run:
        KINDS[name] = Kind(
            name=name,
            role=role,
            for_superusers=for_superusers,
            queue=queue,
            run=run,
            undone_by=undone_by,
            tell=tell,
        )
        return run

    return register


def unqueued_kind(name: str, *, role: str) -> None:
    """Register a kind of job that is run by the process that makes it."""
    KINDS[name] = Kind(name=name, role=role)


def tell_what_was_done(*, job: "Job") -> None:
    """Tell of a job that this transaction ends, if its kind does."""
    kind = KINDS.get(job.kind)
    if kind is not None and kind.tell is not None:
        kind.tell(job=job)


def is_queued(name: str) -> bool:
    kind = KINDS.get(name)
    return kind is not None and kind.queue is not None


def queues() -> list[str]:
    """Give the queues that kinds of jobs wait in; each has a worker."""
    return list(dict.fromkeys(kind.queue for kind in KINDS.values() if kind.queue))
