"""How long the server takes for the pages that people look at, signed in to the admin."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.contrib.auth import get_user_model

from benchmarks.baseline import bare_connection
from benchmarks.site import BenchmarkFailed, Site
from benchmarks.timing import percentile, seconds_of

ROUNDS = 40
MOST_MS = 150
OLDEST = """
    SELECT max(id::text) FROM (SELECT id FROM traces_trace ORDER BY id LIMIT 51) AS last_page
"""
NEWEST = "SELECT id::text, prompt_hash::text FROM traces_trace ORDER BY id DESC LIMIT 1"
DATASET = "SELECT key FROM datasets_dataset WHERE deleted_at IS NULL ORDER BY id LIMIT 1"
FILTERS = (
    "status=unreviewed",
    "status=rejected",
    "source=gsm8k",
    "criteria=answer_correctness&outcome=wrong",
    "trace_version=none",
    "min_steps=500",
    "reviewer=benchmarks",
    "source=generated&tag=none",
    "q=week&source=generated",
    "meta.level=3",
    "labelled=true",
    "disputed=true",
)


def measure(site: Site) -> Iterator[tuple[str, float, str, float | None]]:
    """Give the 95th percentile of each page: its name, value, unit and what it may be at most."""
    with bare_connection() as database:
        (oldest,) = database.execute(OLDEST).fetchone() or ("",)
        newest, prompt = database.execute(NEWEST).fetchone() or ("", "")
        (dataset,) = database.execute(DATASET).fetchone() or ("",)
    of_dataset = f"dataset={dataset}"
    pages = {
        "home": "/admin/",
        "list of traces, first": "/admin/traces/",
        "list of traces, last": f"/admin/traces/?before={oldest}",
        **{f"list of traces, {query}": f"/admin/traces/?{query}" for query in FILTERS},
        "list of traces, of a dataset": f"/admin/traces/?{of_dataset}",
        "list of traces, of a dataset, last": f"/admin/traces/?{of_dataset}&before={oldest}",
        "trace": f"/admin/traces/{newest}/",
        "activity": "/admin/activity/",
        "datasets": "/admin/datasets/",
        "dataset": f"/admin/datasets/{dataset}",
        "evaluation sets": "/admin/evaluation-sets/",
        "import": "/admin/import/",
        "jobs": "/admin/jobs/",
        "prompts": "/admin/prompts/",
        "attempts": f"/admin/prompts/{prompt}",
        "queues": "/admin/review/",
    }
    with signed_in(site) as browser:
        for name, path in pages.items():
            times = [1000 * seconds_of(_got, browser, path) for _ in range(ROUNDS)]
            yield f"page: {name}", percentile(times, 0.95), "ms, p95", MOST_MS


@contextmanager
def signed_in(site: Site) -> Iterator[httpx.Client]:
    """Give a client with a session of the benchmarks' user."""
    user = get_user_model().objects.get(username="benchmarks")
    password = secrets.token_urlsafe()
    user.set_password(password)
    user.save(update_fields=["password"])
    with httpx.Client(base_url=site.server.url, trust_env=False, timeout=60) as browser:
        browser.get("/admin/login/")
        form = {
            "username": user.username,
            "password": password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        if browser.post("/admin/login/", data=form).status_code != httpx.codes.FOUND:
            raise BenchmarkFailed("The benchmarks' user cannot sign in to the admin.")
        yield browser


def _got(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    if answer.status_code != httpx.codes.OK:
        raise BenchmarkFailed(f"{path} answered {answer.status_code}.")
