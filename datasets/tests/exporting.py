"""What the tests of exports share."""

import io
import json

from pyarrow import parquet

from datasets.formats.containers import LINES as LINES_OF_JSON
from datasets.formats.known import FORMATS

LINES = [name for name, fmt in FORMATS.items() if fmt.container is LINES_OF_JSON]
LASTING = [name for name in LINES if FORMATS[name].lasting]


def export(client, dataset, fmt=None, **query) -> bytes:
    response = client.get(
        f"/api/datasets/{dataset.key}/export.jsonl", {**query, **({"format": fmt} if fmt else {})}
    )
    assert response.status_code == 200, response.content
    return response.getvalue()


def rows(body: bytes) -> list:
    return [json.loads(line) for line in body.splitlines()]


def table(body: bytes):
    """Read a Parquet file."""
    return parquet.read_table(io.BytesIO(body))
