from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction
from django.db.models import Max

from events import actors
from tunix_site.access.accounts import record_creation


class Command(createsuperuser.Command):
    """Do as Django's command does, and tell of it."""

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model().objects
        last = users.aggregate(last=Max("pk"))["last"] or 0
        super().handle(*args, **options)
        for user in users.filter(pk__gt=last, is_superuser=True):
            record_creation(user=user, by=actors.command())
