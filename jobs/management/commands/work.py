import contextlib
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.kinds import queues
from jobs.workers.processes import Workers, worker_commands
from jobs.workers.worker import QueueWorker
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
            Workers(worker_commands(), beside=[KeptPostgres(cluster)] if cluster else []).run()
            return
        known = queues()
        asked = options["queues"].split(",") if options["queues"] else known
        if unknown := sorted(set(asked) - set(known)):
            missing = ", ".join(unknown)
            raise CommandError(f"There is no queue {missing}; known ones: {', '.join(known)}.")
        with looked_after(cluster) if cluster else contextlib.nullcontext():
            QueueWorker(queues=asked, once=options["once"]).work()
