"""Who may do what: the role of a request, and the permission that asks for one."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from events.actors import Actor
from tunix_site.models import ApiKey, Role

RANKS = {role.value: rank for rank, role in enumerate(Role, start=1)}
NO_RANK = 0
HIGHEST = max(RANKS.values())


def rank_of_user(user: Any, groups: list[str] | None = None) -> int:
    """Rank a user by superuser flag and groups; costs a query unless the group names are given."""
    if not user.is_active:
        return NO_RANK
    if user.is_superuser:
        return HIGHEST
    names = groups if groups is not None else user.groups.values_list("name", flat=True)
    return max((RANKS.get(name, NO_RANK) for name in names), default=NO_RANK)


def rank_of_request(request: Any) -> int:
    """Rank a request: its user's role, held under the ceiling of the key it came with."""
    user: AbstractBaseUser | AnonymousUser = request.user
    if not user.is_authenticated:
        return NO_RANK
    key = getattr(request, "auth", None)
    if isinstance(key, ApiKey):
        return min(rank_of_user(user, key.user_roles), RANKS[key.role])
    return rank_of_user(user)


def acts_as_superuser(by: Actor) -> bool:
    """Tell whether an actor may what superusers alone may; a key of a lower role holds them."""
    if by.user is None or not (by.user.is_active and by.user.is_superuser):
        return False
    return by.key is None or RANKS[by.key.role] == HIGHEST


def has_role(request: Any, role: str) -> bool:
    return rank_of_request(request) >= RANKS[role]


class HasRole(BasePermission):
    """Asks for the role that the view names for its action; a view that names none is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        required = view.required_role()
        if has_role(request, required):
            return True
        self.message = f"This needs the role {required}."
        return False
