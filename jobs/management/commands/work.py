import contextlib
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.checks import known_queues
from jobs.workers.processes import Workers
from jobs.workers.worker import QueueWorker
from tunix_site.apps import workers
from tunix_site.postgres.cluster import Cluster
from tunix_site.postgres.keeper import KeptPostgres, looked_after


class Command(BaseCommand):
    help = "Do what waits in the queues: a process for each worker, until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", metavar="A,B", help="work on these alone, in this process")
        parser.add_argument(
            "--once", action="store_true", help="in this process, until nothing is queued"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = Cluster(settings.VAR_DIR) if settings.EMBEDDED_POSTGRES else None
        if not options["queues"] and not options["once"]:
            Workers(workers(), beside=[KeptPostgres(cluster)] if cluster else []).run()
            return
        queues = (options["queues"] or ",".join(known_queues())).split(",")
        unknown = sorted(set(queues) - set(known_queues()))
        if unknown:
            known = ", ".join(known_queues())
            raise CommandError(f"There is no queue {', '.join(unknown)}; known ones: {known}.")
        with looked_after(cluster) if cluster else contextlib.nullcontext():
            QueueWorker(queues=queues, once=options["once"]).work()
