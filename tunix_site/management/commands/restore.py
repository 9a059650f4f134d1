import os
import shlex
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from events import actors
from events.services import record_event
from tunix_site.database.migrating import is_up_to_date
from tunix_site.postgres.dumps import DumpError, restore


class Command(BaseCommand):
    help = "Replace everything in the database in use by what a backup holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="do not ask (make restore: FORCE=1)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        if not options["force"]:
            self._ask(path)
        try:
            restore(path)
        except DumpError as error:
            raise CommandError(f"Nothing was changed. {error}") from None
        self.stdout.write(f"Restored {path}.")
        if is_up_to_date():
            _record(path)
        else:
            migrate = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate"]
            self.stdout.write(f"An earlier version made it. Migrate it: {shlex.join(migrate)}")

    def _ask(self, path: Path) -> None:
        """Let whoever sits here agree; CommandError where they do not, or nobody sits here."""
        warning = f"This replaces everything in the database{_described()} by {path}."
        if not sys.stdin.isatty():
            raise CommandError(
                f"{warning} Nobody can be asked here: say so with --force (make restore: FORCE=1)."
            )
        self.stdout.write(f"{warning} Type yes to go on: ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() != "yes":
            raise CommandError("Nothing was changed.")


def _record(path: Path) -> None:
    """Tell of it among what the backup told, whose tables are those of this version."""
    name = os.fsencode(path.name).decode(errors="replace")
    record_event(
        by=actors.command(), action="restore", object_type="database", after={"file": name}
    )


def _described() -> str:
    """Name the database, with its size."""
    database = connection.settings_dict
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
            (size,) = cursor.fetchone()
    except OperationalError as error:
        raise CommandError(str(error).strip()) from None
    return f" {database['NAME']} on {database['HOST'] or 'this machine'} ({size})"
