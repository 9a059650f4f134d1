"""What the service before this one got wrong, over HTTP where that is where it went wrong.

The rest of it is held where it belongs: filters that saw the newest rows alone, and random
selections that depended on the process, in datasets/tests/recipe; versions that were overwritten
and keys that collided, in datasets/tests/test_build.py; steps in the order of the array, and
example ids that changed, in datasets/tests/test_export_formats.py; an external_id stored twice, in
tests/test_concurrency.py; weight decay, loss on prompts and reports by length, in
training/tests/jobs.
"""

import gzip
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datasets.models import Dataset
from tests.routes import TRACE
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def curator(site_as):
    return site_as("curator")


@pytest.fixture
def files(site):
    """List what is below the server's own directory, but for its log."""

    def listing() -> list[Path]:
        return sorted(path for path in site.log.parent.rglob("*") if path != site.log)

    return listing


def build(client, name="set", **changes):
    body = {"dataset_name": name, "dataset_version": "1", **changes}
    return client.post("/api/datasets/build", json=body)


@pytest.mark.parametrize("path", ["/api/traces", "/api/traces/batch"])
def test_a_trace_whose_meta_is_null_breaks_no_filtered_build(curator, path):
    nothing, something = {**TRACE, "meta": None}, {**TRACE, "meta": {"source": "here"}}
    for body in (nothing, something):
        answer = curator.post(path, json=body if path == "/api/traces" else [body])
        assert answer.status_code == 201
    assert build(curator, filters={"source": "here"}).json()["trace_count"] == 1
    assert build(curator, name="all").json()["trace_count"] == 2
    (row,) = [
        json.loads(line)
        for line in curator.get("/api/datasets/all-1/export.jsonl?format=record").iter_lines()
        if json.loads(line)["meta"] == {}
    ]
    assert row["prompt"] == TRACE["prompt"]


@pytest.mark.parametrize("path", ["", "/manifest", "/export.jsonl"])
def test_reading_an_unknown_dataset_makes_nothing_anywhere(curator, files, path):
    before = files()
    assert curator.get(f"/api/datasets/nobody-1{path}").status_code == 404
    assert files() == before
    assert not Dataset.objects.exists()


def test_no_request_names_a_path_on_the_server(curator, files, site, tmp_path):
    TraceFactory()
    before = files()
    for name in ("../../escaped", str(tmp_path / "out"), "..", "/etc/passwd"):
        assert build(curator, name=name).status_code == 400
    for field in ("output_path", "path", "output_dir", "base_dir"):
        assert build(curator, **{field: str(tmp_path)}).status_code == 400
    assert build(curator, name="a/../../b").json()["dataset_key"] == "a_.._.._b-1"
    for key in ("..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", str(site.log)):
        assert curator.get(f"/api/datasets/{key}/export.jsonl").status_code == 404
    assert files() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/traces", TRACE),
        ("/api/traces/batch", [TRACE, TRACE]),
        ("/api/datasets/build", {"dataset_name": "set", "dataset_version": "1"}),
    ],
)
def test_one_idempotency_key_from_eight_clients_is_done_once(site, key_of, path, body):
    if "datasets" in path:
        TraceFactory()
    key, together = key_of("curator"), threading.Barrier(8)

    def send(_):
        with site.client(key) as client:
            together.wait()
            return client.post(path, json=body, headers={"Idempotency-Key": "one"})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 8}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    assert Trace.objects.count() == (2 if isinstance(body, list) else 1)
    assert Dataset.objects.count() == ("datasets" in path)


def in_chunks(body: bytes):
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_bytes_beyond_the_limit_do_not_pass_in_chunks(curator, encoding):
    """What is too large is counted as it is read, decompressed, and nothing of it is stored."""
    pack = gzip.compress if encoding == "gzip" else bytes
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    large = json.dumps({**TRACE, "meta": {"filling": "x" * 1024**2}}).encode()
    answer = curator.post("/api/traces", content=in_chunks(pack(large)), headers=headers)
    assert answer.status_code == 413
    assert list(answer.json()) == ["detail"]
    assert not Trace.objects.exists()
    small = json.dumps({**TRACE, "meta": {"filling": "x" * 1_000_000}}).encode()
    answer = curator.post("/api/traces", content=in_chunks(pack(small)), headers=headers)
    assert answer.status_code == 201
    assert len(Trace.objects.get().meta["filling"]) == 1_000_000


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_batch_is_counted_in_chunks_too(curator, encoding):
    pack = gzip.compress if encoding == "gzip" else bytes
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    one = {**TRACE, "meta": {"filling": "x" * 1_000_000}}
    large = json.dumps([one] * 70).encode()
    answer = curator.post("/api/traces/batch", content=in_chunks(pack(large)), headers=headers)
    assert answer.status_code == 413
    assert not Trace.objects.exists()
    assert curator.post("/api/traces", json=TRACE).status_code == 201


