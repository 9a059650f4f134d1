"""What came of a job: its counts, and where what it made and changed is to be seen."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from datasets import tasks as datasets
from datasets.models import Dataset
from evalsets.models import EvalSet
from jobs.models import Job, State
from pages.importing.asked import form_of
from pages.shared.asked import address_with, texts_of
from traces.services.bulk.changing import BULK
from traces.services.bulk.deleting import BULK_DELETE
from traces.services.bulk.undoing import UNDO
from traces.services.importing.summary import IMPORT
from traces.services.importing.uploads import IMPORT_FILE, UPLOAD
from traces.services.queues.filling import FILL
from traces.services.scoring.score_all import SCORE
from training import tasks as training
from tunix_site.access.roles import RANKS
from tunix_site.models import Role

COUNT = "_count"
COUNTED = {
    "trace_count": "Traces",
    "item_count": "Questions",
    "line_count": "Records",
    "created_count": "New traces",
    "existing_count": "Stored already",
    "error_count": "Bad records",
}
MAX_ADDRESS_CHARS = 4_000  # of ids there may be more than an address takes


class Place(NamedTuple):
    """Where something of a job is seen; without an address it is gone, or elsewhere."""

    label: str
    text: str
    address: str = ""
    role: str = Role.READER  # that its page needs
    is_of_owner: bool = False  # for whoever started the job alone


def counts_of(job: Job) -> list[tuple[str, int]]:
    """Give what a job counted, by name."""
    return [
        (COUNTED.get(name, name.removesuffix(COUNT).replace("_", " ").capitalize()), count)
        for name, count in (job.result or {}).items()
        if name.endswith(COUNT) and isinstance(count, int)
    ]


def places_of(job: Job, *, rank: int, is_own: bool) -> list[Place]:
    """Say where somebody may see what a job made, changed or is about; a query at most."""
    find = PLACES.get(job.kind)
    places = find(job) if find else ()
    return [
        place for place in places if rank >= RANKS[place.role] and (is_own or not place.is_of_owner)
    ]


def _of_build(job: Job) -> Iterator[Place]:
    yield from _made("Dataset", "dataset", Dataset, (job.result or {}).get("dataset_key"))
    yield Place("Steps", "What each left", reverse("building", args=[job.pk]))


def _of_problems(job: Job) -> Iterator[Place]:
    yield from _made("Evaluation set", "evalset", EvalSet, (job.result or {}).get("key"))


def _of_contamination(job: Job) -> Iterator[Place]:
    key, eval_set = (job.parameters.get(name, "") for name in ("dataset", "eval_set"))
    for place in _made("Dataset", "dataset", Dataset, key):
        asked = f"?{urlencode({'checked': eval_set})}#checks" if place.address else ""
        yield place._replace(address=place.address + asked)


def _of_change(job: Job) -> Iterator[Place]:
    yield _of_many(job, "How many, and Undo")
    yield from _matching(job)


def _of_undoing(job: Job) -> Iterator[Place]:
    yield _of_many(job, "Which were left")


def _of_scoring(job: Job) -> Iterator[Place]:
    yield _of_many(job, "How many")
    yield from _matching(job)


def _of_import(job: Job) -> Iterator[Place]:
    """Name the time in which its traces came: nothing else is noted of each."""
    if job.parameters.get("dry_run") or job.started_at is None:
        return
    begun = job.started_at if job.attempt == 1 else job.created_at  # an attempt stored some
    meant = {"created_after": begun, "created_before": job.finished_at}
    where = {name: at.isoformat() for name, at in meant.items() if at is not None}
    source = job.parameters.get("source")
    asked = {"source": source, **where} if source else where
    yield Place(
        "Traces", "Those that came meanwhile", reverse("traces") + address_with(texts_of(asked))
    )


def _of_file(job: Job) -> Iterator[Place]:
    if job.state in (State.FAILED, State.CANCELLED):  # it is kept for another try
        address = reverse("import-file", args=[job.parameters[UPLOAD]])
        address += form_of(job.parameters)
        yield Place("File", "Change how it is read", address, Role.WRITER, is_of_owner=True)
    yield from _of_import(job)


def _of_filling(job: Job) -> Iterator[Place]:
    yield Place("Queue", "Its line", f"{reverse('review-queues')}#queue-{job.parameters['queue']}")


def _of_many(job: Job, text: str) -> Place:
    return Place("Traces", text, reverse("traces-bulk-job", args=[job.pk]), Role.CURATOR)


def _matching(job: Job) -> Iterator[Place]:
    address = address_with(texts_of(job.parameters.get("where") or {}))
    if len(address) <= MAX_ADDRESS_CHARS:
        yield Place("Filter", "The traces that match it now", reverse("traces") + address)


def _made(label: str, route: str, model: Any, key: Any) -> Iterator[Place]:
    if not isinstance(key, str) or not key:
        return
    there = model.objects.existing().filter(key=key).exists()
    yield Place(label, key, reverse(route, args=[key]) if there else "")


PLACES: dict[str, Callable[[Job], Iterator[Place]]] = {
    datasets.BUILD: _of_build,
    datasets.CONTAMINATION: _of_contamination,
    training.GENERATE: _of_problems,
    IMPORT: _of_import,
    IMPORT_FILE: _of_file,
    BULK: _of_change,
    BULK_DELETE: _of_undoing,
    UNDO: _of_undoing,
    SCORE: _of_scoring,
    FILL: _of_filling,
}
