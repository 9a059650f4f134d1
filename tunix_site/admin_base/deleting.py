"""Deletion by a service, from a page or of ticked rows."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected as ask_and_delete
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from rest_framework.exceptions import NotFound

from tunix_site.errors import Conflict

REFUSALS = (Conflict, NotFound, IntegrityError)  # not found: somebody was quicker


class TellsOfRefusals:
    """A deletion that is refused when it was confirmed is told to the person."""

    message_user: Any
    opts: Any

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)  # type: ignore[misc]
        except REFUSALS as error:
            self.message_user(request, refusal(error), messages.ERROR)
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(page, args=[object_id]))


class DeletedByService(TellsOfRefusals):
    """Deletion by a service, in `delete_model`; what it refuses is told to the person."""

    delete_model: Any
    has_delete_permission: Any
    log_deletions: Any

    def told_of_deletion(self, obj: Any) -> str:
        """Say what would go, for the page that asks."""
        raise NotImplementedError

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the objects alone: what hangs on them may be millions of rows."""
        told = [self.told_of_deletion(obj) for obj in objs]
        return told, {str(self.opts.verbose_name_plural): len(told)}, set(), []

    @admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask first; then delete one by one, so that what is refused holds nothing else up."""
        if not request.POST.get("post"):
            return ask_and_delete(self, request, queryset)  # type: ignore[arg-type]
        objects = list(queryset)
        if not all(self.has_delete_permission(request, obj) for obj in objects):
            raise PermissionDenied
        deleted = 0
        for obj in objects:
            name, pk = str(obj), obj.pk
            try:
                self.delete_model(request, obj)
            except REFUSALS as error:
                self.message_user(request, f"{name}: {refusal(error)}", messages.ERROR)
            else:
                obj.pk = pk
                self.log_deletions(request, [obj])
                deleted += 1
        if deleted:
            self.message_user(request, f"Deleted {deleted}.", messages.SUCCESS)
        return None


def refusal(error: Conflict | NotFound | IntegrityError) -> str:
    """Say why something was not done."""
    if isinstance(error, IntegrityError):
        return "Something else took it meanwhile."
    return str(error.detail)
