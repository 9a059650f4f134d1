"""What of training is done by jobs."""

import json
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evalsets.intake import ItemLines
from evalsets.serializers import CreatedSerializer
from evalsets.services.create import create_evalset
from events.actors import Actor
from jobs.kinds import job_kind
from jobs.models import Job
from jobs.progress import Progress
from jobs.workers.children import child_program
from training.programs import command_of, environment, refuse_without_environment
from training.serializers import GenerateSerializer
from tunix_site.errors import Invalid
from tunix_site.models import Role

GENERATE = "generate"
TOO_LONG = "It took more than ten minutes of processor time: ask for fewer or smaller problems."


@job_kind(GENERATE, queue="programs", role=Role.CURATOR)
def generate(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Generate problems and make them an evaluation set; made already, it is the result."""
    serializer = GenerateSerializer(data=job.parameters)
    serializer.is_valid(raise_exception=True)
    request = serializer.to_request()
    with TemporaryDirectory() as directory:
        path = Path(directory) / "items.jsonl"
        write_problems(request.generator or {}, path, progress)
        with path.open("rb") as file:
            evalset, created = create_evalset(request=request, items=ItemLines(file), by=by)
    progress.done = progress.total = evalset.item_count
    return {**CreatedSerializer(evalset).data, "created": created}


def write_problems(generator: dict[str, Any], path: Path, progress: Progress) -> None:
    """Have the program write the items; Invalid with what it says where it fails."""
    refuse_without_environment()
    command = command_of(
        "problems",
        family=generator["family"],
        config=json.dumps(generator["config"]),
        count=generator["size"],
        seed=generator["seed"],
        output=path,
        eval_set=True,
        bounded=True,
    )
    said = b""  # the last line says what is wrong
    with child_program(
        command, progress=progress, directory=path.parent, environment=environment()
    ) as child:
        for line in child.lines():
            said = line.text.strip() or said
        code = child.wait()
    if code == 128 + signal.SIGXCPU:
        raise Invalid({"detail": TOO_LONG})
    if code:
        told = said.decode(errors="replace").removeprefix("error: ")
        raise Invalid({"detail": f"problems.py ended with exit code {code}: {told}"})
