"""Reading a job's errors as a stream, with constant memory."""

from collections.abc import Iterator

import msgspec

from jobs.models import Job
from tunix_site.copy_out import copy_out

PIECE_BYTES = 64 * 1024


def error_pieces(job: Job) -> Iterator[bytes]:
    """Yield the errors in the order they were found, a JSON object a line, in larger pieces."""
    query = "SELECT line, field, message FROM jobs_joberror WHERE job_id = %s ORDER BY id"
    piece = bytearray()
    with copy_out(query, [job.pk]) as copy:
        for line, field, message in copy.rows():
            error = {"line": line and int(line), "field": field, "message": message}
            piece += msgspec.json.encode(error) + b"\n"
            if len(piece) >= PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece)
