from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tunix_site.dumps import DumpError, restore


class Command(BaseCommand):
    help = "Replace everything in the database in use by what a backup holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            restore(path)
        except DumpError as error:
            raise CommandError(f"Nothing was changed. {error}") from None
        self.stdout.write(
            f"Restored {path}. If an earlier version made it: python manage.py migrate"
        )