# What its clients send, and what they look for in the answers


def test_its_clients_find_what_they_look_for(curator):
    first = curator.post("/api/traces", json=TRACE).json()
    assert {"id", "created_at", "trace_version"} <= set(first)
    batch = curator.post("/api/traces/batch", json=[TRACE, TRACE])
    assert (batch.status_code, batch.json()["created_count"]) == (201, 2)
    assert {"id", "created_at", "trace_version"} <= set(batch.json()["traces"][0])
    shown = curator.get(f"/api/traces/{first['id']}").json()
    assert shown["payload"]["steps"] == TRACE["steps"]
    for body in ({}, {"criteria": "baseline"}):
        scored = curator.post(f"/api/traces/{first['id']}/score", json=body)
        assert scored.status_code == 201
        assert set(scored.json()) == {"trace_id", "score", "details"}
        assert scored.json()["details"]["criteria"] == "baseline"
    pair = {"base": first["id"], "other": batch.json()["traces"][0]["id"]}
    compared = curator.get("/api/traces/compare", params=pair).json()
    for side in compared.values():
        assert set(side) == {"id", "created_at", "score", "trace_version", "payload"}
    built = build(
        curator,
        filters={},
        limit=2,
        selection_strategy="random",
        seed=42,
        session_id="session_123",
        parent_dataset_id="parent-v1",  # which is kept there
        training_run_id="run_456",
        provenance={"by": "their script"},
    )
    assert built.status_code == 201
    assert {"dataset_key", "build_id", "trace_count"} <= set(built.json())
    assert (built.json()["trace_count"], built.json()["matched_count"]) == (2, 3)
    manifest = curator.get(built.json()["manifest_url"]).json()
    assert manifest["parent_dataset_id"] == "parent-v1"
    assert (manifest["session_id"], manifest["training_run_id"]) == ("session_123", "run_456")
    export = curator.get("/api/datasets/set-1/export.jsonl")
    assert export.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in export.text.splitlines()]
    assert len(lines) == 2
    assert set(lines[0]) == {"id", "prompts", "trace_steps", "final_answer", "metadata"}


def test_its_clients_know_the_refusals_by_their_words(curator):
    def refusal(method: str, path: str, code: int, **sent) -> str:
        answer = curator.request(method, path, **sent)
        assert answer.status_code == code
        return answer.json()["detail"].lower()

    nobody = "00000000-0000-4000-8000-000000000000"
    for path in (f"/api/traces/{nobody}", f"/api/traces/compare?base={nobody}&other={nobody}"):
        assert "not found" in refusal("GET", path, 404)
    assert "not found" in refusal("POST", f"/api/traces/{nobody}/score", 404, json={})
    assert "not found" in refusal("GET", "/api/datasets/nonexistent-v1/export.jsonl", 404)
    large = {**TRACE, "prompt": "x" * 2 * 1024**2}
    assert "exceeds maximum" in refusal("POST", "/api/traces", 413, json=large)
    assert "at least one" in refusal("POST", "/api/traces/batch", 400, json=[])
    assert "exceeds maximum" in refusal("POST", "/api/traces/batch", 400, json=[TRACE] * 1001)
    no_seed = {"dataset_name": "set", "dataset_version": "1", "selection_strategy": "random"}
    answer = curator.post("/api/datasets/build", json=no_seed)
    assert (answer.status_code, list(answer.json())) == (400, ["seed"])


def test_a_dataset_that_is_somebodys_parent_here_stays(curator):
    curator.post("/api/traces", json=TRACE)
    build(curator)
    assert build(curator, name="child", parent_dataset_id="set-1").status_code == 201
    refused = curator.delete("/api/datasets/set-1")
    assert (refused.status_code, refused.json()) == (
        409,
        {"detail": "set-1 is the parent of: child-1."},
    )
