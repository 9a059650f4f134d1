"""What the tests of exports share."""

import io
import json

from pyarrow import parquet

from datasets.export.export import Export
from datasets.formats.containers import LINES as LINES_OF_JSON
from datasets.formats.items import ITEMS
from datasets.formats.known import AS_LINES, AS_PARQUET, FORMATS
from datasets.formats.pairs import PAIRS

ROUTES = {"jsonl": AS_LINES, "parquet": AS_PARQUET}  # by the suffix
OF_PAIRS = [name for name, fmt in FORMATS.items() if fmt.rows is PAIRS]  # which few datasets have
EVERY_EXPORT = [
    (route, name) for route, known in ROUTES.items() for name in known if name not in OF_PAIRS
]
KNOWN_LINES = [name for name, fmt in FORMATS.items() if LINES_OF_JSON in fmt.containers]
EVERY_LINES = [name for name in KNOWN_LINES if name not in OF_PAIRS]
# of a row a trace
EXPORTS = [(route, name) for route, name in EVERY_EXPORT if ROUTES[route][name][0].rows is ITEMS]
LINES = [name for name in EVERY_LINES if FORMATS[name].rows is ITEMS]
LASTING = [name for name in LINES if FORMATS[name].lasting]


def url_of(dataset, fmt=None, *, route="jsonl") -> str:
    return f"/api/datasets/{dataset.key}/export.{route}" + (f"?format={fmt}" if fmt else "")


def export(client, dataset, fmt=None, *, route="jsonl", **query) -> bytes:
    query = {**query, **({"format": fmt} if fmt else {})}
    response = client.get(url_of(dataset, route=route), query)
    assert response.status_code == 200, response.content
    return response.getvalue()


def asked(dataset, fmt="trace", *, route="jsonl", **choices) -> Export:
    """Give the export that a route is asked for."""
    found, container = ROUTES[route][fmt]
    return Export(dataset=dataset, fmt=found, container=container, **choices)


def is_lines(fmt, route="jsonl") -> bool:
    return ROUTES[route][fmt][1] is LINES_OF_JSON


def rows(body: bytes) -> list:
    """Read lines, or a Parquet file."""
    if body.startswith(b"PAR1"):
        return table(body).to_pylist()
    return [json.loads(line) for line in body.splitlines()]


def table(body: bytes):
    """Read a Parquet file."""
    return parquet.read_table(io.BytesIO(body))
