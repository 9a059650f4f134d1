import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from events import actors
from tunix_site.access.accounts import record_password


class Command(changepassword.Command):
    """Do as Django's command does, and tell of it; passwords are not told."""

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> str | None:
        said = super().handle(*args, **options)
        username = options["username"] or getpass.getuser()
        user = get_user_model().objects.get_by_natural_key(username)
        record_password(user=user, by=actors.command())
        return said
