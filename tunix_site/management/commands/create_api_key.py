from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tunix_site.accounts import give_role
from tunix_site.models import ApiKey, Role


class Command(BaseCommand):
    help = "Make an API key, and its user if there is none; the key is the last line printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, default=Role.WRITER)
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument("--expires", type=int, metavar="DAYS", help="never, if not given")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["expires"] is not None and options["expires"] < 1:
            raise CommandError("--expires must be at least 1 day.")
        user, created = get_user_model().objects.get_or_create(username=options["username"])
        if created:
            user.set_unusable_password()
            user.save()
            give_role(user, options["role"])
            self.stdout.write(f"Made the user {user} with the role {options['role']}.")
        expires_at = None
        if options["expires"]:
            expires_at = timezone.now() + timedelta(days=options["expires"])
        key, text = ApiKey.objects.issue(
            user=user, name=options["name"], role=options["role"], expires_at=expires_at
        )
        self.stdout.write(f"Made the key {key}. It is shown this once:")
        self.stdout.write(text)
