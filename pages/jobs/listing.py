"""The jobs as their list shows them: a page of them, the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models.fields.json import KeyTransform
from django.db.models.functions import JSONObject

from jobs.api.serializers import JobFilters
from jobs.models import UNFINISHED, Job, JobQuerySet
from jobs.services.reaping import reap_lapsed
from pages.jobs.words import LABELS, TOLD, duration_of, title_of
from pages.shared.asked import Asked, asked_of
from pages.shared.keyset import ROWS, From, Page, page_from
from pages.shared.polling import seen_of
from tunix_site.database.ids import uuid_in

FILTERS = {"state": "State", "kind": "Kind"}
OF, BETWEEN = "of", "~"  # in what the list asks again: a job, and what was seen of it


@dataclass(frozen=True)
class Row:
    """A job, and what is told of it."""

    job: Job
    title: str
    label: str
    duration: str

    @property
    def is_under_way(self) -> bool:
        return self.job.state in UNFINISHED

    @property
    def asked_again(self) -> str:
        return f"{self.job.pk}{BETWEEN}{seen_of(self.job)}"


def asked_by(query: Mapping[str, str]) -> Asked:
    """Read the filters of an address, each by itself."""
    return asked_of(query, JobFilters(), FILTERS)


def page_of(filters: dict[str, Any], start: From) -> Page[Row]:
    """Give a page of the jobs that match; two queries, whose cost is the same at any depth."""
    reap_lapsed(jobs=Job.objects.all())
    page = page_from(_told(Job.objects.filter(**filters)), start)
    return replace(page, rows=[*map(_row, page.rows)])


def under_way(most: int) -> list[Row]:
    """Give the newest of those that have not ended."""
    return [*map(_row, _told(Job.objects.unfinished()).order_by("-pk")[:most])]


def changed_since(asked: Sequence[str]) -> tuple[list[Row], list[Row], str]:
    """Give of the jobs that a page asks again for all, and those that are otherwise than it saw.

    The text says which are in another state.
    """
    seen = {identity: was for text in asked[:ROWS] for identity, was in _read(text)}
    jobs = Job.objects.filter(pk__in=seen)
    reap_lapsed(jobs=jobs)
    rows = [*map(_row, _told(jobs).order_by("-pk"))]
    changed = [row for row in rows if seen[row.job.pk] != seen_of(row.job)]
    told = [
        f"{row.title}: {row.job.state}."
        for row in changed
        if seen[row.job.pk].partition(".")[0] != row.job.state
    ]
    return rows, changed, " ".join(told)


def _told(jobs: JobQuerySet) -> Any:
    """Leave what a job was asked and what came of it where they are, but for what titles tell."""
    told = JSONObject(**{name: KeyTransform(name, "parameters") for name in TOLD})
    small = jobs.select_related("created_by").defer("parameters", "result")
    return small.annotate(told=told)


def _row(job: Any) -> Row:
    return Row(job, title_of(job.kind, job.told), LABELS.get(job.state, ""), duration_of(job))


def _read(text: str) -> list[tuple[UUID, str]]:
    """Read what is asked again; nothing of what is no id."""
    identity, _, was = text.partition(BETWEEN)
    pk = uuid_in(identity)
    return [(pk, was)] if pk else []
