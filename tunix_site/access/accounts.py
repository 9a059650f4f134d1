"""Users: the role they hold, and the first administrator."""

import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from tunix_site.models import ApiKey, Role


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str
    api_key: str


def give_role(user: Any, role: str) -> None:
    user.groups.add(Group.objects.get(name=role))


@transaction.atomic
def ensure_administrator() -> Credentials | None:
    """Make the first superuser with a key where there is none; None where there is one."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return None
    username, password = "admin", secrets.token_urlsafe(16)
    if users.filter(username=username).exists():  # somebody's, who is no superuser
        username += f"-{secrets.token_hex(4)}"
    user = users.create_superuser(username=username, password=password)
    _, text = ApiKey.objects.issue(user=user, name="first run", role=Role.TRAINER)
    return Credentials(username=username, password=password, api_key=text)
