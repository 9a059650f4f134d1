"""Users of tests."""

from typing import Any

from django.contrib.auth.models import Group


def give_role(user: Any, role: str) -> None:
    user.groups.add(Group.objects.get(name=role))
