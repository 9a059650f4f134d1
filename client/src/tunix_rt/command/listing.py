"""The commands that show what there is."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tunix_rt.client import Client
from tunix_rt.command import console
from tunix_rt.command.arguments import Json, Key, Limit, Pairs, Url, pairs
from tunix_rt.errors import problem_of

NO_FILTERS = ("limit", "cursor", "count", "meta")  # a meta key is meta.KEY


def datasets(limit: Limit = 20, as_json: Json = False, url: Url = None, key: Key = None) -> None:
    """List the datasets, newest first."""
    with Client(url, key) as client:
        console.show_rows(
            client.datasets.list(limit=limit),
            lambda row: f"{row['created_at'][:19]}  {row['trace_count']:>9,}  {row['dataset_key']}",
            as_json=as_json,
        )


def traces(
    q: Annotated[str | None, typer.Option(help="Words that they hold.")] = None,
    source: Annotated[str | None, typer.Option()] = None,
    status: Annotated[str | None, typer.Option()] = None,
    tag: Annotated[str | None, typer.Option()] = None,
    where: Annotated[
        Pairs | None, typer.Option(metavar="NAME=VALUE", help="Any filter: meta.level=2")
    ] = None,
    limit: Limit = 20,
    as_json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List the traces that match, newest first."""
    named = {"q": q, "source": source, "status": status, "tag": tag}
    filters: dict[str, Any] = {
        **pairs(where, NO_FILTERS),
        **{name: value for name, value in named.items() if value is not None},
    }
    with Client(url, key) as client:
        console.show_rows(
            client.traces.list(limit=limit, **filters),
            lambda row: (
                f"{row['id']}  {row['status']:<10}  {' '.join(row['prompt_preview'].split())}"
            ),
            as_json=as_json,
        )


def jobs(
    kind: Annotated[str | None, typer.Option(help="build, import, ...")] = None,
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, ...")] = None,
    limit: Limit = 20,
    as_json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List the jobs, newest first."""
    with Client(url, key) as client:
        rows = client.jobs.list(kind=kind, state=state, limit=limit)
        console.show_rows(rows, _job_text, as_json=as_json)


def job(
    job_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    wait: Annotated[
        bool, typer.Option("--wait", help="Until it has ended; 1 if it failed.")
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop it.")] = False,
    errors: Annotated[
        bool, typer.Option("--errors", help="What was wrong with its input.")
    ] = False,
    as_json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Show a job, wait for it, or cancel it."""
    with Client(url, key) as client:
        if cancel:
            client.jobs.cancel(job_id)
        if errors:
            console.show_rows(
                client.jobs.errors(job_id),
                lambda row: str(problem_of(row)),
                as_json=as_json,
            )
            return
        if wait:
            with console.progress(f"job {job_id}") as progress:
                found = client.jobs.wait(job_id, progress=progress)
        else:
            found = client.jobs.get(job_id)
    console.show(found, _job_text(found), as_json=as_json)


def _job_text(row: Mapping[str, Any]) -> str:
    whole = "" if row["total"] is None else f" of {row['total']:,}"
    said = " ".join(filter(None, [f"{row['done']:,}{whole}", row.get("error")]))
    return f"{row['id']}  {row['created_at'][:19]}  {row['kind']:<8} {row['state']:<9}  {said}"
