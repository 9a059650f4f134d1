import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from traces.services import indexing
from traces.services.following import Follower
from tunix_site.database.troubles import described, trouble_of
from tunix_site.progress_bar import progress_bar

AWAY_SECONDS = 2.0
ANALYZE_AFTER = 10_000  # traces
ANALYZE_AT_LEAST_EVERY = 200_000

T = TypeVar("T")


class Command(BaseCommand):
    help = "Fill an index behind ingest with the traces that it lacks, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--kind",
            required=True,
            action="append",
            choices=sorted(indexing.INDEXERS),
            help="of index; with more than one, the first that lacks something is filled",
        )
        parser.add_argument(
            "--until-empty", action="store_true", help="end when nothing is pending"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with _asked_to_stop() as stop:
            if options["until_empty"]:
                self._empty(options["kind"], stop)
            else:
                self._follow(options["kind"], stop)

    def _empty(self, kinds: list[str], stop: threading.Event) -> None:
        for kind in kinds:
            total = self._patiently(stop, indexing.pending_count, kind=kind) or 0
            done = 0
            with progress_bar(total=total, unit=" traces", desc="indexing") as bar:
                while count := self._patiently(stop, indexing.index_some, kind=kind):
                    done += count
                    bar.update(count)
            if done > ANALYZE_AFTER:
                self._patiently(stop, indexing.analyze_index, kind=kind)
            self.stdout.write(f"Indexed {done:,} traces.")

    def _follow(self, kinds: list[str], stop: threading.Event) -> None:
        follower = Follower(kinds)
        unknown: Counter[str] = Counter()  # to the planner
        while not stop.is_set():
            done, pause = self._patiently(stop, follower.turn) or ({}, 0.0)
            unknown.update(done)
            for kind, count in unknown.items():
                if count > (ANALYZE_AFTER if pause else ANALYZE_AT_LEAST_EVERY):
                    self._patiently(stop, indexing.analyze_index, kind=kind)
                    unknown[kind] = 0
            stop.wait(pause)

    def _patiently(self, stop: threading.Event, do: Callable[..., T], **options: Any) -> T | None:
        """Do it, again and again while the database is away; None where asked to stop."""
        while not stop.is_set():
            try:
                return do(**options)
            except Error as error:
                if trouble_of(error) is None:
                    raise
                self.stderr.write(f"Trying again in {AWAY_SECONDS:g} s: {described(error)}")
                connection.close()
            stop.wait(AWAY_SECONDS)
        return None


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
