"""Jobs in words: what each does, and how long it takes."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from datasets import tasks as datasets
from jobs.kinds import KINDS
from jobs.models import Job, State
from pages.activity.words import text_of_value
from pages.traces.bulk.asking import in_words
from traces.services.bulk.changing import BULK
from traces.services.bulk.deleting import BULK_DELETE
from traces.services.bulk.undoing import UNDO
from traces.services.importing.summary import IMPORT
from traces.services.importing.uploads import IMPORT_FILE
from traces.services.queues.filling import FILL
from traces.services.scoring.score_all import SCORE
from training import tasks as training

# By kind: what it is called, and what one of it does to what.
KIND_WORDS = {
    datasets.BUILD: ("Build of a dataset", "Build of {dataset_name} {dataset_version}"),
    datasets.CONTAMINATION: ("Questions in a dataset", "Questions of {eval_set} in {dataset}"),
    training.GENERATE: ("Generated problems", "Generated problems for {name} {version}"),
    IMPORT: ("Import", "Import {source}"),
    IMPORT_FILE: ("Import of a file", "Import of {file}"),
    BULK: ("Change of many traces", "Change of many traces: {set}"),
    BULK_DELETE: ("Deletion of many traces", "Deletion of many traces"),
    UNDO: ("Undoing of a change", "Undoing of a change"),
    SCORE: ("Scoring", "Scoring by {criteria}"),
    FILL: ("Filling of a queue", "Filling of queue {queue}"),
}
# Of what a job was asked, what its title tells.
TOLD = (
    *("dataset_name", "dataset_version", "name", "version", "dataset", "eval_set"),
    *("set", "source", "criteria", "queue", "file"),
)
LABELS: dict[str, str] = {State.SUCCEEDED: "good", State.FAILED: "bad", State.CANCELLED: "warn"}


def kinds() -> list[tuple[str, str]]:
    """Give the kinds of jobs that there are, with what they are called."""
    return sorted((name, KIND_WORDS.get(name, (name,))[0]) for name in KINDS)


def title_of(kind: str, told: Mapping[str, Any]) -> str:
    """Say what a job does by what it was asked; what is not told of it is left out."""
    texts = defaultdict(str, {name: _text(name, told.get(name)) for name in TOLD})
    _, title = KIND_WORDS.get(kind, (kind, kind))
    return title.format_map(texts).strip(" :")


def _text(name: str, value: Any) -> str:
    return in_words(value) if name == "set" and isinstance(value, dict) else text_of_value(value)


def duration_of(job: Job) -> str:
    """Say how long a job that ended took; nothing of others, and of what never began."""
    if job.started_at is None or job.finished_at is None:
        return ""
    return in_time(job.finished_at - job.started_at)


def waited(job: Job) -> str:
    """Say how long a job was or is queued."""
    return in_time((job.started_at or job.finished_at or timezone.now()) - job.created_at)


def in_time(length: timedelta) -> str:
    """Say a length of time in its two largest units."""
    seconds = max(0, round(length.total_seconds()))
    parts = [
        (seconds // 86_400, "d"),
        (seconds // 3_600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    ]
    largest = next((place for place, (number, _) in enumerate(parts) if number), None)
    if largest is None:
        return "less than a second"
    return " ".join(f"{number} {unit}" for number, unit in parts[largest : largest + 2] if number)
