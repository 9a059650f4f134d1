import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from datasets.compression import GZIP, IDENTITY, ZSTD
from datasets.export.export import Export, told
from datasets.export.reading import DatasetCutShort
from datasets.formats.containers import LINES, PARQUET, Container
from datasets.formats.known import FORMATS, OLD_NAME
from datasets.formats.options import Metadata, Neutral, Tools
from datasets.formats.rows import Columns
from datasets.formats.table import TABLE
from datasets.models import Dataset
from traces.reasoning.writing import Thought
from tunix_site.errors import Conflict, Invalid, text_of
from tunix_site.progress_bar import progress_bar

STDOUT = "-"
KNOWN = FORMATS | {OLD_NAME: TABLE}
CHOICES = (
    *("split", "metadata", "thought", "neutral", "conversational", "tools", "include_truncated"),
)
INTERRUPTED = 130  # what a shell says of a program that SIGINT ended


class Command(BaseCommand):
    help = "Write a dataset to a file, whole or not at all: the bytes that the API's export gives."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="of the dataset: NAME-VERSION")
        parser.add_argument("--format", default="trace", help=", ".join(FORMATS))
        parser.add_argument("--parquet", action="store_true", help="a Parquet file, not lines")
        parser.add_argument(
            "--output",
            required=True,
            metavar="FILE",
            help="compressed where it ends in .gz or .zst; - is standard output",
        )
        parser.add_argument("--split", help="all rows, if not given")
        parser.add_argument(
            "--metadata", help=f"{', '.join(Metadata)}; the format's own, if not given"
        )
        parser.add_argument("--thought", help=f"{', '.join(Thought)}; the format's own")
        parser.add_argument("--neutral", help=f"{', '.join(Neutral)}, for stepwise")
        parser.add_argument("--tools", help=f"{', '.join(Tools)}, for chat and messages")
        parser.add_argument(
            "--conversational",
            action="store_true",
            default=None,
            help="messages in place of texts, for preference",
        )
        parser.add_argument(
            "--include-truncated",
            action="store_true",
            default=None,
            help="keep replies that were cut off before their answer",
        )
        parser.add_argument("--force", action="store_true", help="replace a file that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        output, export = options["output"], _export(options)
        if output != STDOUT:
            _refuse(Path(output), force=options["force"])
        pieces = export.pieces(lambda rows: _with_progress(rows, export, options))
        try:
            if output == STDOUT:
                _print(pieces)
            else:
                _write(pieces, Path(output))
        except DatasetCutShort as error:
            raise CommandError(str(error.detail)) from None
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}.") from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=INTERRUPTED) from None
        if output != STDOUT:
            self.stdout.write(f"Wrote {export.row_count:,} rows to {output}.")
            if left_out := told(export.left_out):
                self.stdout.write(f"Left out: {left_out}.")


def _export(options: dict[str, Any]) -> Export:
    key, fmt = options["key"], KNOWN.get(options["format"])
    known = Dataset.objects.existing().filter(key=key) if key.isprintable() else []
    dataset = next(iter(known), None)
    if dataset is None:
        raise CommandError(f"There is no dataset {key!a}.")
    if fmt is None:
        raise CommandError(f"Unknown format; known ones: {', '.join(FORMATS)}.")
    container = PARQUET if options["parquet"] or LINES not in fmt.containers else LINES
    try:
        return Export(
            dataset=dataset,
            fmt=fmt,
            container=container,
            encoding=_encoding(options["output"], container),
            **{name: options[name] for name in CHOICES},
        )
    except (Conflict, Invalid) as error:
        raise CommandError(text_of(error.detail)) from None


def _encoding(output: str, container: Container) -> Any:
    named = (encoding for encoding in (GZIP, ZSTD) if output.endswith(encoding.suffix))
    encoding = next(named, IDENTITY)
    if encoding not in container.encodings:
        raise CommandError(f"A {container.suffix} file is compressed inside: no {encoding.suffix}.")
    return encoding


def _refuse(path: Path, *, force: bool) -> None:
    if path.exists() and not path.is_file():
        raise CommandError(f"{path} is no file.")
    if path.exists() and not force:
        raise CommandError(f"{path} is there already; --force replaces it.")


def _with_progress(
    rows: Iterator[Columns], export: Export, options: dict[str, Any]
) -> Iterator[Columns]:
    """Show on stderr how far it is, unless asked to be quiet."""
    hidden = options["verbosity"] == 0
    return iter(
        progress_bar(rows, total=export.row_count, unit=" rows", unit_scale=True, disable=hidden)
    )


def _write(pieces: Iterator[bytes], path: Path) -> None:
    """Write beside the file and rename at the end, so that nothing half-written has its name."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _print(pieces: Iterator[bytes]) -> None:
    if sys.stdout is None:
        raise CommandError("Standard output is closed.")
    try:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
