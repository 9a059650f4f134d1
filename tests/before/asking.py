"""What a site is asked before and after, and how an answer is kept."""

import io
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

import pyarrow
import pyarrow.parquet

LINES = ("trace", "tunix_sft", "training_example", "record")
HEADERS = (
    "Content-Type",
    "Content-Disposition",
    "X-Row-Count",
    "X-Rows-Left-Out",
    "X-Rows-After",
    "X-Content-Digest",
)
SEARCHES = (
    {"q": "spiders"},
    {"q": '"counting on"'},
    {"q": "legs -spiders"},
    {"q": "twice OR media", "limit": 3},
    {"source": "sums"},
    {"status": "approved"},
    {"status": "flagged"},
    {"tag": "sum"},
    {"tag": "bulk"},
    {"criteria": "judge", "min_score": 0.5},
    {"criteria": "baseline"},
    {"meta.level": "2", "meta.checked": "false"},
    {"meta.record.level": "3"},
    {"meta.record.kind": "algebra"},
    {"min_steps": 3},
)


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes


class Asks(Protocol):
    """Whoever asks the site with a key that may read."""

    def __call__(self, path: str) -> Answer: ...

    def json(self, path: str) -> Any: ...


def rows(ask: Asks, path: str) -> list[Any]:
    """Read a list to its end."""
    found = []
    place: str | None = path
    while place:
        page = ask.json(place)
        found += page["results"]
        following = urlsplit(page["next"] or "")
        place = f"{following.path}?{following.query}" if page["next"] else None
    return found


def lists() -> Iterator[str]:
    yield "/api/traces?limit=100"
    yield "/api/traces/prompts?limit=100"
    yield "/api/datasets?limit=100"
    yield "/api/jobs?limit=100"
    yield from (f"/api/traces?{urlencode(search)}" for search in SEARCHES)


def objects(traces: list[str], keys: list[str], jobs: list[str]) -> Iterator[str]:
    for number, trace in enumerate(traces):
        yield f"/api/traces/{trace}"
        yield f"/api/traces/{trace}/scores"
        yield f"/api/traces/{trace}/similar"
        if number % 10 == 0:
            yield f"/api/traces/compare?base={trace}&other={traces[number - 1]}"
    for key in keys:
        yield f"/api/datasets/{key}"
        yield f"/api/datasets/{key}/manifest"
        for name in (*LINES, "parquet"):
            yield f"/api/datasets/{key}/formats/{name}"
    yield from (f"/api/jobs/{job}" for job in jobs)


def exports(manifest: dict[str, Any], *, swept: bool) -> Iterator[str]:
    """Give the paths of a dataset's exports; of a `swept` one with each choice that there is."""
    splits = [{"split": name} for name in manifest["splits"]]
    half = {"after": manifest["trace_count"] // 2}
    for name in LINES:
        choices: list[dict[str, Any]] = [{}, *splits]
        if swept:
            metadata = ("object", "json") if name == "record" else ("object", "json", "none")
            choices += [{"metadata": way} for way in metadata]
            choices += [half, {**half, "metadata": "json"}]
            choices += [{**split, "metadata": "json", "after": 1} for split in splits[:1]]
            if name in ("tunix_sft", "training_example"):
                choices += [{"include_truncated": "true"}, {"include_truncated": "false"}]
                choices += [{"include_truncated": "true", **split} for split in splits]
        yield from (_export(manifest, format=name, **choice) for choice in choices)
    yield from (_export(manifest, format="parquet", **choice) for choice in [{}, *splits])
    yield _export(manifest)


def _export(manifest: dict[str, Any], **query: Any) -> str:
    path = f"/api/datasets/{quote(manifest['dataset_key'])}/export.jsonl"
    return f"{path}?{urlencode(query)}" if query else path


def kept(answer: Answer) -> dict[str, Any]:
    """Keep an export as JSON: lines as they are, of a table its rows and the digest."""
    headers = {name: answer.headers[name] for name in HEADERS}
    if "parquet" not in headers["Content-Type"]:
        return {"status": answer.status, "headers": headers, "text": answer.body.decode()}
    table = pyarrow.parquet.read_table(io.BytesIO(answer.body))
    return {
        "status": answer.status,
        "headers": headers,
        "rows": [{name: str(value) for name, value in row.items()} for row in table.to_pylist()],
        "schema": str(table.schema.remove_metadata()),
        "sha256": sha256(answer.body).hexdigest(),
        "pyarrow": pyarrow.__version__,
    }
