"""Pages of the trace list: newest first, or with `q` by rank within the newest matches."""

import base64
import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from traces.finding import search
from traces.finding.filters import matching, newest_first
from traces.finding.matches import newest_matches
from traces.finding.pages import page_rows
from traces.models import Trace
from tunix_site.api.pagination import DEFAULT_LIMIT, NO_CURSOR, KeysetPagination

Key = tuple[float, int]  # ascending from the best: rank and id, both negated


@dataclass(frozen=True)
class Place:
    """Where a page of ranked rows begins or, going back, ends."""

    key: Key
    until: UUID  # the newest match when the first page was given: what came later stays out
    back: bool

    def encoded(self) -> str:
        rank, identity = self.key
        fields = {"s": repr(-rank), "i": UUID(int=-identity), "u": self.until}
        return base64.b64encode(urlencode(fields | {"r": int(self.back)}).encode()).decode()

    @classmethod
    def decoded(cls, text: str) -> "Place":
        """Read what `encoded` gave; ValidationError where it is anything else."""
        try:
            query = base64.b64decode(text, validate=True).decode("ascii")
            fields = {name: value for name, (value,) in parse_qs(query).items()}
            rank, back = float(fields["s"]), {"0": False, "1": True}[fields["r"]]
            if not math.isfinite(rank):
                raise ValueError(rank)
            return cls((-rank, -UUID(fields["i"]).int), UUID(fields["u"]), back)
        except (ValueError, KeyError):
            raise ValidationError({"cursor": [NO_CURSOR]}) from None


class TracePagination(KeysetPagination):
    """A page of a search tells how many of the newest matches were ranked, and whether all were."""

    ranked: dict[str, Any] | None = None
    places: tuple[Place | None, Place | None] = (None, None)  # of the pages before and after

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """Give the rows of a page; of a search they have a rank and an excerpt."""
        filters = view.query
        if "q" not in filters:
            return super().paginate_queryset(queryset, request, view)
        self.request = request
        self.base_url = request.build_absolute_uri()
        place = Place.decoded(filters["cursor"]) if "cursor" in filters else None
        with search.within_time():
            if filters.get("count"):
                self.total = self.count(queryset, filters)
            chosen = self._choose(filters, place, filters.get("limit", DEFAULT_LIMIT))
            found = Trace.objects.filter(pk__in=chosen).previews()
            rows = {row["id"]: row for row in found.annotate(excerpt=search.excerpt(filters["q"]))}
        there = [(rows[pk], rank) for pk, rank in chosen.items() if pk in rows]  # not deleted since
        excerpts = [search.marked_up(row.pop("excerpt")) for row, _ in there]
        return [
            {**row, "rank": rank, "excerpt": excerpt}
            for (row, rank), excerpt in zip(there, excerpts, strict=True)
        ]

    def count(self, queryset: Any, query: dict[str, Any]) -> int:
        return matching(query).count()

    def fetch(self, queryset: Any, query: dict[str, Any], limit: int) -> list[Any]:
        there = UUID(str(self.cursor.position)) if self.cursor else None
        return page_rows(query, there=there, back=self.is_back, limit=limit)

    def _choose(
        self, filters: dict[str, Any], place: Place | None, limit: int
    ) -> dict[UUID, float]:
        """Rank the candidates; give the ids of the page with their ranks, in order."""
        others = {name: value for name, value in filters.items() if name != "q"}
        newest = newest_matches(
            filters["q"],
            newest_first(others),
            until=place.until if place else None,
            limit=search.CANDIDATES + 1,
        )
        candidates = newest[: search.CANDIDATES]
        self.ranked = {"candidates": len(candidates), "complete": len(newest) == len(candidates)}
        order = search.ranked(filters["q"], candidates)
        keys = [(-rank, -pk.int) for rank, pk in order]
        first, end = _bounds(keys, place, limit)
        if first < end:
            until = place.until if place else newest[0]
            before = Place(keys[first], until, back=True) if first > 0 else None
            after = Place(keys[end - 1], until, back=False) if end < len(keys) else None
            self.places = (before, after)
            self.display_page_controls = bool(before or after)
        return {pk: rank for rank, pk in order[first:end]}

    def _link(self, place: Place | None) -> str | None:
        if place is None:
            return None
        link: str = replace_query_param(self.base_url or "", "cursor", place.encoded())
        return link

    def get_previous_link(self) -> str | None:
        return super().get_previous_link() if self.ranked is None else self._link(self.places[0])

    def get_next_link(self) -> str | None:
        return super().get_next_link() if self.ranked is None else self._link(self.places[1])

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        if self.ranked is not None:
            rows = response.data.pop("results")
            response.data |= {"ranked": self.ranked, "results": rows}
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        rows = page["properties"].pop("results")
        page["properties"] |= {"ranked": RANKED_SCHEMA, "results": rows}
        return page


def _bounds(keys: list[Key], place: Place | None, limit: int) -> tuple[int, int]:
    """Give the first row of a page and the one after its last."""
    if place and place.back:
        end = bisect_left(keys, place.key)
        return max(0, end - limit), end
    first = bisect_right(keys, place.key) if place else 0
    return first, min(len(keys), first + limit)


RANKED_SCHEMA = {
    "type": "object",
    "description": "Only with `q`: what the order is an order of.",
    "required": ["candidates", "complete"],
    "properties": {
        "candidates": {
            "type": "integer",
            "maximum": search.CANDIDATES,
            "description": "How many of the newest matches were ranked; pages end with them.",
        },
        "complete": {"type": "boolean", "description": "Whether these are all that match."},
    },
}
