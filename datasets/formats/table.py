"""What the traces say, in columns of their own types: a table, of which there are no lines."""

from datetime import datetime
from typing import Any

from datasets.formats.containers import PARQUET
from datasets.formats.format import Format
from datasets.formats.items import TableRow
from datasets.formats.options import Metadata, Options
from datasets.formats.schema import Step, read_steps


def render(row: TableRow, options: Options) -> dict[str, Any]:
    return {
        "id": row.id,
        "trace_version": row.trace_version,
        "created_at": int(row.created_us),
        "source": row.source,
        "external_id": row.external_id,
        "prompt": row.prompt,
        "steps": read_steps(row.steps),
        "final_answer": row.final_answer,
        "split": row.split,
        "metadata": row.meta,
        "messages": row.messages,
        "content_hash": row.content_hash,
        "prompt_hash": row.prompt_hash,
    }


TABLE = Format(
    name="table",
    version=3,
    row=TableRow,
    render=render,
    schema={
        "id": str,
        "trace_version": str,
        "created_at": datetime,
        "source": str,
        "external_id": str,
        "prompt": str,
        "steps": [Step],
        "final_answer": str,
        "split": str,
        "metadata": str,
        "messages": str,
        "content_hash": str,
        "prompt_hash": str,
    },
    containers=(PARQUET,),
    metadata=(Metadata.JSON,),
)
