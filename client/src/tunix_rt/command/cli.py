"""The command `tunix-rt`: import, export, build, and what there is."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tunix_rt.client import Client
from tunix_rt.command import console, listing
from tunix_rt.command.arguments import Json, Key, Pairs, Url, pairs, recipe_of, typed
from tunix_rt.errors import Invalid, TunixError, problem_of
from tunix_rt.version import VERSION

INTERRUPTED = 130  # what a shell says of a program that SIGINT ended
STDOUT = Path("-")
OF_AN_EXPORT = (
    *("key", "path", "format", "parquet", "split", "digest", "overwrite", "progress", "after"),
)

app = typer.Typer(
    help="Use a site of Tunix RT from the command line. It ends with 0 when all was done, with 1 "
    "where the site refused something or could not be reached (what was, is said on stderr), "
    "with 2 where the command itself is wrong.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class OnError(StrEnum):
    SKIP = "skip"
    ABORT = "abort"


class Strategy(StrEnum):
    LATEST = "latest"
    RANDOM = "random"


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(VERSION)
        raise typer.Exit


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
    format: Annotated[str, typer.Option(help="auto recognises it.")] = "auto",  # noqa: A002
    source: Annotated[str | None, typer.Option(help="In place of the traces' own.")] = None,
    map: Annotated[  # noqa: A002
        str | None,
        typer.Option(help="Which field is which: prompt:task,thought:cot,final_answer:result"),
    ] = None,
    on_error: Annotated[OnError, typer.Option(help="What to do with a bad record.")] = OnError.SKIP,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing.")] = False,
    as_json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Import files of any format that the site knows; the same file again creates nothing."""
    refused = 0
    with Client(url, key) as client:
        for file in files:
            try:
                with console.progress(file.name, of_bytes=True) as progress:
                    summary = client.traces.import_file(
                        file,
                        format=format,
                        source=source,
                        map=map,
                        on_error=on_error.value,
                        dry_run=dry_run,
                        progress=progress,
                    )
            except Invalid as error:
                refused += 1
                console.say(f"{file}: {error}")
                continue
            console.show(
                {"file": str(file), **summary},
                _import_text(file, summary, dry_run=dry_run),
                as_json=as_json,
            )
    if refused:
        raise typer.Exit(1)


