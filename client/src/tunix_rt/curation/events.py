"""What was done on the site, by whom and through what."""

from collections.abc import Iterator
from typing import Any

from tunix_rt.curation.results import Event
from tunix_rt.http import pages
from tunix_rt.http.transport import Transport

PATH = "/api/events"


class Events:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, limit: int | None = None, **filters: Any) -> Iterator[Event]:
        """Yield those that match, newest first: actor="ada", action="delete", job=job_id, ..."""
        return pages.rows(self._transport, PATH, filters, limit)
