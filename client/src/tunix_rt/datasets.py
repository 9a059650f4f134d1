"""Datasets: built once, never changed, exported in many formats."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from tunix_rt import exports
from tunix_rt.exports import Bundled, Exported
from tunix_rt.http import pages
from tunix_rt.http.lines import documents
from tunix_rt.http.transport import Transport, segment
from tunix_rt.jobs import Jobs
from tunix_rt.progress import Progress
from tunix_rt.results import (
    Built,
    ChangedTrace,
    Contamination,
    Dataset,
    DatasetComparison,
    DatasetRow,
    FormatOfDataset,
    Job,
    Lineage,
    Manifest,
    Preview,
)

PATH = "/api/datasets"
RESPOND_ASYNC = {"Prefer": "respond-async"}


class Datasets:
    def __init__(self, transport: Transport, jobs: Jobs) -> None:
        self._transport = transport
        self._jobs = jobs

    def build(
        self,
        name: str,
        version: str,
        *,
        progress: Callable[[int, int | None], None] | None = None,
        **recipe: Any,
    ) -> Built:
        """Build a dataset, or give the one that the same request built before.

        The recipe is the site's own: where={"status": "approved"}, filters={...}, limit=None for
        all (else 100), selection_strategy="random", seed=1, splits={"train": 0.9, ...} and so on.
        Conflict where another dataset has that name and version. What the site does as a job is
        waited for, and `progress` told how far it is.
        """
        answer = self._transport.post(f"{PATH}/build", _request(name, version, recipe))
        if "state" in answer:
            answer = self._jobs.wait(answer["id"], progress=progress).get("result")
        built: Built = answer
        return built

    def build_job(self, name: str, version: str, **recipe: Any) -> Job:
        """Have a dataset built as a job, whose `result` is what `build` gives."""
        body = _request(name, version, recipe)
        job: Job = self._transport.post(f"{PATH}/build", body, headers=RESPOND_ASYNC)
        return job

    def preview(self, **recipe: Any) -> Preview:
        """Say what a recipe would take, and what each step would take away; nothing is stored.

        Of all that matches where `limit` is not given. Conflict where the same user asks for
        another meanwhile, Unavailable where it takes too long.
        """
        preview: Preview = self._transport.post(f"{PATH}/preview", recipe)
        return preview

    def list(self, *, limit: int | None = None) -> Iterator[DatasetRow]:
        """Yield datasets, newest first."""
        return pages.rows(self._transport, PATH, {}, limit)

    def get(self, key: str) -> Dataset:
        dataset: Dataset = self._transport.get(f"{PATH}/{segment(key)}")
        return dataset

    def manifest(self, key: str) -> Manifest:
        """Give all that a dataset is, the ids of its traces in order as well."""
        manifest: Manifest = self._transport.get(f"{PATH}/{segment(key)}/manifest")
        return manifest

    def why(self, key: str, trace: str) -> dict[str, Any]:
        """Say why a trace is in a dataset (`in` is true), or in which step it went, and why."""
        told: dict[str, Any] = self._transport.get(f"{PATH}/{segment(key)}/why", {"trace": trace})
        return told

    def contamination(
        self,
        key: str,
        eval_set: str,
        *,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Contamination:
        """Find the items of an evaluation set that stand in a dataset, with the evidence.

        What the site does as a job is waited for, and `progress` told how far it is.
        """
        path = f"{PATH}/{segment(key)}/contamination"
        answer = self._transport.get(path, {"eval_set": eval_set})
        if "state" in answer:
            answer = self._jobs.wait(answer["id"], progress=progress).get("result")
        found: Contamination = answer
        return found

    def compare(self, base: str, other: str) -> DatasetComparison:
        """Count the traces that `other` has otherwise than `base`, and show other differences."""
        asked = {"base": base, "other": other}
        compared: DatasetComparison = self._transport.get(f"{PATH}/compare", asked)
        return compared

    def changed(
        self, base: str, other: str, change: Literal["added", "removed", "moved"]
    ) -> Iterator[ChangedTrace]:
        """Yield the traces that were changed in one of these ways, with their splits."""
        asked = {"base": base, "other": other, "change": change}
        with self._transport.stream("GET", f"{PATH}/compare/ids.jsonl", query=asked) as response:
            yield from cast(Iterator[ChangedTrace], documents(response))

    def lineage(self, key: str) -> Lineage:
        """Tell what a dataset was made from, what came of it, and what it was held against."""
        told: Lineage = self._transport.get(f"{PATH}/{segment(key)}/lineage")
        return told

    def formats(self, key: str, format: str, **parameters: Any) -> FormatOfDataset:  # noqa: A002
        """Say how many rows an export in this format has, and what it leaves out, by reason."""
        path = f"{PATH}/{segment(key)}/formats/{segment(format)}"
        counted: FormatOfDataset = self._transport.get(path, parameters)
        return counted

    def export(
        self,
        key: str,
        path: str | Path,
        *,
        format: str = "trace",  # noqa: A002  # as the site calls it
        parquet: bool = False,
        split: str | None = None,
        digest: str | None = None,
        overwrite: bool = False,
        progress: Progress | None = None,
        **parameters: Any,
    ) -> Exported:
        """Write an export to a file of lines, or of Parquet, which is whole or not there.

        Where it breaks off it is gone on with, by this call or the next one of the same file.
        Incomplete where rows are missing, or where `digest` is given and the dataset has another;
        FileExistsError where the file is there and not to be overwritten. `progress` is told of
        rows, of Parquet of bytes. Further parameters are the format's own.
        """
        return exports.to_file(
            self._transport,
            key,
            Path(path),
            {**parameters, "format": format, "split": split},
            parquet=parquet,
            digest=digest,
            overwrite=overwrite,
            progress=progress,
        )

    def rows(
        self,
        key: str,
        *,
        format: str = "trace",  # noqa: A002
        split: str | None = None,
        digest: str | None = None,
        **parameters: Any,
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of an export as they come; where it breaks off, go on after those."""
        query = {**parameters, "format": format, "split": split}
        return map(json.loads, exports.whole_lines(self._transport, key, query, digest))

    def lines(
        self,
        key: str,
        *,
        format: str = "trace",  # noqa: A002
        split: str | None = None,
        digest: str | None = None,
        **parameters: Any,
    ) -> Iterator[bytes]:
        """Yield the lines of an export as they are, without their ends."""
        query = {**parameters, "format": format, "split": split}
        return exports.whole_lines(self._transport, key, query, digest)

    def bundle(
        self,
        key: str,
        path: str | Path,
        *,
        formats: Iterable[str] | None = None,
        with_answers: bool = False,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Bundled:
        """Write a dataset to one archive with what trainers need, which is whole or not there.

        Without formats, in those that most trainers read. FileExistsError where the file is there
        and not to be overwritten. `progress` is told of bytes.
        """
        query = {
            "formats": None if formats is None else ",".join(formats),
            "with_answers": with_answers or None,
        }
        return exports.bundle_to_file(
            self._transport, key, Path(path), query, overwrite=overwrite, progress=progress
        )

    def delete(self, key: str) -> None:
        """Delete a dataset; its key stays taken. Conflict where another was made from it."""
        self._transport.send("DELETE", f"{PATH}/{segment(key)}")


def _request(name: str, version: str, recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {**recipe, "dataset_name": name, "dataset_version": version}
