"""A worker inside a test."""

from unittest import mock

from django_tasks_db.management.commands import db_worker

from jobs.workers.worker import QueueWorker


def work_off(queue: str) -> None:
    """Do what waits in a queue, on the test's own connection, which is kept."""
    with mock.patch.object(db_worker, "close_old_connections"):
        QueueWorker(queues=[queue], once=True).run()
