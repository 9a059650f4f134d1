"""Telling what the forms of the admin change, where no service does it for them."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from events.actors import Actor
from events.models import Through
from events.services import record_event


def actor_of(request: HttpRequest) -> Actor:
    """Give who writes through the admin."""
    return Actor(user=request.user, through=Through.ADMIN)


class RecordsChanges:
    """A model's page whose forms save objects; each change has its event, in its transaction."""

    recorded_as: ClassVar[str]

    def recorded(self, obj: Any) -> dict[str, Any]:
        """Give what is told of an object."""
        raise NotImplementedError

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> None:
        stored = type(obj)._default_manager.get(pk=obj.pk) if change else None
        request.before_change = self.recorded(stored) if stored else None
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def save_related(self, request: Any, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        if form.has_changed():
            obj, action = form.instance, "change" if change else "create"
            self._record(request, action, obj, request.before_change, self.recorded(obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self._record(request, "delete", obj, self.recorded(obj), None)
            super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    def _record(
        self,
        request: HttpRequest,
        action: str,
        obj: Any,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
    ) -> None:
        record_event(
            by=actor_of(request),
            action=action,
            object_type=self.recorded_as,
            object_id=obj.pk,
            before=before,
            after=after,
        )
