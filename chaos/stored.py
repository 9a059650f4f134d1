"""What a database of the site holds, read in SQL past the site itself."""

import time
from collections import Counter
from typing import Any

import psycopg

from chaos.checking import Findings

SETTLE_SECONDS = 180
TRACE = "sha256(convert_to(concat(t.content_hash, t.meta, t.external_id, t.created_at), 'UTF8'))"
UNFINISHED = "SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')"
PENDING = "SELECT count(*) FROM traces_pending"
# an index behind ingest, by its table: traces that it lacks
LACKING = """
SELECT count(*) FROM traces_trace t WHERE NOT EXISTS (SELECT FROM {} WHERE trace_id = t.id)
"""
INDEXES = ("traces_searchdocument", "traces_signature")
DATASETS = """
SELECT d.key, count(i.*) = d.trace_count,
    sha256(convert_to(string_agg(concat(i.trace_id, i.split), ',' ORDER BY i.position), 'UTF8'))
FROM datasets_dataset d LEFT JOIN datasets_datasetitem i ON i.dataset_id = d.id
GROUP BY d.id
"""


def settled(database: psycopg.Connection) -> bool:
    """Wait until the workers have done what waits for them; False where they do not."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        if not (_number(database, UNFINISHED) or _number(database, PENDING)):
            return True
        time.sleep(0.5)
    return False


def trace_counts(database: psycopg.Connection) -> Counter[str]:
    """Count the traces of each name."""
    return Counter(name for (name,) in _rows(database, "SELECT meta->>'name' FROM traces_trace"))


def trace_digests(database: psycopg.Connection) -> dict[str, bytes]:
    """Digest each trace with all that it says, by its id."""
    return dict(_rows(database, f"SELECT t.id::text, {TRACE} FROM traces_trace t"))


def datasets(database: psycopg.Connection) -> dict[str, tuple[bool, bytes]]:
    """Say of each dataset, by its key, whether its items are all there, and digest them."""
    return {key: (whole, digest) for key, whole, digest in _rows(database, DATASETS)}


def jobs(database: psycopg.Connection) -> dict[str, tuple[str, str]]:
    rows = _rows(database, "SELECT id::text, state, error FROM jobs_job")
    return {identity: (state, error) for identity, state, error in rows}


def check_indexes(database: psycopg.Connection) -> Findings:
    findings = Findings()
    for table in INDEXES:
        if lacking := _number(database, LACKING.format(table)):
            findings.others.append(f"{table} lacks {lacking:,} traces that nothing waits for")
    return findings


def _rows(database: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return database.execute(query).fetchall()


def _number(database: psycopg.Connection, query: str) -> int:
    return int(_rows(database, query)[0][0])
