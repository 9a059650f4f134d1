"""A client of the HTTP API, for programs that use the site as its users do."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

BATCH_TRACES = 500
TIMEOUT_SECONDS = 60


class ApiError(Exception):
    """The site refused a request; the message holds its answer."""

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code


class Client:
    """`trust_env` is off where a proxy that the environment names is not in between."""

    def __init__(self, base_url: str, api_key: str, *, trust_env: bool = True) -> None:
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Token {api_key}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=trust_env,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def send_traces(self, traces: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
        """Send traces in batches; yield each batch's entries, in order."""
        for batch in _chunks(traces, BATCH_TRACES):
            yield self._post("/api/traces/batch", batch)["traces"]

    def score(self, trace_id: str, criteria: str) -> float:
        answer: float = self._post(f"/api/traces/{trace_id}/score", {"criteria": criteria})["score"]
        return answer

    def build(self, request: dict[str, Any]) -> dict[str, Any]:
        built: dict[str, Any] = self._post("/api/datasets/build", request)
        return built

    def manifest(self, dataset_key: str) -> dict[str, Any]:
        response = self._http.get(f"/api/datasets/{dataset_key}/manifest")
        manifest: dict[str, Any] = _checked(response).json()
        return manifest

    def export(self, dataset_key: str, *, fmt: str, split: str, output: Path) -> int:
        """Stream an export into a file; return the number of its rows."""
        query = {"format": fmt, "split": split}
        path = f"/api/datasets/{dataset_key}/export.jsonl"
        rows = 0
        with self._http.stream("GET", path, params=query) as response:
            if not response.is_success:
                response.read()
            expected = int(_checked(response).headers["X-Row-Count"])
            with output.open("wb") as file:
                for piece in response.iter_bytes():
                    rows += piece.count(b"\n")
                    file.write(piece)
        if rows != expected:
            raise ApiError(f"{path}: {rows} of {expected} rows came")
        return rows

    def _post(self, path: str, body: Any) -> Any:
        return _checked(self._http.post(path, json=body)).json()


def _checked(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        request = response.request
        raise ApiError(
            f"{request.method} {request.url.path}: {response.status_code} {response.text[:500]}",
            response.status_code,
        )
    return response


def _chunks(items: Iterable[dict[str, Any]], size: int) -> Iterator[Sequence[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
