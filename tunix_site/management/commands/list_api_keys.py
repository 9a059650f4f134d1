from typing import Any

from django.core.management.base import BaseCommand

from tunix_site.models import ApiKey

COLUMNS = "{:>6}  {:<15} {:<20} {:<24} {:<8} {:<10} {}"


class Command(BaseCommand):
    help = "List the API keys: their ids, owners, roles and states, never the keys themselves."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(
            COLUMNS.format("id", "prefix", "user", "name", "role", "state", "last write")
        )
        for key in ApiKey.objects.select_related("user").iterator():
            last = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
            self.stdout.write(
                COLUMNS.format(
                    key.pk, key.prefix, str(key.user), key.name, key.role, key.state, last
                )
            )
