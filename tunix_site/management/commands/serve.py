import shutil
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from tunix_site.accounts import ensure_administrator
from tunix_site.migrating import migrate
from tunix_site.processes import KeptProcess
from tunix_site.server import Server

WORK = [sys.executable, str(settings.BASE_DIR / "manage.py"), settings.WORK_COMMAND]


class Command(BaseCommand):
    help = "Migrate, make the first administrator, then serve and work until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument(
            "--no-setup", action="store_true", help="neither migrate nor make an administrator"
        )
        parser.add_argument(
            "--no-workers",
            action="store_true",
            help="leave jobs and indexes to `manage.py work`, here or elsewhere",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _try_address(options["host"], options["port"])
        if not options["no_setup"]:
            self._set_up()
        if settings.METRICS_DIR:
            shutil.rmtree(settings.METRICS_DIR, ignore_errors=True)
            settings.METRICS_DIR.mkdir(parents=True)
        connections.close_all()  # the web processes open their own
        self.stdout.write(f"Serving on http://{options['host']}:{options['port']}/api/")
        self.stdout.flush()
        with_workers = settings.RUN_WORKERS and not options["no_workers"]
        beside = KeptProcess(WORK) if with_workers else None
        Server(host=options["host"], port=options["port"], beside=beside).run()

    def _set_up(self) -> None:
        migrate()
        credentials = ensure_administrator()
        if credentials:
            self.stdout.write("The first administrator, shown this once:")
            self.stdout.write(f"  user      {credentials.username}")
            self.stdout.write(f"  password  {credentials.password}")
            self.stdout.write(f"  API key   {credentials.api_key}")


def _try_address(host: str, port: int) -> None:
    """Say at once where nothing can be served: the server itself tries for a while."""
    if not 0 < port < 2**16:
        raise CommandError(f"A port is a number from 1 to 65535, not {port}.")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise CommandError(
            f"Cannot serve on {host}, port {port}: {error.strerror}. "
            "Name another with PORT or --port."
        ) from None
