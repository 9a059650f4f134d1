import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from traces.services import indexing
from tunix_site.database_troubles import described, trouble_of
from tunix_site.progress_bar import progress_bar

POLL_SECONDS = 0.5
AWAY_SECONDS = 2.0
ANALYZE_AFTER = 10_000  # traces
ANALYZE_AT_LEAST_EVERY = 200_000

T = TypeVar("T")


class Command(BaseCommand):
    help = "Fill an index behind ingest with the traces that it lacks, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, choices=sorted(indexing.INDEXERS))
        parser.add_argument(
            "--until-empty", action="store_true", help="end when nothing is pending"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with _asked_to_stop() as stop:
            if options["until_empty"]:
                self._empty(options["kind"], stop)
            else:
                self._follow(options["kind"], stop)

    def _empty(self, kind: str, stop: threading.Event) -> None:
        total = self._patiently(indexing.pending_count, kind, stop) or 0
        done = 0
        with progress_bar(total=total, unit=" traces", desc="indexing") as bar:
            while count := self._patiently(indexing.index_some, kind, stop):
                done += count
                bar.update(count)
        if done > ANALYZE_AFTER:
            self._patiently(indexing.analyze_index, kind, stop)
        self.stdout.write(f"Indexed {done:,} traces.")

    def _follow(self, kind: str, stop: threading.Event) -> None:
        unknown = 0  # to the planner
        while not stop.is_set():
            count = self._patiently(_index_when_ingest_is_over, kind, stop) or 0
            unknown += count
            if unknown > (ANALYZE_AT_LEAST_EVERY if count else ANALYZE_AFTER):
                self._patiently(indexing.analyze_index, kind, stop)
                unknown = 0
            stop.wait(0 if count else POLL_SECONDS)

    def _patiently(self, do: Callable[..., T], kind: str, stop: threading.Event) -> T | None:
        """Do it, again and again while the database is away; None where asked to stop."""
        while not stop.is_set():
            try:
                return do(kind=kind)
            except Error as error:
                if trouble_of(error) is None:
                    raise
                self.stderr.write(f"Trying again in {AWAY_SECONDS:g} s: {described(error)}")
                connection.close()
            stop.wait(AWAY_SECONDS)
        return None


def _index_when_ingest_is_over(*, kind: str) -> int:
    """Index what came in by few at once, and batches when no more of them come."""
    return indexing.index_some(kind=kind, few_alone=indexing.gives_way(kind=kind))


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set, so that what is begun is ended first."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
