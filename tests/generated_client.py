"""Use a client that openapi-python-client made: create, batch, import, list, build, download.

`generated_client.py URL KEY`, in the environment that made it and in the directory of the package.
Prints what came back as JSON.
"""

import io
import json
import sys

from tunix_rt_client import AuthenticatedClient
from tunix_rt_client.api.datasets import build_dataset, export_dataset, get_manifest
from tunix_rt_client.api.jobs import get_job, list_job_errors
from tunix_rt_client.api.traces import (
    change_traces,
    create_trace,
    create_traces,
    import_traces,
    list_traces,
    update_trace,
)
from tunix_rt_client.models import (
    BuildRequest,
    BulkRequest,
    Error,
    PatchedCurationRequest,
    StatusEnum,
    TraceRequest,
)
from tunix_rt_client.types import File

TRACE = {
    "trace_version": "1.0",
    "prompt": "What is 2 + 2?",
    "final_answer": "4",
    "steps": [{"i": 0, "type": "reasoning", "content": "Two and two are four."}],
    "meta": {"source": "generated"},
}
FILE = b"""\
{"question": "What is 3*4?", "answer": "3*4=<<3*4=12>>12\\n#### 12"}
{"question": "What is 3*5?"}
"""


def main() -> None:
    url, key = sys.argv[1:]
    client = AuthenticatedClient(base_url=url, token=key)
    body = TraceRequest.from_dict(TRACE)
    created = create_trace.sync(client=client, body=body)
    batch = create_traces.sync(client=client, body=[body, body])
    imported = import_traces.sync(client=client, body=File(payload=io.BytesIO(FILE)))
    errors = list_job_errors.sync(str(imported.job), client=client)
    approved = PatchedCurationRequest(status=StatusEnum.APPROVED, tags=["seen"])
    update_trace.sync(str(created.id), client=client, body=approved)
    change = {"where": {"source": "gsm8k"}, "set": {"status": "rejected"}}
    job = change_traces.sync(client=client, body=BulkRequest.from_dict(change))
    page = list_traces.sync(client=client, source="generated", limit=2, count=True)
    build = {"dataset_name": "sums", "dataset_version": "1", "where": {"source": "generated"}}
    built = build_dataset.sync(client=client, body=BuildRequest.from_dict(build))
    manifest = get_manifest.sync(built.dataset_key, client=client)
    lines = export_dataset.sync(built.dataset_key, client=client).payload.read().splitlines()
    again = list_traces.sync(client=client, status=StatusEnum.APPROVED)
    nothing = build_dataset.sync(
        client=client, body=BuildRequest.from_dict({**build, "dataset_version": "2", "limit": 0})
    )
    said = {
        "created": str(created.id),
        "batch": [str(entry.id) for entry in batch.traces],
        "imported": [imported.created_count, imported.error_count],
        "errors": [json.loads(line)["field"] for line in errors.payload.read().splitlines()],
        "listed": [page.count, [str(row.id) for row in page.results]],
        "approved": [str(row.id) for row in again.results],
        "job": get_job.sync(str(job.id), client=client).kind,
        "manifest": [str(one) for one in manifest.trace_ids],
        "exported": [json.loads(line)["id"] for line in lines],
        "refused": nothing.to_dict() if isinstance(nothing, Error) else None,
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
