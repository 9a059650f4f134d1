from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.checks import known_queues
from jobs.processes import Workers
from jobs.worker import QueueWorker


class Command(BaseCommand):
    help = "Do what waits in the queues: a process for each worker, until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", metavar="A,B", help="work on these alone, in this process")
        parser.add_argument(
            "--once", action="store_true", help="in this process, until nothing is queued"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["queues"] and not options["once"]:
            Workers(settings.WORKERS).run()
            return
        queues = (options["queues"] or ",".join(known_queues())).split(",")
        unknown = sorted(set(queues) - set(known_queues()))
        if unknown:
            known = ", ".join(known_queues())
            raise CommandError(f"There is no queue {', '.join(unknown)}; known ones: {known}.")
        QueueWorker(queues=queues, once=options["once"]).work()
