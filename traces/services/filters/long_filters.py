"""Filters that are too long for an address, which names them by an id of what they say."""

import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils import timezone

from traces.curation.queues import LongFilter
from tunix_site.database.ids import uuid_in
from tunix_site.errors import Invalid

MAX_CHARS = 100_000  # of one; a thousand ids are 37,000
MOST = 200  # of one person; those that were used last stay
LASTS = timedelta(days=90)  # since its last use
NOTED_AFTER = timedelta(days=1)  # a use is, since the one that was noted last


def keep_long_filter(*, texts: Mapping[str, str], owner: Any) -> UUID:
    """Keep what a filter says; the same one of a person has the same id. Invalid: far too long.

    Others open it by that id, and what they keep of it is theirs: they never take it over. No event
    tells of it: it changes nothing, and goes when nobody uses it, or whoever kept it keeps too many
    others.
    """
    said = json.dumps(dict(sorted(texts.items())))  # ASCII: a text may hold what no column may
    if len(said) > MAX_CHARS:
        raise Invalid({"filter": [f"A filter says {MAX_CHARS:,} characters at most."]})
    whose = owner.pk if owner else None
    identity = UUID(bytes=sha256(f"{whose} {said}".encode()).digest()[:16])
    now = timezone.now()
    kept = {"said": said, "used_at": now, "owner": owner}
    _, is_new = LongFilter.objects.update_or_create(pk=identity, defaults=kept)
    if is_new:
        LongFilter.objects.filter(used_at__lt=now - LASTS).delete()
        too_many = LongFilter.objects.filter(owner=owner).order_by("-used_at").values("pk")[MOST:]
        LongFilter.objects.filter(pk__in=too_many).delete()
    return identity


def open_long_filter(*, identity: str) -> dict[str, str] | None:
    """Give what a filter says, by what may be no id; None where it is not, or no longer, kept."""
    pk = uuid_in(identity)
    kept = LongFilter.objects.filter(pk=pk).first() if pk else None
    if kept is None:
        return None
    if kept.used_at < timezone.now() - NOTED_AFTER:
        LongFilter.objects.filter(pk=kept.pk).update(used_at=timezone.now())
    texts: dict[str, str] = json.loads(kept.said)
    return texts
