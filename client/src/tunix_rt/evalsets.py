"""Evaluation sets: questions with the answers that are expected, made once and never changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tunix_rt import imports
from tunix_rt.http import lines, pages
from tunix_rt.http.transport import Transport, segment
from tunix_rt.jobs import Jobs
from tunix_rt.results import EvalSet, EvalSetMade, EvalSetRow

PATH = "/api/evalsets"


class EvalSets:
    def __init__(self, transport: Transport, jobs: Jobs) -> None:
        self._transport = transport
        self._jobs = jobs

    def create(
        self,
        name: str,
        version: str,
        items: Iterable[Mapping[str, Any]],
        *,
        answer_type: str | None = None,
        license: str | None = None,  # noqa: A002  # as the site calls it
    ) -> EvalSetMade:
        """Make a set of items, which are sent as they are drawn, or give the one that is the same.

        An item has `id`, `prompt`, `expected_answer` and so on. Conflict where another set has that
        name and version; Invalid names the bad items by their lines, counted from 1.
        """
        query = {"name": name, "version": version, "answer_type": answer_type, "license": license}
        made: EvalSetMade = imports.post_lines(self._transport, PATH, items, query)
        return made

    def from_dataset(
        self, name: str, version: str, key: str, *, split: str | None = None
    ) -> EvalSetMade:
        """Make a set of a dataset's split, or of all of it: a prompt with its reference each."""
        body = {"name": name, "version": version, "key": key, "split": split}
        made: EvalSetMade = self._transport.post(f"{PATH}/from-dataset", body)
        return made

    def generate(
        self,
        name: str,
        version: str,
        *,
        family: str,
        size: int,
        seed: int,
        config: Mapping[str, Any] | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> EvalSetMade:
        """Have problems generated and wait for the set; Unavailable where the site cannot."""
        body = {"name": name, "version": version, "family": family, "size": size, "seed": seed}
        job = self._transport.post(f"{PATH}/generate", {**body, "config": dict(config or {})})
        made: Any = self._jobs.wait(job["id"], progress=progress).get("result")
        generated: EvalSetMade = made
        return generated

    def list(self, *, limit: int | None = None) -> Iterator[EvalSetRow]:
        """Yield sets, newest first."""
        return pages.rows(self._transport, PATH, {}, limit)

    def get(self, key: str) -> EvalSet:
        evalset: EvalSet = self._transport.get(f"{PATH}/{segment(key)}")
        return evalset

    def items(self, key: str) -> Iterator[dict[str, Any]]:
        """Yield the items in order, with their answers."""
        with self._transport.stream("GET", f"{PATH}/{segment(key)}/items.jsonl") as response:
            yield from lines.documents(response)

    def delete(self, key: str) -> None:
        """Delete a set; its key stays taken. Conflict where a dataset names it."""
        self._transport.send("DELETE", f"{PATH}/{segment(key)}")
