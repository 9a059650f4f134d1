"""What this version shows otherwise than the one before. All else is as it was, to the byte."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

Json = dict[str, Any]
Change = Callable[[Json], Json]


def requeued(job: Json) -> Json:
    """Its worker died long ago: whoever looks at it gives it back to its queue, where it waits."""
    if job["state"] not in ("running", "queued"):
        return job
    return {**job, "state": "queued", "started_at": None}


def beside(meta: Json) -> tuple[Json, Json | None]:
    """Take long fields of the record that an import read out of meta; give both."""
    record = meta.get("record")
    if "format" not in meta or not isinstance(record, dict):
        return meta, None
    scalars = [
        name
        for name, value in record.items()
        if not isinstance(value, dict | list) and (type(value) is not str or len(value) <= 200)
    ]
    kept = sorted(scalars, key=lambda name: (len(name.encode()), name.encode()))[:20]
    original = {name: record[name] for name in record if name not in kept}
    if not original:
        return meta, None
    left = {name: record[name] for name in record if name in kept}
    whole = {**meta, "record": left}
    return {name: whole[name] for name in whole if name != "record" or left}, original


def stored_beside(row: Json) -> Json:
    meta, original = beside(row["meta"])
    return {**row, "meta": meta, "original": original}


def shown_beside(shown: Json) -> Json:
    """Move it where a trace is shown; two that are compared come without it."""
    if "payload" in shown:
        meta, original = beside(shown["payload"]["meta"])
        moved = {**shown, "payload": {**shown["payload"], "meta": meta}}
        return (
            moved if original is None or "scores" not in shown else {**moved, "original": original}
        )
    return {
        name: shown_beside(value) if name in ("base", "other") else value
        for name, value in shown.items()
    }


def with_original(line: Json) -> Json:
    """Give the line of a `record`: what is beside comes last."""
    if not isinstance(line["meta"], str):
        return stored_beside(line)
    meta, original = beside(json.loads(line["meta"]))
    texts = {"meta": meta, "original": original}
    return line | {name: msgspec.json.encode(value).decode() for name, value in texts.items()}


def without_original(row: Json) -> Json:
    meta, original = beside(json.loads(row["metadata"]))
    return row if original is None else {**row, "metadata": json.dumps(meta, ensure_ascii=False)}


def of_new_versions(shown: Json) -> Json:
    """Tell a format's version, where a dataset is asked what it leaves out."""
    versions = {"record": 2, "parquet": 3}
    name = shown.get("format")
    return {**shown, "version": versions[name]} if name in versions else shown


# Each makes of what was shown what is to be shown now.
SHOWN: dict[str, Change] = {  # by the noun in the path
    "jobs": requeued,
    "traces": shown_beside,
    "datasets": of_new_versions,
}
EXPORTED: dict[str, Change] = {  # by format, a row of it
    "record": with_original,
    "parquet": without_original,
}
STORED: dict[str, Change] = {"traces_trace": stored_beside}  # by table, a row of it
