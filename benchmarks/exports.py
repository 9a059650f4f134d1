"""Exports against COPY of the same text rendered in SQL; their first byte and memory; Parquet."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.baseline import bare_connection
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Connection, Site
from benchmarks.timing import P, medians, seconds_of

MIB = 1024**2
PARQUET_END = b"PAR1"
FLAT_MIB = 8  # by which the memory of ten times the rows may exceed
RESET_PEAK = "5"  # see proc_pid_clear_refs(5)

CREATED_AT = """to_char({}created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
OURS = f"""'created_at', {CREATED_AT.format("trace.")}, 'trace_version', trace.trace_version"""
RESPONSE = """'Reasoning:' || (
    SELECT string_agg(E'\\n' || number || '. ' || (step ->> 'content'), '' ORDER BY number)
    FROM jsonb_array_elements(trace.steps) WITH ORDINALITY AS numbered (step, number)
) || E'\\nAnswer: ' || trace.final_answer"""
# What the formats give for rows whose texts hold no control token, which the data do not.
RENDERED = {
    "trace": f"""json_build_object(
        'id', trace.id, 'prompts', trace.prompt,
        'trace_steps', jsonb_path_query_array(trace.steps, '$[*].content'),
        'final_answer', trace.final_answer,
        'metadata', trace.meta || jsonb_build_object({OURS})
    )""",
    "tunix_sft": f"""json_build_object(
        'id', trace.id,
        'prompts', E'<start_of_turn>user\\n' || trace.prompt
            || E'<end_of_turn>\\n<start_of_turn>model\\n' || {RESPONSE} || '<end_of_turn>',
        'final_answer', trace.final_answer,
        'metadata', trace.meta || jsonb_build_object({OURS}, 'format', 'tunix_sft')
    )""",
    # its own id is a hash that SQL has no function for: another of the same length stands for it
    "training_example": f"""json_build_object(
        'id', dataset.build_id,
        'prompt', trace.prompt || E'\\n\\nPlease show your reasoning steps.',
        'response', {RESPONSE},
        'metadata', trace.meta || jsonb_build_object('source_trace_id', trace.id, {OURS})
    )""",
    "record": f"""json_build_object(
        'trace_version', trace.trace_version, 'prompt', trace.prompt,
        'final_answer', trace.final_answer, 'steps', trace.steps, 'meta', trace.meta,
        'id', trace.id, 'created_at', {CREATED_AT.format("trace.")}, 'status', trace.status,
        'tags', trace.tags,
        'scores', (
            SELECT coalesce(json_agg(json_build_object(
                'criteria', criteria, 'scorer_version', scorer_version, 'value', value,
                'details', details, 'created_at', {CREATED_AT.format("score.")}
            )), '[]') FROM traces_score AS score WHERE score.trace_id = trace.id
        ),
        'split', item.split, 'original', trace.original
    )""",
}
ROWS = """
    FROM datasets_datasetitem AS item
    JOIN datasets_dataset AS dataset ON dataset.id = item.dataset_id
    JOIN traces_trace AS trace ON trace.id = item.trace_id
    WHERE dataset.key = %s ORDER BY item.position
"""


def measure(site: Site, *, small: int, large: int, rounds: int) -> Iterator[Result]:
    """Measure each format on a dataset of `large` rows; its memory also on one of `small` rows."""
    with site.client() as client:
        keys = {
            rows: client.datasets.build("exports", str(rows), limit=rows)["dataset_key"]
            for rows in (small, large)
        }
    with site.connection() as http, bare_connection() as database:
        for name in RENDERED:
            yield from _speed(http, site.kept_exports, database, name, keys[large], large, rounds)
            if Path("/proc").exists():
                yield _memory(site.server.web_process_ids()[0], http, site.kept_exports, name, keys)


def _speed(
    http: Connection,
    kept: Path,
    database: psycopg.Connection[Any],
    name: str,
    key: str,
    rows: int,
    rounds: int,
) -> Iterator[Result]:
    def all_ways() -> tuple[float, ...]:
        rendering = seconds_of(render, database, key, name, rows)
        in_parquet = seconds_of(export_parquet, http, kept, key, name)
        return rendering, in_parquet, *export(http, kept, key, name, rows)

    rendering, in_parquet, first, last = medians(rounds, all_ways)
    yield Result(
        name=f"export {name}, {rows:,} rows",
        kind="share",
        measured=rows / last,
        unit="rows/s",
        baseline=rows / rendering,
        against="SQL and COPY",
        required=0.50,
        hoped=0.65,
    )
    yield Result(
        name=f"export {name}, time to first byte",
        kind="absolute",
        measured=1000 * first,
        unit="ms",
        required=100,
    )
    yield Result(
        name=f"export {name} in Parquet",
        kind="share",
        measured=rows / in_parquet,
        unit="rows/s",
        baseline=rows / last,
        against="its lines",
        required=0.30,
    )


def _memory(
    web_process: int, http: Connection, kept: Path, name: str, keys: dict[int, str]
) -> Result:
    """Compare what exports of few and of many rows add to the memory of the web process."""
    small, large = sorted(keys)
    little, much = (
        growth(web_process, export, http, kept, keys[rows], name, rows) for rows in (small, large)
    )
    return Result(
        name=f"export {name}, memory for {large:,} rows",
        kind="growth",
        measured=much,
        unit="MiB",
        baseline=little,
        against=f"for {small:,}",
        required=FLAT_MIB,
    )


def export(http: Connection, kept: Path, key: str, name: str, rows: int) -> tuple[float, float]:
    """Read an export; give the seconds to its first byte and to its last.

    Whatever is `kept` of earlier ones goes first: it is to be rendered each time.
    """
    shutil.rmtree(kept, ignore_errors=True)
    started = time.perf_counter()
    first, lines = 0.0, 0
    for piece in http.stream(f"/api/datasets/{key}/export.jsonl?format={name}"):
        first = first or time.perf_counter() - started
        lines += piece.count(b"\n")
    last = time.perf_counter() - started
    check_count(lines, rows, name)
    return first, last


def export_parquet(http: Connection, kept: Path, key: str, name: str) -> None:
    """Read an export in Parquet, which is rendered each time."""
    shutil.rmtree(kept, ignore_errors=True)
    last = b""
    for piece in http.stream(f"/api/datasets/{key}/export.parquet?format={name}"):
        last = (last + piece)[-len(PARQUET_END) :]
    if last != PARQUET_END:
        raise BenchmarkFailed(f"{name}: the Parquet file is not whole.")


def render(database: psycopg.Connection[Any], key: str, name: str, rows: int) -> None:
    """Read the same text as the database renders it."""
    check_count(sum(line.count(b"\n") for line in rendered(database, key, name)), rows, name)


def rendered(database: psycopg.Connection[Any], key: str, name: str) -> Iterator[bytes]:
    """Yield lines in COPY's text format: backslashes are doubled."""
    query = f"COPY (SELECT {RENDERED[name]} {ROWS}) TO STDOUT"
    with database.cursor().copy(query, [key]) as copy:
        yield from map(bytes, copy)


def check_count(found: int, rows: int, name: str) -> None:
    if found != rows:
        raise BenchmarkFailed(f"{name}: {found} of {rows} lines came.")


def growth(pid: int, deed: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    """Give by how many MiB a process's memory rose at its highest while the deed was done."""
    process = Path(f"/proc/{pid}")
    before = _status(process, "VmRSS")
    (process / "clear_refs").write_text(RESET_PEAK)
    deed(*args, **kwargs)
    return (_status(process, "VmHWM") - before) / MIB


def _status(process: Path, name: str) -> int:
    _, _, after = (process / "status").read_text().partition(f"{name}:")
    return int(after.split()[0]) * 1024
