"""How many traces wait for somebody: counted as far as people read, beyond it estimated."""

from collections import Counter
from dataclasses import dataclass

from django.urls import reverse

from jobs.models import Job
from pages.shared.asked import address_with
from pages.traces import counting
from pages.traces.choices import sources_of
from traces.curation.members import QueueMember
from traces.models import Status, Trace

MOST = 1_000
MOST_SOURCES = 12
LEAST_SAMPLED = 100  # fewer say little of the others


@dataclass(frozen=True)
class Number:
    """How many, in words, and the address of the list of these."""

    said: str
    address: str


@dataclass(frozen=True)
class BySource:
    """The sources of what nobody reviewed; with `of_newest`, of no more than so many."""

    numbers: list[tuple[str, Number]]
    of_newest: str = ""
    there_is_no_trace: bool = False


def up_to_most(count: int) -> str:
    """Say a number that was counted up to one more than the most."""
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


def list_of(**filters: str) -> str:
    """Give the address of the list of traces with a filter."""
    return reverse("traces") + address_with(filters)


def with_status(status: str) -> Number:
    """Count the traces of a status, which is an index; beyond the most as the planner expects."""
    traces = Trace.objects.filter(status=status).order_by("-pk").values("pk")
    count = traces[: MOST + 1].count()
    said = f"{count:,}"
    if count > MOST:
        said = counting.about(max(count, counting.expected({"status": status})))
    return Number(said, list_of(status=status))


def disputed() -> Number:
    """Count the traces that wait for who decides; they have an index of their own."""
    traces = QueueMember.objects.disputes().values("trace").distinct().order_by()
    return Number(up_to_most(traces[: MOST + 1].count()), list_of(disputed="true"))


def jobs_that_are(state: str) -> tuple[str, Number]:
    """Count the jobs that are queued, or running."""
    jobs = Job.objects.filter(state=state).order_by("-pk").values("pk")
    count = up_to_most(jobs[: MOST + 1].count())
    return state, Number(count, f"{reverse('jobs')}?state={state}")


def unreviewed_by_source() -> BySource:
    """Give the sources of what nobody reviewed, most first.

    Exactly where that is not much; else as a sample of the table lets expect, or those of the
    newest where the sample has too few of them.
    """
    unreviewed = Trace.objects.filter(status=Status.UNREVIEWED).order_by("-pk")
    newest = list(unreviewed.values_list("source", flat=True)[: MOST + 1])
    if not newest:
        return BySource([], there_is_no_trace=not Trace.objects.exists())
    if len(newest) > MOST:
        sample, found = sources_of(Status.UNREVIEWED)
        if sample >= LEAST_SAMPLED:
            return BySource(_numbers(found))
    counted = [(source, f"{count:,}") for source, count in Counter(newest[:MOST]).most_common()]
    return BySource(_numbers(counted), of_newest=f"{MOST:,}" if len(newest) > MOST else "")


def _numbers(found: list[tuple[str, str]]) -> list[tuple[str, Number]]:
    return [
        (source, Number(said, list_of(status=Status.UNREVIEWED, source=source)))
        for source, said in found[:MOST_SOURCES]
    ]
