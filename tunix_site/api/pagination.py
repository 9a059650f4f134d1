"""Keyset pagination: a page costs the same at any depth, and hostile cursors are refused."""

import base64
import uuid
from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from tunix_site.api.fields import BooleanField, IntegerField, QuerySerializer, TextField

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
OFFSETS = ("offset", "page", "skip", "start")  # by which other sites count
NO_CURSOR = "This is no cursor of this list: take `next` or `previous` as they came."


class PageQuery(QuerySerializer):
    """The parameters of every list."""

    limit = IntegerField(
        min_value=1,
        max_value=MAX_LIMIT,
        required=False,
        help_text=f"Rows ({DEFAULT_LIMIT}).",
        error_messages={
            "max_value": "Ensure this value is less than or equal to {max_value}: "
            "more come page by page, by `next`."
        },
    )
    cursor = TextField(required=False, max_length=500, help_text="From `next` or `previous`.")
    count = BooleanField(required=False, help_text="Count all rows that match as well.")

    def refusal_of(self, key: str) -> str:
        if key.lower() in OFFSETS:
            return "There are no offsets: follow `next`, as it came."
        return super().refusal_of(key)


class KeysetPagination(CursorPagination):
    """Newest first by id; `{"next", "previous", "results"}`, and `count` when asked."""

    ordering = ("-id",)
    page_size: int
    total: int | None = None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        self.request = request
        self.base_url = request.build_absolute_uri()
        self.position_field = queryset.model._meta.pk
        self.page_size = view.query.get("limit", DEFAULT_LIMIT)
        self.cursor = self.decode_cursor(request)
        if view.query.get("count"):
            self.total = self.count(queryset, view.query)
        return self._page_of(self.fetch(queryset, view.query, self.page_size + 1))

    def count(self, queryset: Any, query: dict[str, Any]) -> int:
        """Count all rows that match."""
        number: int = queryset.count()
        return number

    def fetch(self, queryset: Any, query: dict[str, Any], limit: int) -> list[Any]:
        """Read rows from the cursor on, in its direction."""
        name = self.ordering[0].lstrip("-")
        rises = self.is_back == self.ordering[0].startswith("-")
        if self.cursor is not None:
            compared = f"{name}__{'gt' if rises else 'lt'}"
            queryset = queryset.filter(**{compared: self.cursor.position})
        return list(queryset.order_by(name if rises else f"-{name}")[:limit])

    @property
    def is_back(self) -> bool:
        return self.cursor is not None and self.cursor.reverse

    def _page_of(self, rows: list[Any]) -> list[Any]:
        """Keep a page of the rows, of which there may be one more, and note what lies around it."""
        self.page = rows[: self.page_size]
        there: Any = self.cursor.position if self.cursor else None
        beyond = None
        if len(rows) > self.page_size:
            beyond = self._get_position_from_instance(rows[-1], self.ordering)
        if self.is_back:
            self.page.reverse()
            self.next_position, self.previous_position = there, beyond
        else:
            self.next_position, self.previous_position = beyond, there
        self.has_next = self.next_position is not None
        self.has_previous = self.previous_position is not None
        self.display_page_controls = self.has_next or self.has_previous
        return self.page

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
