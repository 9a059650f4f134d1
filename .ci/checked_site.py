"""A site of its own for the checks of exports, and what is fetched from it."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
import httpx


@contextlib.contextmanager
def served(folder: Path) -> Iterator[httpx.Client]:
    """Serve an empty embedded database below the folder; give a client with a curator's key."""
    os.environ |= {"TUNIX_VAR": str(folder / "var"), "DATABASE_URL": "", "DATABASE_URL_FILE": ""}
    os.environ["DJANGO_SETTINGS_MODULE"] = "tunix_site.settings"
    django.setup()
    from django.conf import settings

    from events.actors import command
    from tunix_site.access.accounts import ensure_administrator
    from tunix_site.database.migrating import migrate
    from tunix_site.postgres.cluster import embedded_postgres
    from tunix_site.serving.server_process import environment_of_a_server, running_server

    with embedded_postgres(settings.VAR_DIR):
        migrate()
        administrator = ensure_administrator(by=command())
        environment = environment_of_a_server(folder / "served")
        with (
            running_server(environment=environment, log_path=folder / "server.log") as server,
            httpx.Client(
                base_url=server.url,
                headers={"Authorization": f"Bearer {administrator.api_key}"},
                timeout=120,
                trust_env=False,
            ) as site,
        ):
            yield site


def save(site: httpx.Client, url: str, path: Path) -> int:
    """Save what a URL gives; give the number of its lines."""
    rows = 0
    with site.stream("GET", url) as answer, path.open("wb") as file:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            file.write(piece)
            rows += piece.count(b"\n")
    return rows


def send(
    site: httpx.Client, records: Iterable[dict[str, Any]], *, labelled: int, **recipe: Any
) -> None:
    """Store traces as records, which bring their verdicts; label the steps of the last ones.

    Build the dataset `check-1` of all, the newest first, by a recipe that may say more.
    """
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    imported = site.post(
        "/api/traces/import",
        params={"format": "record"},
        content=lines,
        headers={"Content-Type": "application/x-ndjson"},
    )
    summary = imported.raise_for_status().json()
    if summary["error_count"]:
        raise SystemExit(f"Not all records were stored: {summary['errors']}")
    listed = site.get("/api/traces", params={"limit": labelled}).raise_for_status().json()
    for number, row in enumerate(listed["results"]):
        review = {"verdict": row["status"], "step_labels": {"0": number % 3 - 1}}
        site.post(f"/api/traces/{row['id']}/reviews", json=review).raise_for_status()
    build = {"dataset_name": "check", "dataset_version": "1", "limit": None}
    build |= {"selection_strategy": "latest", **recipe}
    site.post("/api/datasets/build", json=build).raise_for_status()


def with_a_library(cache: str) -> dict[str, str]:
    """Give the environment of a program with Hugging Face's libraries, with a cache of its own."""
    return {
        **os.environ,
        "HF_HOME": cache,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
    }
