"""Somebody's own API keys: a new one as the form asks for it, and those that there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from events.actors import Actor
from pages.shared.refusals import refusable
from tunix_site.access.keys import issue_own_key
from tunix_site.access.roles import RANKS
from tunix_site.api.fields import ChoiceTextField, DateTimeField, StrictSerializer, TextField
from tunix_site.errors import text_of
from tunix_site.models import ApiKey, Role

SHOWN = 100


class NewKeySerializer(StrictSerializer):
    """What the form sends; the last day is one in UTC."""

    name = TextField(max_length=100)
    role = ChoiceTextField(choices=Role.choices)
    last_day = DateTimeField(required=False)


@dataclass(frozen=True)
class Made:
    """What became of a form: the key's text, which is shown this once, or what was wrong."""

    text: str = ""
    problem: str = ""  # of the whole
    problems: Mapping[str, str] = field(default_factory=dict)  # by field


def made_key(form: Mapping[str, str], *, by: Actor) -> Made:
    """Make the key that a form asks for."""
    body = {"name": form.get("name", "").strip(), "role": form.get("role", "")}
    if last_day := form.get("last_day", "").strip():
        body["last_day"] = last_day
    serializer = NewKeySerializer(data=body)
    if not serializer.is_valid():
        found = {name: text_of(reasons) for name, reasons in serializer.errors.items()}
        return Made(problems=found)
    given = serializer.validated_data
    day = given.get("last_day")
    ends = day.replace(hour=23, minute=59, second=59) if day else None
    with refusable() as refused:
        _, text = issue_own_key(name=given["name"], role=given["role"], expires_at=ends, by=by)
        return Made(text)
    return Made(problem=refused.text)


def keys_of(user: Any) -> list[ApiKey]:
    """Give somebody's keys: those that work, then some that do no more; the newest first."""
    keys = ApiKey.objects.filter(user=user).defer("digest").order_by("-pk")
    usable = list(keys.usable()[:SHOWN])
    others = keys.exclude(pk__in=[key.pk for key in usable])
    return [*usable, *others[: SHOWN - len(usable)]]


def roles_up_to(rank: int) -> list[str]:
    """Give the roles that a key of somebody's may have."""
    return [role for role in Role.values if RANKS[role] <= rank]
