from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events import actors
from tunix_site.access.keys import revoke_key
from tunix_site.models import ApiKey


class Command(BaseCommand):
    help = "Revoke an API key, named by its id or its prefix in list_api_keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="id or prefix")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["key"]
        lookup = {"pk": int(name)} if name.isdecimal() else {"prefix": name}
        keys = list(ApiKey.objects.filter(**lookup))
        if len(keys) != 1:
            raise CommandError(f"{len(keys)} keys are named {name!r}: see list_api_keys.")
        revoked = revoke_key(key=keys[0], by=actors.command())
        self.stdout.write(f"Revoked {keys[0]}." if revoked else f"{keys[0]} was revoked before.")
