"""What the pages of traces, scores and reviews share."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from traces.models import Status
from tunix_site.admin_base.rights import RoleRights
from tunix_site.admin_base.shown import link
from tunix_site.admin_base.typed import TabularInline

STATUS_LABELS = {
    Status.APPROVED.label: "success",
    Status.REJECTED.label: "danger",
    Status.FLAGGED.label: "warning",
}


class ShownInline(RoleRights, TabularInline):
    """Rows of a trace, to be read."""

    extra = 0
    can_delete = False
    hide_title = True
    per_page = 20

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields


def trace_link(row: Any) -> SafeString:
    return link("traces_trace_change", row.trace_id, row.trace_id)
