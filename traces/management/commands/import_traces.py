import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import APIException

from events import actors
from jobs.api.reading import error_pieces
from jobs.errors import JobInterrupted
from jobs.models import Job
from traces.document import MAX_SOURCE_CHARS
from traces.readers.formats import AUTO, FORMATS
from traces.readers.mapping import TARGETS, BadMapping, parse
from traces.services.importing.imports import import_stream
from traces.services.importing.summary import ABORT, SKIP, ImportRefused, ImportRequest
from traces.sources.records import Source
from tunix_site.errors import text_of
from tunix_site.progress_bar import reading_bar
from tunix_site.strict_json import text_problems

STDIN = "-"
INTERRUPTED = 130  # what a shell says of a program that SIGINT ended


class Command(BaseCommand):
    help = (
        "Store the traces of a file: JSON Lines, a JSON array or records under a key, CSV or "
        "Parquet, plain, gzip or zstd. What is stored already is not stored twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="- is standard input")
        parser.add_argument(
            "--format",
            default=AUTO,
            choices=[AUTO, *FORMATS],
            metavar="FORMAT",
            help=f"{AUTO} (recognised from the first records), {', '.join(FORMATS)}",
        )
        parser.add_argument(
            "--map",
            type=_map,
            metavar="TARGET:FIELD,...",
            help="which field is which, in place of a format: prompt:question,final_answer:answer; "
            f"targets are {', '.join(TARGETS)}",
        )
        parser.add_argument(
            "--source", type=_source, help="in place of the source that a trace names"
        )
        parser.add_argument(
            "--on-error",
            default=SKIP,
            choices=[SKIP, ABORT],
            help=f"what to do with a bad record: {SKIP} it (default), or {ABORT}, storing nothing",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="tell what would happen, and keep nothing of it"
        )
        parser.add_argument(
            "--errors",
            metavar="FILE",
            help="where the errors go, if there are any (FILE.errors.jsonl beside the file)",
        )
        parser.add_argument(
            "--user",
            metavar="USERNAME",
            help="who reviews what comes with a verdict or labels; without, there are no reviews",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["map"] and options["format"] != AUTO:
            raise CommandError(f"With --map, --format is {AUTO} or left out.")
        request = ImportRequest(
            format=options["format"],
            map=options["map"],
            source=options["source"],
            on_error=options["on_error"],
            dry_run=options["dry_run"],
            may_curate=True,
        )
        by = actors.command(user=_user(options["user"]))
        try:
            with _opened(options["file"]) as stream:
                answer = import_stream(source=Source(stream), request=request, by=by)
        except ImportRefused as error:
            self._report(error.answer, options)
            raise CommandError(error.reason) from None
        except (JobInterrupted, KeyboardInterrupt):
            raise CommandError(
                "Interrupted. What was stored stays; the same command goes on from there.",
                returncode=INTERRUPTED,
            ) from None
        except APIException as error:
            raise CommandError(text_of(error.detail)) from None
        self._report(answer, options)

    def _report(self, answer: dict[str, Any], options: dict[str, Any]) -> None:
        if not answer["line_count"]:
            return  # there is nothing to tell
        would = "would be " if options["dry_run"] else ""
        self.stdout.write(
            f"{answer['line_count']:,} lines ({answer['format'] or 'of no format'}): "
            f"{answer['created_count']:,} traces {would}stored, {answer['existing_count']:,} there "
            f"already{_differing(answer)}, {answer['error_count']:,} records bad."
        )
        if answer.get("unsigned_count"):
            self.stdout.write(self.style.WARNING(_unsigned(answer)))
        for trace in answer.get("traces", []):
            self.stdout.write(json.dumps(trace, ensure_ascii=False, indent=2, default=str))
        if answer["errors"]:
            self._report_errors(answer, options)

    def _report_errors(self, answer: dict[str, Any], options: dict[str, Any]) -> None:
        first = answer["errors"][0]
        self.stdout.write(f"The first: line {first['line']}, {_said(first)}")
        path = Path(options["errors"] or _beside(options["file"]))
        try:
            with path.open("wb") as file:
                file.writelines(error_pieces(Job.objects.get(pk=answer["job"])))
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from None
        left_out = answer.get("errors_left_out_count", 0)
        which = f"All but {left_out:,} of them" if left_out else "All of them"
        self.stdout.write(f"{which}: {path}")


def _differing(answer: dict[str, Any]) -> str:
    """Say how many of the traces that are there would be read differently now, if any."""
    count = answer["read_differently_count"]
    return f" ({count:,} read differently now, and left as they are)" if count else ""


def _unsigned(answer: dict[str, Any]) -> str:
    """Say what is lost of verdicts that nobody signs, and how it is not."""
    pairs = answer["unsigned_pair_count"]
    preferences = f", and {pairs:,} preferences" if pairs else ""
    return (
        f"Nobody signed the verdicts or step labels of {answer['unsigned_count']:,} traces"
        f"{preferences}: their statuses are set, but nothing else is kept, so that exports such as "
        "unpaired and stepwise have no labels of them. Say who signs with --user NAME; what is "
        "stored already has to be deleted before."
    )


def _source(text: str) -> str:
    """Take what the route takes as well; a terminal may also give what is no text."""
    if not 1 <= len(text) <= MAX_SOURCE_CHARS:
        raise ArgumentTypeError(f"1 to {MAX_SOURCE_CHARS} characters")
    for reason in text_problems(text):
        raise ArgumentTypeError(reason)
    return text


def _map(text: str) -> str:
    try:
        parse(text)
    except BadMapping as error:
        raise ArgumentTypeError(str(error)) from None
    return text


def _user(username: str | None) -> Any:
    if username is None:
        return None
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username!a}.")
    return user


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Open a file, and show how much of it was read."""
    try:
        with sys.stdin.buffer if name == STDIN else Path(name).open("rb") as file:
            size = None if name == STDIN else Path(name).stat().st_size
            with reading_bar(file, total=size, desc="importing") as stream:
                yield cast(IO[bytes], stream)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from None


def _beside(name: str) -> str:
    return "import.errors.jsonl" if name == STDIN else f"{name}.errors.jsonl"


def _said(error: dict[str, Any]) -> str:
    return f"{error['field']}: {error['message']}" if error["field"] else str(error["message"])
