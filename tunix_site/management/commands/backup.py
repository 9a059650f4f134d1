from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tunix_site.postgres.dumps import DumpError, dump


class Command(BaseCommand):
    help = "Dump the database in use to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.parent.is_dir():
            raise CommandError(f"There is no directory {path.parent}.")
        try:
            dump(path)
        except DumpError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Wrote {path} ({path.stat().st_size:,} bytes).")
