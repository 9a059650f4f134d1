import contextlib
import shutil
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils.module_loading import import_string

from events import actors
from tunix_site.access.accounts import ensure_administrator
from tunix_site.apps import site_apps
from tunix_site.database.migrating import migrate
from tunix_site.postgres.cluster import embedded_postgres
from tunix_site.postgres.keeper import KeptPostgres
from tunix_site.serving.listening import CannotListen, notes, try_address, url_of
from tunix_site.serving.only_server import AlreadyServed, only_server
from tunix_site.serving.processes import Kept, KeptProcess
from tunix_site.serving.server import Server

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]


class Command(BaseCommand):
    help = "Migrate, make the first administrator, then serve and work until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="the address to listen on")
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
        host = options["host"].removeprefix("[").removesuffix("]")
        port = options["port"]
        url = url_of(host, port)
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(only_server(settings.VAR_DIR, url))
                try_address(host, port)
            except (AlreadyServed, CannotListen) as error:
                raise CommandError(str(error)) from None
            beside: list[Kept] = []
            if settings.EMBEDDED_POSTGRES:
                cluster = held.enter_context(embedded_postgres(settings.VAR_DIR))
                beside.append(KeptPostgres(cluster))
            if settings.RUN_WORKERS and not options["no_workers"]:
                commands = [command for app in site_apps() for command in app.beside_server]
                beside += [KeptProcess([*MANAGE, command]) for command in commands]
            self._prepare(set_up=not options["no_setup"])
            self.stdout.write(f"Serving on {url}/api/")
            self.stdout.write(f"  documentation  {url}/api/docs")
            self.stdout.write(f"  admin          {url}/admin/")
            for note in notes(host, settings.ALLOWED_HOSTS):
                self.stdout.write(note)
            self.stdout.flush()
            Server(host=host, port=port, beside=beside).run()

    def _prepare(self, *, set_up: bool) -> None:
        if set_up:
            self._set_up()
        if settings.METRICS_DIR:
            shutil.rmtree(settings.METRICS_DIR, ignore_errors=True)
            settings.METRICS_DIR.mkdir(parents=True)
        for path in (path for app in site_apps() for path in app.before_serving):
            import_string(path)()
        connections.close_all()  # the web processes open their own

    def _set_up(self) -> None:
        migrate()
        credentials = ensure_administrator(by=actors.command())
        if credentials:
            self.stdout.write("The first administrator, shown this once:")
            self.stdout.write(f"  user      {credentials.username}")
            self.stdout.write(f"  password  {credentials.password}")
            self.stdout.write(f"  API key   {credentials.api_key}")
            self.stdout.write("Programs send a key as the header: Authorization: Bearer KEY")
