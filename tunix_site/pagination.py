"""Keyset pagination: a page costs the same at any depth, and hostile cursors are refused."""

import base64
import uuid
from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from tunix_site.fields import BooleanField, IntegerField, QuerySerializer, TextField

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
NO_CURSOR = "This is no cursor of this list."


class PageQuery(QuerySerializer):
    """The parameters of every list."""

    limit = IntegerField(
        min_value=1, max_value=MAX_LIMIT, required=False, help_text=f"Rows ({DEFAULT_LIMIT})."
    )
    cursor = TextField(required=False, max_length=500, help_text="From `next` or `previous`.")
    count = BooleanField(required=False, help_text="Count all rows that match as well.")


class KeysetPagination(CursorPagination):
    """Newest first by id; `{"next", "previous", "results"}`, and `count` when asked."""

    ordering = "-id"
    page_limit: int
    total: int | None = None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        self.position_field = queryset.model._meta.pk
        self.page_limit = view.query.get("limit", DEFAULT_LIMIT)
        if view.query.get("count"):
            self.total = queryset.count()
        return super().paginate_queryset(
            self.narrowed(queryset, request, view.query), request, view
        )

    def narrowed(self, queryset: Any, request: Request, query: dict[str, Any]) -> Any:
        """Leave out rows that cannot be on the page, where the planner would read through them."""
        return queryset

    def get_page_size(self, request: Request) -> int:
        return self.page_limit

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            base64.b64decode(request.query_params.get(self.cursor_query_param, ""), validate=True)
            cursor = super().decode_cursor(request)
            if cursor is not None:
                self._check(cursor)
        except (NotFound, ValueError):
            raise ValidationError({"cursor": [NO_CURSOR]}) from None
        return cursor

    def _check(self, cursor: Cursor) -> None:
        """Refuse what we never gave: ids differ, so that none of ours holds an offset."""
        if cursor.offset or cursor.position is None:
            raise ValueError(cursor)
        self._check_position(str(cursor.position))

    def _check_position(self, position: str) -> None:
        if self.position_field.get_internal_type() == "UUIDField":
            uuid.UUID(position)
        elif not 0 <= int(position) < 2**63:
            raise ValueError(position)

    def get_paginated_response(self, data: Any) -> Response:
        page: dict[str, Any] = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        if self.total is not None:
            page["count"] = self.total
        return Response({**page, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link,
                "previous": link,
                "count": {"type": "integer", "description": "Only with `count=true`."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []  # PageQuery documents them
