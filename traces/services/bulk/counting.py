"""Counting what a change of many did, piece by piece."""

from dataclasses import dataclass

from django.db.models import Sum
from django.db.models.functions import Coalesce

from jobs.models import Job
from traces.curation.pieces import BulkPiece
from traces.services.bulk.walking import length_of


@dataclass
class Counts:
    """How many traces matched, were changed by it, and would have had too many tags."""

    matched_count: int = 0
    changed_count: int = 0
    refused_count: int = 0


def counts_of(*, job: Job) -> Counts:
    """Count what a change did so far, by all attempts, also where it was cancelled."""
    sums = BulkPiece.objects.filter(job=job).aggregate(
        matched_count=Coalesce(Sum("matched_count"), 0),
        changed_count=Coalesce(Sum("changed_count"), 0),
        refused_count=Coalesce(Sum(length_of(array="refused")), 0),
    )
    return Counts(**sums)


def changed_by(*, job: Job) -> int:
    """Give how many traces a change changed; of one long ago as its result says."""
    return counts_of(job=job).changed_count or (job.result or {}).get("changed_count", 0)
