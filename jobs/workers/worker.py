"""A worker: takes jobs from queues, and jobs from processes that ended."""

import logging
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from jobs.services.beats import interrupt_all
from jobs.services.lease import worker_name
from jobs.services.queue import give_back
from jobs.services.reaping import end_statements_of_the_gone, prune_jobs, reap_jobs
from tunix_site.apps import site_apps
from tunix_site.database.troubles import described, trouble_of

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
LOOKS_PER_LEASE = 3
HOUSEKEEPING_SECONDS = 3600.0
PATIENCE_SECONDS = 5.0


class QueueWorker(Worker):
    """The queue's own worker; told to end, it gives a job under way back to its queue."""

    def __init__(self, *, queues: list[str], once: bool) -> None:
        super().__init__(
            queue_names=queues,
            interval=POLL_SECONDS,
            batch=once,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=worker_name()[-64:],
            excluded_queue_names=[],
        )

    def configure_signals(self) -> None:
        super().configure_signals()
        signal.signal(signal.SIGHUP, self.shutdown)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Stop; told again, go on with that: the job under way is being given back."""
        if not self.running:
            return
        self.running = False
        interrupt_all()
        if not self.running_task:
            sys.exit(0)

    def run_task(self, db_task_result: "DBTaskResult[..., Any]") -> None:
        super().run_task(db_task_result)
        if not self.running:
            give_back(place=db_task_result.pk)

    def work(self) -> None:
        """Work until told to end; with `once`, until nothing is queued."""
        self.configure_signals()
        connection_created.connect(_notice_if_we_end)
        connection.close()  # the next one is made so
        reap_jobs()
        if self.batch:
            self.run()
            return
        ended = threading.Event()
        reaper = threading.Thread(target=_look_after, args=[ended], name="reaper", daemon=True)
        reaper.start()
        try:
            self.run()
        finally:
            ended.set()
            reaper.join(PATIENCE_SECONDS)


def _notice_if_we_end(**made: Any) -> None:
    end_statements_of_the_gone(seconds=settings.JOB_LEASE_SECONDS / LOOKS_PER_LEASE)


def _look_after(ended: threading.Event) -> None:
    """Find jobs of processes that ended, forget old ones, and keep house, from time to time."""
    pause = settings.JOB_LEASE_SECONDS / LOOKS_PER_LEASE
    keeps_house_at = time.monotonic()
    try:
        while not ended.wait(pause):
            try:
                reap_jobs()
                prune_jobs()
                if time.monotonic() >= keeps_house_at:
                    keeps_house_at = time.monotonic() + HOUSEKEEPING_SECONDS
                    keep_house()
            except Exception as error:  # the next time it may go: nobody else starts this again
                if isinstance(error, Error) and trouble_of(error) is not None:
                    log.warning("jobs are not looked after: %s", described(error))
                else:
                    log.exception("jobs are not looked after")
                connection.close()
    finally:
        connection.close()


def keep_house() -> None:
    """Have each app put away what is left lying about."""
    for path in (path for app in site_apps() for path in app.housekeeping):
        import_string(path)()
