"""What the command shows: progress on stderr, results on stdout as text for people or as JSON."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from tunix_rt.progress import Progress

SECONDS = 5.0  # between lines in a log


@contextmanager
def progress(title: str, *, of_bytes: bool = False) -> Iterator[Progress]:
    """Show how far something is: a bar on a terminal, in a log a line every few seconds."""
    if not sys.stderr.isatty():
        yield _lines(title, of_bytes=of_bytes)
        return
    counted: list[ProgressColumn] = (
        [DownloadColumn(binary_units=True), TransferSpeedColumn()]
        if of_bytes
        else [MofNCompleteColumn()]
    )
    columns = [TextColumn("{task.description}", markup=False), BarColumn(), *counted]
    with Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task(printable(title), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _lines(title: str, *, of_bytes: bool) -> Progress:
    last = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS:
            last = time.monotonic()
            unit = " bytes" if of_bytes else ""
            whole = "" if total is None else f" of {total:,}"
            say(f"{title}: {done:,}{whole}{unit}")

    return tell


def say(text: str) -> None:
    """Tell people something beside the result."""
    typer.echo(printable(text), err=True)


def show(result: Any, text: str, *, as_json: bool) -> None:
    """Print a result, once, in the way that was asked for."""
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else printable(text))


def show_rows(
    rows: Iterable[Mapping[str, Any]],
    row_text: Callable[[Mapping[str, Any]], str],
    *,
    as_json: bool,
) -> None:
    """Print each row when it comes, a line each."""
    for row in rows:
        show(row, row_text(row), as_json=as_json)


def printable(text: str) -> str:
    """Keep what a terminal shows as it is: what came from elsewhere may hold its commands."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
