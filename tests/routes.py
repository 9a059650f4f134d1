"""The routes of the API as its OpenAPI document names them, and requests that they accept."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from datasets.tests.factories import DatasetFactory
from evalsets.tests.factories import EvalSetFactory
from jobs.models import Job
from jobs.tests.factories import RunningJobFactory, SucceededJobFactory
from traces.curation.members import Claim, QueueMember
from traces.curation.queues import Queue, SavedFilter
from traces.models import Preference, Review, Trace
from traces.tests.factories import TraceFactory
from tunix_site.models import ApiKey, digest_of

DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
METHODS = ("get", "post", "put", "patch", "delete")
ROUTES = [
    (method, path)
    for path, operations in DOCUMENT["paths"].items()
    for method in METHODS
    if method in operations
]
GETS = [path for method, path in ROUTES if method == "get"]
WITH_IDS = [(method, path) for method, path in ROUTES if "{" in path]
HEALTH = ("get", "/api/health")
KEYED = [route for route in ROUTES if route != HEALTH]
# What the document leaves out: the pages for people, and the document itself.
PAGES = ["/api", "/api/schema", "/api/docs"]

TRACE = {
    "trace_version": "1.0",
    "prompt": "What is 2 + 2?",
    "final_answer": "4",
    "steps": [{"i": 0, "type": "reasoning", "content": "Two and two are four."}],
}
TRACE_ID = "7fffffff-ffff-7fff-bfff-ffffffffffff"  # that bodies name; later than any
ATTEMPT_ID = "7fffffff-ffff-7fff-bfff-fffffffffffe"  # another at its prompt
BODIES = {
    ("post", "/api/queues/{id}/next"): {},  # before verdicts, which leave nothing
    ("post", "/api/traces"): TRACE,
    ("post", "/api/traces/batch"): [TRACE],
    ("patch", "/api/traces/{id}"): {"status": "approved"},
    ("post", "/api/traces/bulk"): {"where": {}, "set": {"status": "approved"}},
    ("post", "/api/traces/bulk-delete"): {
        "where": {"ids": TRACE_ID},
        "expected_count": 1,
    },
    ("post", "/api/traces/{id}/score"): {"criteria": "baseline"},
    ("post", "/api/traces/score-all"): {"where": {}, "criteria": "baseline"},
    ("post", "/api/traces/{id}/reviews"): {"verdict": "approved"},
    ("post", "/api/traces/{id}/correct"): {"final_answer": "of a correction"},
    ("post", "/api/scores/batch"): [{"trace": TRACE_ID, "criteria": "judge", "value": 0.5}],
    ("post", "/api/preferences"): {"chosen": TRACE_ID, "rejected": ATTEMPT_ID},
    ("post", "/api/rewards/preview"): {"reward": {"baseline": 1}, "where": {}},
    ("post", "/api/queues"): {"name": "all", "where": {}, "order": "oldest"},
    ("patch", "/api/queues/{id}"): {"blind": True},
    ("post", "/api/filters"): {"name": "all", "where": {}},
    ("put", "/api/columns"): {"columns": ["status"]},
    ("post", "/api/datasets/build"): {"dataset_name": "new", "dataset_version": "1"},
    ("post", "/api/datasets/preview"): {"exact": True},
    ("post", "/api/evalsets"): {
        "name": "asked",
        "version": "1",
        "items": [{"id": "1", "prompt": "What is 2 + 2?", "expected_answer": "4"}],
    },
    ("post", "/api/evalsets/from-dataset"): {"name": "asked", "version": "2", "key": "built-1"},
    ("post", "/api/evalsets/generate"): {
        "name": "asked",
        "version": "3",
        "family": "addition",
        "size": 5,
        "seed": 7,
    },
}
QUERIES = {  # that routes need
    "/api/traces/compare": "?base={id}&other={id}",
    "/api/datasets/{key}/why": f"?trace={TRACE_ID}",
    "/api/datasets/{key}/contamination": "?eval_set={evalset}",
    "/api/datasets/compare": "?base={key}&other={key}",
    "/api/datasets/compare/ids.jsonl": "?base={key}&other={key}&change=added",
}
# Read as they come, whatever they are.
STREAMS = {("post", "/api/traces/import"): json.dumps(TRACE).encode()}
OF_SUPERUSERS = {("post", "/api/traces/bulk-delete")}
POSTS = [route for route in BODIES if route[0] == "post"]


def routes(chosen: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    """Try a test with each of some routes."""
    return pytest.mark.parametrize("route", chosen, ids=" ".join)


def is_detail(response: Any) -> bool:
    """Tell an answer that has a sentence and nothing else."""
    body = response.json()
    return list(body) == ["detail"] and isinstance(body["detail"], str)


def stored(identity: str, **fields: Any) -> Trace:
    """Store an attempt at one prompt under an id."""
    trace: Trace = TraceFactory.build(prompt=TRACE["prompt"], **fields)
    trace.id = UUID(identity)
    trace.save(force_insert=True)
    return trace


class World:
    """A trace that is free, another attempt in a dataset, an evaluation set, and the like."""

    def __init__(self) -> None:
        attempt = stored(ATTEMPT_ID, meta={"reference_answer": "4"})
        dataset = DatasetFactory(name="built")
        self.evalset = EvalSetFactory()
        self.trace = stored(TRACE_ID)
        self.names = {
            "id": str(self.trace.id),
            "key": dataset.key,
            "name": "trace",
            "evalset": self.evalset.key,
        }
        writer, _ = User.objects.get_or_create(username="a writer")
        self.preference = Preference.objects.create(
            chosen=self.trace, rejected=attempt, reviewer=writer
        )
        reader, _ = User.objects.get_or_create(username="a reader")
        self.job: Job = RunningJobFactory(kind="contamination", created_by=reader)
        self.bulk_job: Job = SucceededJobFactory(kind="bulk", result={}, created_by=writer)
        self.queue = Queue.objects.create(
            name="to review", order="oldest", member_count=1, left_count=1
        )
        QueueMember.objects.create(queue=self.queue, trace=self.trace, filling=0, rank=0)
        soon = timezone.now() + timedelta(minutes=1)
        self.own = {  # whose it is, is whoever asks
            "claims": ("reviewer", Claim(trace=self.trace, queue=self.queue, expires_at=soon)),
            "reviews": (
                "reviewer",
                Review(trace=attempt, verdict="flagged", status_before="flagged"),
            ),
            "filters": ("owner", SavedFilter(name="any")),
        }
        for owner, row in self.own.values():
            setattr(row, owner, writer)
            row.save()

    def names_of(self, path: str) -> dict[str, str]:
        """Give what stands for the names in a path."""
        if "/evalsets/" in path:
            return {**self.names, "key": self.evalset.key}
        noun = path.removeprefix("/api/").partition("/")[0]
        if noun == "queues":
            return {**self.names, "id": str(self.queue.pk)}
        if path == "/api/jobs/{id}/undo":
            return {**self.names, "id": str(self.bulk_job.pk)}
        if noun in self.own:
            return {**self.names, "id": str(self.own[noun][1].pk)}
        if "/preferences/" in path:
            return {**self.names, "id": str(self.preference.pk)}
        return {**self.names, "id": str(self.job.id)} if "/jobs/" in path else self.names

    def url(self, route: tuple[str, str], **names: str) -> str:
        path = route[1]
        query = QUERIES.get(path, "")
        return (path + query).format(**{**self.names_of(path), **names})

    def call(self, client: Any, route: tuple[str, str], url: str = "", **options: Any) -> Any:
        """Send a request that the route accepts, unless the url or other options say otherwise."""
        if route in BODIES:
            options = {"data": BODIES[route], "format": "json", **options}
        elif route in STREAMS:
            options = {"data": STREAMS[route], "content_type": "application/x-ndjson", **options}
        self.give(getattr(client, "_credentials", {}).get("HTTP_AUTHORIZATION", ""), route)
        return getattr(client, route[0])(url or self.url(route), **options)

    def give(self, authorization: str, route: tuple[str, str]) -> None:
        """Make what is somebody's own the user's whose key the header holds, where it holds one.

        They are a superuser where the route needs one; the role is held under that of the key.
        """
        key = ApiKey.objects.filter(digest=digest_of(authorization.removeprefix("Bearer "))).first()
        if key is None:
            return
        if route in OF_SUPERUSERS:
            key.user.is_superuser = True
            key.user.save(update_fields=["is_superuser"])
        for owner, row in [*self.own.values(), ("created_by", self.bulk_job)]:
            type(row).objects.filter(pk=row.pk).update(**{owner: key.user})


def success(route: tuple[str, str]) -> int:
    """Give the code that a route answers with when it has done what was asked."""
    method, path = route
    codes = {int(code) for code in DOCUMENT["paths"][path][method]["responses"]}
    return next(code for code in (201, 200, 204, 202) if code in codes)
