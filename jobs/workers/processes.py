"""The worker processes: forked from one that has loaded the program, and kept running."""

import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from django.core.management import call_command
from django.db import connections

from jobs.kinds import queues
from tunix_site import apps
from tunix_site.database.troubles import described, trouble_of
from tunix_site.serving.processes import GRACE_SECONDS, Kept, die_with_parent, exit_on
from tunix_site.serving.server import keep_program_out_of_collections

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0  # before a worker that ended is started again
LOOK_SECONDS = 0.5
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def worker_commands() -> dict[str, Sequence[str]]:
    """Give the command of each worker process, by its name: one a queue, and those of the apps."""
    return {queue: ("work", "--queues", queue) for queue in queues()} | apps.workers()


class Workers:
    """A process for each command; one that ends is started again, until all are told to end.

    They share the memory of the program that was loaded before they were forked.
    """

    def __init__(
        self, commands: Mapping[str, Sequence[str]], *, beside: Sequence[Kept] = ()
    ) -> None:
        self.commands = commands
        self.beside = beside
        self.pids: dict[str, int] = {}
        self.not_before: dict[str, float] = {}
        self.ending = False

    def run(self) -> None:
        keep_program_out_of_collections()
        connections.close_all()  # every worker opens its own
        for number in SIGNALS:
            signal.signal(number, self._end)
        while not self.ending:
            self._reap()
            self._start_missing()
            for kept in self.beside:
                kept.keep()
            time.sleep(LOOK_SECONDS)
        self._stop()

    def _end(self, *caught: Any) -> None:
        self.ending = True

    def _start_missing(self) -> None:
        for name, command in self.commands.items():
            if name not in self.pids and time.monotonic() >= self.not_before.get(name, 0.0):
                self.pids[name] = _forked(name, command)

    def _reap(self) -> None:
        for name, pid in list(self.pids.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self.pids[name]
                self.not_before[name] = time.monotonic() + PAUSE_SECONDS
                if not self.ending:
                    code = os.waitstatus_to_exitcode(status)
                    log.warning("the worker %s ended with %s; it is started again", name, code)

    def _stop(self) -> None:
        self._signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS * 2 / 3  # less than we ourselves are given
        while self.pids and time.monotonic() < until:
            time.sleep(0.05)
            self._reap()
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for pid in self.pids.values():
            os.kill(pid, number)


def _forked(name: str, command: Sequence[str]) -> int:
    """Run a command in a child process; return its id."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until the child has its own handlers
    pid = os.fork()
    if pid == 0:
        _run(parent, name, command)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    return pid


def _run(parent: int, name: str, command: Sequence[str]) -> NoReturn:
    code = 1
    try:
        exit_on(*SIGNALS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        die_with_parent()
        if os.getppid() == parent:
            call_command(*command)
            code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException as error:
        if trouble_of(error):
            log.warning("the worker %s: %s", name, described(error))
        else:
            log.exception("the worker %s broke off", name)
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # it ends as it is
        sys.stdout.flush()
        os._exit(code)
