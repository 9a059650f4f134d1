"""What people found of traces."""

from collections.abc import Iterator
from typing import Any

from tunix_rt.curation.results import Review
from tunix_rt.http import pages
from tunix_rt.http.transport import Transport, segment

PATH = "/api/reviews"


class Reviews:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, limit: int | None = None, **filters: Any) -> Iterator[Review]:
        """Yield those that match, newest first: reviewer="ada", queue=3, verdict="rejected", ..."""
        return pages.rows(self._transport, PATH, filters, limit)

    def undo(self, review_id: int) -> Review:
        """Undo a review of yours; Conflict where somebody reviewed the trace since."""
        undone: Review = self._transport.post(f"{PATH}/{segment(review_id)}/undo", {})
        return undone
