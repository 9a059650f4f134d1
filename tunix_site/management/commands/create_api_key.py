from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from events import actors
from tunix_site.access.accounts import make_user
from tunix_site.access.keys import issue_key
from tunix_site.models import ApiKey, Role


class Command(BaseCommand):
    help = "Make an API key, and its user if there is none; the key is the last line printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, default=Role.WRITER)
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument("--expires", type=int, metavar="DAYS", help="never, if not given")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        expires_at = _in_days(options["expires"])
        try:
            user = self._user(options["username"], options["role"])
            ApiKey(name=options["name"]).clean_fields(exclude={"user", "digest"})
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        key, text = issue_key(
            user=user,
            name=options["name"],
            role=options["role"],
            expires_at=expires_at,
            by=actors.command(),
        )
        self.stdout.write(f"Made the key {key}. Send it as the header: Authorization: Bearer KEY")
        self.stdout.write("It is shown this once:")
        self.stdout.write(text)

    def _user(self, username: str, role: str) -> Any:
        """Fetch the user or make one that has the role, and no password."""
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            user = make_user(username=username, role=role, by=actors.command())
            self.stdout.write(f"Made the user {user} with the role {role}.")
        return user


def _in_days(days: int | None) -> datetime | None:
    if days is None:
        return None
    if days < 1:
        raise CommandError("--expires must be at least 1 day.")
    try:
        return timezone.now() + timedelta(days=days)
    except OverflowError:
        raise CommandError(f"--expires is too far away: {days} days.") from None