def _import_text(file: Path, summary: Mapping[str, Any], *, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    text = (
        f"{file}: {summary['line_count']:,} lines ({summary['format'] or 'of no format'}): "
        f"{summary['created_count']:,} traces {would}stored, {summary['existing_count']:,} there "
        f"already, {summary['error_count']:,} records bad."
    )
    for error in summary["errors"][:3]:
        text += f"\n  {problem_of(error)}"
    if summary["error_count"] > 3:
        text += f"\n  all of them: tunix-rt job {summary['job']} --errors"
    return text


@app.command()
def export(
    dataset: Annotated[str, typer.Argument(metavar="KEY", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file; - is standard output.", show_default=False),
    ] = None,
    format: Annotated[str, typer.Option(help="trace, tunix_sft, record, ...")] = "trace",  # noqa: A002
    parquet: Annotated[bool, typer.Option("--parquet", help="A Parquet file, no lines.")] = False,
    split: Annotated[str | None, typer.Option(help="One split alone.")] = None,
    parameter: Annotated[
        Pairs | None,
        typer.Option("--with", metavar="NAME=VALUE", help="A parameter of the format."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    as_json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Write a dataset to a file. Interrupted, the same command goes on where it ended."""
    parameters = pairs(parameter, OF_AN_EXPORT)
    with Client(url, key) as client:
        if output == STDOUT:
            if parquet:
                raise typer.BadParameter("Parquet is written to a file alone.")
            for line in client.datasets.lines(dataset, format=format, split=split, **parameters):
                sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
            return
        path = output or Path(_name_of(dataset, split, format, parquet=parquet))
        with console.progress(path.name) as progress:
            done = client.datasets.export(
                dataset,
                path,
                format=format,
                parquet=parquet,
                split=split,
                overwrite=force,
                progress=progress,
                **parameters,
            )
    left_out = f" Left out: {done.left_out}." if done.left_out else ""
    result = {
        "path": str(done.path),
        "row_count": done.row_count,
        "byte_count": done.byte_count,
        "content_digest": done.content_digest,
        "left_out": done.left_out,
    }
    text = f"Wrote {done.row_count:,} rows, {done.byte_count:,} bytes, to {path}.{left_out}"
    console.show(result, text, as_json=as_json)


@app.command()
def bundle(
    dataset: Annotated[str, typer.Argument(metavar="KEY", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file: KEY.zip.", show_default=False)
    ] = None,
    formats: Annotated[
        str | None, typer.Option(help="chat,grpo: others than most trainers read.")
    ] = None,
    with_answers: Annotated[
        bool, typer.Option("--with-answers", help="Those of the evaluation sets, too.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    as_json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Write a dataset to one archive, with configs of trainers, its card and its sums."""
    path = output or Path(f"{dataset}.zip")
    with Client(url, key) as client, console.progress(path.name, of_bytes=True) as progress:
        done = client.datasets.bundle(
            dataset,
            path,
            formats=None if formats is None else formats.split(","),
            with_answers=with_answers,
            overwrite=force,
            progress=progress,
        )
    result = {
        "path": str(done.path),
        "byte_count": done.byte_count,
        "content_digest": done.content_digest,
    }
    console.show(result, f"Wrote {done.byte_count:,} bytes to {path}.", as_json=as_json)


def _name_of(dataset: str, split: str | None, fmt: str, *, parquet: bool) -> str:
    """Name a file as the site does."""
    is_table = fmt == ("table" if parquet else "parquet")
    kind = [] if is_table else [fmt]
    suffix = "parquet" if parquet or is_table else "jsonl"
    return ".".join(filter(None, [dataset, split, *kind, suffix]))


@app.command()
def build(
    name: Annotated[str, typer.Argument(show_default=False)],
    version: Annotated[str, typer.Argument(show_default=False)],
    where: Annotated[
        Pairs | None,
        typer.Option(metavar="NAME=VALUE", help="Traces that match: status=approved, min_steps=2"),
    ] = None,
    filter: Annotated[  # noqa: A002
        Pairs | None, typer.Option(metavar="KEY=VALUE", help="A meta key that must equal it.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most (100).")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that match.")] = False,
    strategy: Annotated[Strategy | None, typer.Option(help="Which ones.")] = None,
    seed: Annotated[int | None, typer.Option(help="For random and splits.")] = None,
    split: Annotated[
        Pairs | None, typer.Option(metavar="NAME=SHARE", help="train=0.9, and so on.")
    ] = None,
    recipe: Annotated[
        typer.FileText | None, typer.Option(help="The rest of the request, as JSON; - is stdin.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Build a dataset of the traces that match; the same again gives the one that is there."""
    if every and limit is not None:
        raise typer.BadParameter("--all and --limit exclude each other.")
    request = recipe_of(recipe)
    chosen: dict[str, Any] = {
        "where": typed(where),
        "filters": typed(filter),
        "limit": limit,
        "selection_strategy": strategy.value if strategy else None,
        "seed": seed,
        "splits": typed(split),
    }
    request |= {name: value for name, value in chosen.items() if value not in (None, {})}
    if every:
        request["limit"] = None
    with Client(url, key) as client, console.progress(f"building {name}") as progress:
        built = client.datasets.build(name, version, progress=progress, **request)
    text = f"{built['dataset_key']}: {built['trace_count']:,} traces, {built['content_digest']}"
    console.show(built, text, as_json=as_json)


for look in (listing.datasets, listing.traces, listing.jobs, listing.job):
    app.command()(look)


def main() -> None:
    """Run the command; errors are a sentence, and 1."""
    try:
        app()
    except (TunixError, OSError) as error:
        console.say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
