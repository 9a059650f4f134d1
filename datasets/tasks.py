"""What of datasets is done by jobs."""

from typing import Any

from datasets.held_out.contamination import find_contamination
from datasets.lookup import dataset_by
from datasets.serializers import BuildAnswerSerializer, BuildSerializer
from datasets.services.build import build_dataset
from events.actors import Actor
from jobs.kinds import job_kind
from jobs.models import Job
from jobs.progress import Progress
from tunix_site.models import Role

BUILD = "build"
CONTAMINATION = "contamination"
MOST_LOOKED_THROUGH = 50_000  # traces of a dataset, within a request


@job_kind(BUILD, queue="builds", role=Role.CURATOR)
def build(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Build the dataset of a request; built already, the stored one is the result."""
    serializer = BuildSerializer(data=job.parameters)
    serializer.is_valid(raise_exception=True)
    request = serializer.to_request()
    dataset, created = build_dataset(request=request, by=by, progress=progress)
    progress.done = progress.total = dataset.trace_count
    answer = BuildAnswerSerializer(dataset, context={"request": None}).data
    return {**answer, "build_id": str(dataset.build_id), "created": created}


@job_kind(CONTAMINATION, queue="builds", role=Role.READER)
def contamination(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Find what of an evaluation set stands in a dataset."""
    dataset = dataset_by(job.parameters["dataset"])
    found = find_contamination(
        dataset=dataset, eval_set=job.parameters["eval_set"], check=progress.check
    )
    progress.done = progress.total = dataset.trace_count
    return found
