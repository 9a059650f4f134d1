"""Traces in the admin: read, searched, scored, approved and rejected."""

import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from rest_framework.exceptions import APIException, NotFound

from traces.admin.curation import CurationForm
from traces.admin.reviews import ReviewInline
from traces.admin.scores import ScoreInline
from traces.admin.scoring import ScoredByJob, scoring_actions
from traces.admin.shown import STATUS_LABELS
from traces.finding import search
from traces.finding.filters import TraceFilters, matching
from traces.finding.matches import newest_matches
from traces.models import Status, Trace
from traces.querysets import PREVIEW_CHARS
from traces.services import curation
from tunix_site.admin_base.deleting import DeletedByService
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import BoundedChangeList, RoleAdmin
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.shown import json_block, json_text, preview, text_block
from tunix_site.errors import text_of

LARGE_FIELDS = ("prompt", "final_answer", "steps", "meta", "messages", "original")
MIN_PREFIX_DIGITS = 6


class TraceFilter(QueryFilter):
    query = TraceFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Trace]:
        return matching(values, queryset)


class TraceChangeList(BoundedChangeList):
    """Reads no large text beyond its beginning."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Trace]:
        queryset: QuerySet[Trace] = super().get_queryset(request, *args, **kwargs)
        return queryset.defer(*LARGE_FIELDS).annotate(
            prompt_preview=Left("prompt", PREVIEW_CHARS),
            answer_preview=Left("final_answer", PREVIEW_CHARS),
        )


@admin.register(Trace)
class TraceAdmin(ScoredByJob, DeletedByService, RoleAdmin):
    """Status and tags may be changed; what a trace says never is."""

    recorded_as = "trace"
    allows = frozenset({"change", "delete"})
    form = CurationForm
    filters = TraceFilter
    inlines = (ScoreInline, ReviewInline)
    list_display = (
        "prompt_column",
        "answer_column",
        "status_label",
        "source_column",
        "steps_column",
        "tags_column",
        "created",
    )
    search_fields = ("id",)  # get_search_results says where it looks
    search_help_text = (
        f"Id, external id or words, of which the newest {search.CANDIDATES:,} matches"
    )
    actions = ("approve", "reject", "flag", *scoring_actions(), "delete_selected")
    fieldsets = (
        ("Curation", {"fields": ("status", "tags")}),
        ("Content", {"fields": ("shown_prompt", "shown_steps", "shown_answer")}),
        (
            "Origin",
            {
                "fields": (
                    "id",
                    "created_at",
                    "source",
                    "external_id",
                    "trace_version",
                    "step_count",
                    "total_chars",
                    "content_hash",
                    "prompt_hash",
                    "shown_meta",
                )
            },
        ),
    )
    conversation: ClassVar[Any] = ("Conversation", {"fields": ("shown_messages",)})
    cut_off: ClassVar[Any] = ("Original", {"fields": ("shown_original",)})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        conversation = [self.conversation] if obj and obj.messages is not None else []
        cut_off = [self.cut_off] if obj and obj.original is not None else []
        return [*super().get_fieldsets(request, obj), *conversation, *cut_off]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = [
            name for _, options in self.get_fieldsets(request, obj) for name in options["fields"]
        ]
        return tuple(name for name in shown if name not in ("status", "tags"))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the deletion of many to superusers alone, as everywhere else."""
        actions = super().get_actions(request)
        if not request.user.is_superuser:
            actions.pop("delete_selected", None)
        return actions

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TraceChangeList]:
        return TraceChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Trace], search_term: str
    ) -> tuple[QuerySet[Trace], bool]:
        term = search_term.strip()
        if not term or "\0" in term:
            return (queryset.none() if term else queryset), False
        return queryset.filter(pk__in=_found(queryset.order_by(), term)), False

    @admin.display(description="Prompt")
    def prompt_column(self, trace: Any) -> SafeString:
        return preview(trace.prompt_preview)

    @admin.display(description="Answer")
    def answer_column(self, trace: Any) -> SafeString:
        return preview(trace.answer_preview, short=True)

    @admin.display(description="Status")
    def status_label(self, trace: Trace) -> str:
        return trace.get_status_display()

    status_label.label = STATUS_LABELS  # type: ignore[attr-defined]  # read by unfold

    @admin.display(description="Source")
    def source_column(self, trace: Trace) -> SafeString:
        return preview(trace.source, short=True)

    @admin.display(description="Steps")
    def steps_column(self, trace: Trace) -> int:
        return trace.step_count

    @admin.display(description="Tags")
    def tags_column(self, trace: Trace) -> SafeString:
        return preview(", ".join(trace.tags), short=True)

    @admin.display(description="Prompt")
    def shown_prompt(self, trace: Trace) -> SafeString:
        return text_block(trace.prompt)

    @admin.display(description="Steps")
    def shown_steps(self, trace: Trace) -> str:
        return render_to_string("traces/admin/steps.html", {"steps": trace.steps})

    @admin.display(description="Final answer")
    def shown_answer(self, trace: Trace) -> SafeString:
        return text_block(trace.final_answer)

    @admin.display(description="Meta")
    def shown_meta(self, trace: Trace) -> SafeString:
        return json_block(trace.meta)

    @admin.display(description="Cut off by the import")
    def shown_original(self, trace: Trace) -> SafeString:
        return json_block(trace.original)

    @admin.display(description="Messages")
    def shown_messages(self, trace: Trace) -> str:
        told = [_told(message) for message in trace.messages or []]
        return render_to_string("traces/admin/messages.html", {"messages": told})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().change_view(request, object_id, *args, **kwargs)
        except NotFound as error:  # deleted meanwhile
            self.message_user(request, str(error.detail), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:traces_trace_changelist"))

    def save_model(self, request: HttpRequest, obj: Trace, form: Any, change: Any) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        curation.curate_trace(trace=obj, by=actor_of(request), changes=changes)

    def told_of_deletion(self, obj: Trace) -> str:
        return f"Trace {obj}, with its scores and reviews"

    def delete_model(self, request: HttpRequest, obj: Trace) -> None:
        curation.delete_trace(trace=obj, by=actor_of(request))
        connection.check_constraints()  # before success is told: the page's transaction goes on

    @admin.action(permissions=["change"], description="Approve selected traces")
    def approve(self, request: HttpRequest, queryset: QuerySet[Trace]) -> None:
        self._curate(request, queryset, Status.APPROVED)

    @admin.action(permissions=["change"], description="Reject selected traces")
    def reject(self, request: HttpRequest, queryset: QuerySet[Trace]) -> None:
        self._curate(request, queryset, Status.REJECTED)

    @admin.action(permissions=["change"], description="Flag selected traces")
    def flag(self, request: HttpRequest, queryset: QuerySet[Trace]) -> None:
        self._curate(request, queryset, Status.FLAGGED)

    def _curate(self, request: HttpRequest, queryset: QuerySet[Trace], status: Status) -> None:
        changes = {"status": status.value}
        curate = partial(curation.curate_trace, by=actor_of(request), changes=changes)
        self.for_each(request, queryset, curate, status.label)

    def for_each(
        self, request: HttpRequest, traces: Iterable[Trace], act: Callable[..., Any], done: str
    ) -> None:
        """Act on each trace in a transaction of its own, and tell on how many."""
        count = 0
        for trace in traces:
            try:
                act(trace=trace)
            except APIException as error:  # such as that it was deleted meanwhile
                self.message_user(request, text_of(error.detail), messages.WARNING)
            else:
                count += 1
        plural = "" if count == 1 else "s"
        self.message_user(request, f"{done}: {count} trace{plural}.", messages.SUCCESS)


def _found(traces: QuerySet[Trace], term: str) -> QuerySet[Trace, Any]:
    """Give the ids of what a search finds: each part of it goes by an index or is bounded."""
    parts: list[QuerySet[Trace, Any]] = [traces.filter(external_id=term).values("pk")]
    if TraceFilters(data={"q": term}).is_valid():
        found = newest_matches(term, traces.order_by("-pk"), limit=search.CANDIDATES)
        parts.append(Trace.objects.filter(pk__in=found).order_by().values("pk"))
    digits = term.replace("-", "").lower()
    if MIN_PREFIX_DIGITS <= len(digits) <= 32 and set(digits) <= set("0123456789abcdef"):
        first, last = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
        newest = traces.order_by("-pk").values("pk")
        parts.append(newest.filter(pk__range=(first, last))[: search.CANDIDATES])
    return parts[0].union(*parts[1:])


def _told(message: dict[str, Any]) -> dict[str, str]:
    """Take a message apart: who says what, and as JSON what is no text."""
    rest = {key: value for key, value in message.items() if key != "role"}
    text = rest.pop("content") if isinstance(rest.get("content"), str) else ""
    return {"role": message["role"], "text": text, "rest": json_text(rest) if rest else ""}
