"""Reading a job's errors as a stream, with constant memory."""

from collections.abc import Generator

import msgspec

from jobs.models import Job
from tunix_site.api.pieces import in_pieces
from tunix_site.database.copy_out import copy_out


def error_pieces(job: Job) -> Generator[bytes]:
    """Yield the errors in the order they were found, a JSON object a line, in larger pieces."""
    query = "SELECT line, field, message FROM jobs_joberror WHERE job_id = %s ORDER BY id"
    with copy_out(query, [job.pk]) as copy:
        yield from in_pieces(_line(*row) for row in copy.rows())


def _line(line: str | None, field: str, message: str) -> bytes:
    error = {"line": line and int(line), "field": field, "message": message}
    return msgspec.json.encode(error) + b"\n"
