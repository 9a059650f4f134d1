"""Reasoning traces: sent, found, judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tunix_rt import batches, imports
from tunix_rt.batches import OnError, Sent
from tunix_rt.curation.results import Review
from tunix_rt.http import pages
from tunix_rt.http.transport import Transport, segment
from tunix_rt.progress import Progress
from tunix_rt.results import (
    Comparison,
    ImportFormat,
    ImportSummary,
    Job,
    NewScore,
    Score,
    Trace,
    TraceRow,
)

PATH = "/api/traces"
Meta = Mapping[str, Any]
Formats = list[ImportFormat]  # `list` is a method below
Scores = list[Score]


class Traces:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, trace: Mapping[str, Any]) -> Trace:
        """Store one; where its external_id and content are stored already, give that."""
        created: Trace = self._transport.post(PATH, trace)
        return created

    def batch(self, traces: Iterable[Mapping[str, Any]], *, on_error: OnError = "abort") -> Sent:
        """Send any number of traces, a thousand at a time; give what became of them, in order.

        With "abort" a thousand is stored as a whole or not at all: Invalid names each bad trace by
        its index in the whole, and those sent before it stay stored. With "skip" the good ones are
        stored and the bad ones are in `errors`. What is returned grows by an entry a trace:
        `batches` gives it piece by piece.
        """
        whole = Sent()
        for sent in self.batches(traces, on_error=on_error):
            whole.add(sent)
        return whole

    def batches(
        self, traces: Iterable[Mapping[str, Any]], *, on_error: OnError = "abort"
    ) -> Iterator[Sent]:
        """Do what `batch` does piece by piece: a piece is sent when it is drawn."""
        return batches.send_traces(self._transport, traces, on_error)

    def import_file(
        self,
        path: str | Path,
        *,
        format: str = "auto",  # noqa: A002  # as the site calls it
        source: str | None = None,
        map: Mapping[str, str] | str | None = None,  # noqa: A002
        on_error: OnError = "skip",
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportSummary:
        """Import a file of any length in any format that the site knows, as it is.

        It may be compressed (gzip, zstd). `map` says which column is which: {"prompt": "task",
        "thought": "cot", "final_answer": "result"}. Sent again where it broke off: what is stored
        is not stored twice, and counts as existing then. Invalid where nothing could be stored;
        its errors name line and field. `progress` is told of bytes.
        """
        options = imports.options(format, source, map, on_error, dry_run=dry_run)
        return imports.import_file(self._transport, Path(path), options, progress)

    def import_records(
        self,
        records: Iterable[Mapping[str, Any]],
        *,
        format: str = "auto",  # noqa: A002
        source: str | None = None,
        map: Mapping[str, str] | str | None = None,  # noqa: A002
        on_error: OnError = "skip",
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportSummary:
        """Import records as they come, in one stream of any length.

        What was drawn is kept in a temporary file, so that it can be sent again.
        """
        options = imports.options(format, source, map, on_error, dry_run=dry_run)
        return imports.import_records(self._transport, records, options, progress)

    def formats(self) -> Formats:
        """Give the formats that an import reads, with an example each."""
        formats: Formats = self._transport.get(f"{PATH}/formats")
        return formats

    def list(
        self, *, limit: int | None = None, meta: Meta | None = None, **filters: Any
    ) -> Iterator[TraceRow]:
        """Yield those that match, newest first: source="gsm8k", status="approved", q="pens", ...

        `meta` holds values of meta keys, dots nest: {"level.digits": 2}.
        """
        return pages.rows(self._transport, PATH, pages.with_meta(filters, meta), limit)

    def count(self, *, meta: Meta | None = None, **filters: Any) -> int:
        return pages.count(self._transport, PATH, pages.with_meta(filters, meta))

    def get(self, trace_id: str) -> Trace:
        trace: Trace = self._transport.get(f"{PATH}/{segment(trace_id)}")
        return trace

    def update(
        self,
        trace_id: str,
        *,
        status: str | None = None,
        tags: Sequence[str] | None = None,
        expected_tags: Sequence[str] | None = None,
    ) -> Trace:
        """Change the status or the tags, refused where these are not as expected by now.

        Content never changes.
        """
        changes = {
            "status": status,
            "tags": None if tags is None else [*tags],
            "expected_tags": None if expected_tags is None else [*expected_tags],
        }
        body = {name: value for name, value in changes.items() if value is not None}
        changed: Trace = self._transport.patch(f"{PATH}/{segment(trace_id)}", body)
        return changed

    def update_all(
        self,
        where: Mapping[str, Any],
        changes: Mapping[str, Any],
        *,
        expected_count: int | None = None,
    ) -> Job:
        """Change status or tags of all that match, as a job: {"status": "approved"}.

        Conflict where `expected_count` is given and others match.
        """
        body: dict[str, Any] = {"where": where, "set": changes}
        if expected_count is not None:
            body["expected_count"] = expected_count
        job: Job = self._transport.post(f"{PATH}/bulk", body)
        return job

    def delete_all(self, where: Mapping[str, Any], *, expected_count: int) -> Job:
        """Delete all that match and no dataset holds, for good, as a job; for superusers.

        Their key needs the role trainer. Conflict where others match than `expected_count`.
        """
        body = {"where": where, "expected_count": expected_count}
        job: Job = self._transport.post(f"{PATH}/bulk-delete", body)
        return job

    def delete(self, trace_id: str) -> None:
        """Delete what no dataset holds; Conflict names those that do."""
        self._transport.send("DELETE", f"{PATH}/{segment(trace_id)}")

    def review(self, trace_id: str, verdict: str, **options: Any) -> Review:
        """Give a verdict: note="...", reasons=[...], step_labels={"0": 1}, claim=ID, and so on.

        Conflict where the status or your last review is not what you expect, or somebody else
        holds the trace that you claimed.
        """
        path = f"{PATH}/{segment(trace_id)}/reviews"
        review: Review = self._transport.post(path, {"verdict": verdict, **options})
        return review

    def correct(self, trace_id: str, **changes: Any) -> Trace:
        """Store a corrected trace (prompt="...", final_answer="...", steps=[...]), reject this one.

        `note`, `reasons` and what is expected as for a review.
        """
        path = f"{PATH}/{segment(trace_id)}/correct"
        trace: Trace = self._transport.post(path, changes)
        return trace

    def reviews(
        self, trace_id: str, *, limit: int | None = None, **filters: Any
    ) -> Iterator[Review]:
        """Yield the reviews of a trace, newest first."""
        path = f"{PATH}/{segment(trace_id)}/reviews"
        return pages.rows(self._transport, path, filters, limit)

    def score(self, trace_id: str, criteria: str = "baseline") -> NewScore:
        """Have the site score a trace, and store that."""
        path = f"{PATH}/{segment(trace_id)}/score"
        scored: NewScore = self._transport.post(path, {"criteria": criteria})
        return scored

    def scores(self, trace_id: str) -> Scores:
        scores: Scores = self._transport.get(f"{PATH}/{segment(trace_id)}/scores")
        return scores

    def add_scores(self, scores: Iterable[Mapping[str, Any]]) -> int:
        """Send scores that were computed elsewhere: {"trace", "criteria", "value", ...}.

        Give how many were stored. One of the same trace, criteria and version is replaced.
        """
        return batches.send_scores(self._transport, scores)

    def compare(self, base: str, other: str) -> Comparison:
        compared: Comparison = self._transport.get(
            f"{PATH}/compare", {"base": base, "other": other}
        )
        return compared

    def similar(self, trace_id: str, **options: Any) -> dict[str, Any]:
        """Give the traces that say nearly the same, the most similar first."""
        found: dict[str, Any] = self._transport.get(f"{PATH}/{segment(trace_id)}/similar", options)
        return found

    def prompts(
        self, *, limit: int | None = None, meta: Meta | None = None, **filters: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the prompts of the traces that match, with their agreement and pass rate."""
        return pages.rows(self._transport, f"{PATH}/prompts", pages.with_meta(filters, meta), limit)
