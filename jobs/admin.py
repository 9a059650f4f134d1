"""Jobs in the admin: looked at, and cancelled."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_tasks_db.models import DBTaskResult
from rest_framework.exceptions import PermissionDenied

from jobs.api.serializers import JobFilters
from jobs.models import Job
from jobs.services.queue import cancel_job
from tunix_site.access.roles import rank_of_user
from tunix_site.admin_base.deleting import refusal
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import BoundedChangeList, RoleAdmin
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.shown import json_block
from tunix_site.errors import Conflict

SHOWN_ERRORS = 20

admin.site.unregister(DBTaskResult)  # a job says more


class JobFilter(QueryFilter):
    query = JobFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Job]:
        jobs: QuerySet[Job] = queryset.filter(**values)
        return jobs


class JobChangeList(BoundedChangeList):
    """Leaves what a job was given and what came of it where they are."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Job]:
        return super().get_queryset(request, *args, **kwargs).defer("parameters", "result")


@admin.register(Job)
class JobAdmin(RoleAdmin):
    """Long work: how far it has come, what became of it. Curators may cancel any."""

    recorded_as = "job"
    filters = JobFilter
    list_display = ("kind", "state_label", "progress", "starter", "created", "finished_at", "error")
    list_select_related = ("created_by",)
    actions = ("cancel",)
    fields = (
        "kind",
        "state_label",
        "progress",
        "starter",
        "created_at",
        "started_at",
        "finished_at",
        "worker",
        "attempt",
        "error",
        "shown_errors",
        "shown_parameters",
        "shown_result",
    )
    readonly_fields = (
        "state_label",
        "progress",
        "starter",
        "shown_errors",
        "shown_parameters",
        "shown_result",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[JobChangeList]:
        return JobChangeList

    @admin.display(description="State")
    def state_label(self, job: Job) -> str:
        return job.state

    state_label.label = {  # type: ignore[attr-defined]  # read by unfold
        "queued": "info",
        "running": "info",
        "succeeded": "success",
        "failed": "danger",
        "cancelled": "warning",
    }

    @admin.display(description="Done")
    def progress(self, job: Job) -> str:
        return f"{job.done:,}" if job.total is None else f"{job.done:,} of {job.total:,}"

    @admin.display(description="Started by")
    def starter(self, job: Job) -> str:
        return str(job.created_by or "")

    @admin.display(description="First errors of its input")
    def shown_errors(self, job: Job) -> SafeString:
        rows = job.errors.order_by("id").values("line", "field", "message")
        return json_block(list(rows[:SHOWN_ERRORS]))

    @admin.display(description="Parameters")
    def shown_parameters(self, job: Job) -> SafeString:
        return json_block(job.parameters)

    @admin.display(description="Result")
    def shown_result(self, job: Job) -> SafeString:
        return json_block(job.result)

    @admin.action(permissions=["view"], description="Cancel selected jobs")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        cancelled = 0
        for job in queryset:
            try:
                cancel_job(job=job, by=actor_of(request), rank=rank_of_user(request.user))
            except Conflict as error:
                self.message_user(request, f"{job}: {refusal(error)}", messages.WARNING)
            except PermissionDenied as error:
                self.message_user(request, f"{job}: {error}", messages.ERROR)
            else:
                cancelled += 1
        if cancelled:
            self.message_user(request, f"Cancelled {cancelled}.", messages.SUCCESS)
