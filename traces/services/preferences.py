"""Which of two attempts at a prompt people find better."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound

from events.actors import Actor
from events.services import record_event
from traces.models import Preference, Trace
from traces.querysets import IMPORTED
from tunix_site.errors import Conflict, Invalid

# What came as a pair and is none stays two traces: of two prompts, with the same content, or the
# other way around by the same person.
_IMPORT = """
    INSERT INTO traces_preference (chosen_id, rejected_id, reviewer_id, note, created_at)
    SELECT chosen.id, rejected.id, %(user)s, %(note)s, %(now)s
    FROM unnest(%(chosen)s::uuid[], %(rejected)s::uuid[]) WITH ORDINALITY
        AS sent (chosen, rejected, place)
    JOIN traces_trace AS chosen ON chosen.id = sent.chosen
    JOIN traces_trace AS rejected ON rejected.id = sent.rejected
    WHERE chosen.prompt_hash = rejected.prompt_hash
    AND chosen.content_hash <> rejected.content_hash
    AND NOT EXISTS (
        SELECT FROM traces_preference AS other
        WHERE other.chosen_id = sent.rejected AND other.rejected_id = sent.chosen
        AND other.reviewer_id = %(user)s
    )
    ORDER BY sent.place
    ON CONFLICT DO NOTHING
"""


def prefer_trace(
    *, chosen: UUID, rejected: UUID, note: str = "", by: Actor
) -> tuple[Preference, bool]:
    """Store that one trace is better than another; give the row and whether it is new.

    The same person's same pair again gives the stored one, as it was. Invalid, by the key, where
    one of the traces is unknown or they are no two attempts at one prompt; Conflict where the
    person found the other one better.
    """
    with transaction.atomic():
        _check({"chosen": chosen, "rejected": rejected})
        theirs = Preference.objects.filter(reviewer=by.user)
        if other := theirs.filter(chosen=rejected, rejected=chosen).first():
            raise Conflict(
                f"You preferred the other one before: delete preference {other.pk} first."
            )
        preference, created = theirs.get_or_create(
            chosen_id=chosen, rejected_id=rejected, defaults={"note": note, "reviewer": by.user}
        )
        if created:
            record_event(
                by=by,
                action="create",
                object_type="preference",
                object_id=preference.pk,
                after=_told(preference),
            )
    return preference, created


def _check(sides: dict[str, UUID]) -> None:
    """Lock both traces until the end of the transaction; Invalid where they are no pair."""
    if sides["chosen"] == sides["rejected"]:
        raise Invalid({"rejected": ["It is the chosen one."]})
    traces = Trace.objects.select_for_update(no_key=True).filter(pk__in=sides.values())
    rows = traces.order_by("pk").values_list("pk", "prompt_hash", "content_hash")
    found = {identity: hashes for identity, *hashes in rows}
    if missing := {
        name: [f"Trace {identity} not found."]
        for name, identity in sides.items()
        if identity not in found
    }:
        raise Invalid(missing)
    (prompt, content), (other_prompt, other_content) = found.values()
    if prompt != other_prompt:
        raise Invalid({"rejected": ["It is an attempt at another prompt than the chosen one."]})
    if content == other_content:
        raise Invalid({"rejected": ["It says the same as the chosen one."]})


def delete_preference(*, preference: Preference, by: Actor) -> None:
    """Delete a preference; datasets keep the pairs that were made of it. NotFound: it is gone."""
    with transaction.atomic():
        identity = preference.pk
        deleted, _ = Preference.objects.filter(pk=identity).delete()
        if not deleted:
            raise NotFound(f"Preference {identity} not found.")
        record_event(
            by=by,
            action="delete",
            object_type="preference",
            object_id=identity,
            before=_told(preference),
        )


def _told(preference: Preference) -> dict[str, UUID]:
    return {"chosen": preference.chosen_id, "rejected": preference.rejected_id}


def store_imported_preferences(*, pairs: Sequence[tuple[str, str]], by: Actor) -> None:
    """Store the pairs that came with an import, chosen and rejected; each once.

    Whoever imports tells of the whole.
    """
    if not pairs:
        return
    chosen, rejected = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _IMPORT,
            {
                "chosen": list(chosen),
                "rejected": list(rejected),
                "user": by.user.pk,
                "note": IMPORTED,
                "now": timezone.now(),
            },
        )
