"""The client of the HTTP API, against the real web server."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.models import Score, Trace
from traces.tests.factories import TraceFactory
from training.client import BATCH_TRACES, ApiError, Client

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def client(site, site_as, key_of):
    with Client(site.url, key_of("curator")) as client:
        yield client


def document(number) -> dict:
    return {
        "trace_version": "1.0",
        "prompt": f"Question {number}",
        "final_answer": str(number),
        "steps": [{"i": 0, "type": "reasoning", "content": "Guess."}],
        "meta": {"source": "client"},
    }


def test_traces_are_sent_in_batches_as_they_come(client):
    drawn = []

    def documents():
        for number in range(BATCH_TRACES + 3):
            drawn.append(number)
            yield document(number)

    batches = client.send_traces(documents())
    first = next(batches)
    assert len(first) == len(drawn) == BATCH_TRACES
    assert Trace.objects.count() == BATCH_TRACES
    (rest,) = batches
    assert len(rest) == 3
    prompts = [Trace.objects.get(pk=entry["id"]).prompt for entry in [*first[:2], *rest]]
    assert prompts == [f"Question {n}" for n in (0, 1, *range(BATCH_TRACES, BATCH_TRACES + 3))]


@pytest.mark.parametrize(("count", "batches"), [(0, 0), (1, 1), (BATCH_TRACES, 1)])
def test_no_batch_is_empty(client, count, batches):
    assert len(list(client.send_traces(map(document, range(count))))) == batches
    assert Trace.objects.count() == count


def test_a_score_is_given_and_stored(client):
    trace = TraceFactory()
    score = client.score(str(trace.id), "baseline")
    assert score == Score.objects.get(trace=trace).value > 0


def test_a_dataset_is_built_and_its_manifest_read(client):
    TraceFactory.create_batch(3)
    built = client.build({"dataset_name": "set", "dataset_version": "1"})
    manifest = client.manifest(built["dataset_key"])
    assert built["trace_count"] == len(manifest["trace_ids"]) == 3
    assert manifest["content_digest"] == built["content_digest"]


@pytest.mark.parametrize("fmt", ["tunix_sft", "record"])
def test_an_export_goes_into_a_file(client, site_as, tmp_path, fmt):
    TraceFactory.create_batch(40)
    dataset = SplitDatasetFactory()
    for split, count in dataset.stats["split_counts"].items():
        output = tmp_path / f"{split}.jsonl"
        assert client.export(dataset.key, fmt=fmt, split=split, output=output) == count
        query = {"format": fmt, "split": split}
        got = site_as("reader").get(f"/api/datasets/{dataset.key}/export.jsonl", params=query)
        assert output.read_bytes() == got.content
        assert len(got.content.splitlines()) == count


def test_refusals_say_what_was_asked_and_what_was_answered(client, tmp_path):
    TraceFactory()
    dataset = DatasetFactory()
    output = tmp_path / "out.jsonl"
    with pytest.raises(ApiError, match=r"GET /api/datasets/nobody-1/manifest: 404 .*no such"):
        client.manifest("nobody-1")
    with pytest.raises(ApiError, match=r"POST /api/datasets/build: 400 .*dataset_version"):
        client.build({"dataset_name": "set"})
    with pytest.raises(ApiError, match=r"POST /api/traces/batch: 400 .*Unknown field"):
        list(client.send_traces([{**document(1), "nonsense": 1}]))
    with pytest.raises(ApiError, match=r"POST /api/traces/x/score: 404"):
        client.score("x", "baseline")
    with pytest.raises(ApiError, match=r"GET .*/export.jsonl: 400 .*Unknown split"):
        client.export(dataset.key, fmt="record", split="train", output=output)
    assert not output.exists()


def test_a_key_that_may_less_is_refused(site, site_as, key_of):
    TraceFactory()
    with (
        Client(site.url, key_of("reader")) as reader,
        pytest.raises(ApiError, match=r"403 .*needs the role curator"),
    ):
        reader.build({"dataset_name": "set", "dataset_version": "1"})
    with Client(site.url, "no key") as nobody, pytest.raises(ApiError, match="401"):
        nobody.manifest("set-1")


def test_a_closed_client_sends_nothing(site, key_of):
    with Client(site.url, key_of("reader")) as client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        client.manifest("set-1")


def test_a_proxy_that_the_environment_names_is_left_out_when_told(site, key_of, monkeypatch):
    TraceFactory()
    key = DatasetFactory().key
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Client(site.url, key_of("reader"), trust_env=False) as client:
        assert client.manifest(key)["trace_count"] == 1
    with Client(site.url, key_of("reader")) as client, pytest.raises(httpx.ConnectError):
        client.manifest(key)


@contextmanager
def server_of(body: bytes, **headers):
    """Answer every GET alike, as a server might that is not ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_an_export_with_rows_missing_is_an_error(tmp_path):
    line = json.dumps({"id": 1}).encode() + b"\n"
    with (
        server_of(line * 2, X_Row_Count="3") as url,
        Client(url, "key") as client,
        pytest.raises(ApiError, match="2 of 3 rows came"),
    ):
        client.export("set-1", fmt="record", split="train", output=tmp_path / "out.jsonl")
