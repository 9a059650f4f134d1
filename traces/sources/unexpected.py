"""Errors of the program that one record of many brings about: they stay that record's."""

import logging

from django.db import Error as DatabaseError

log = logging.getLogger(__name__)

Place = tuple[str, int]


class Unexpected:
    """Errors of the program, logged without content: of those raised at one place the first alone.

    So a file whose every record meets one does not fill the log.
    """

    def __init__(self) -> None:
        self._places: set[Place] = set()

    def note(self, error: Exception, where: str) -> str:
        """Log an error and give its type; what is no single record's fault is raised again."""
        if isinstance(error, MemoryError | DatabaseError):
            raise error
        kind = type(error).__name__
        place = _place(error)
        if place not in self._places:
            self._places.add(place)
            log.error("%s: %s, while it was read", where, kind, exc_info=error)
        return kind


def _place(error: Exception) -> Place:
    """Tell the line of the program that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return ("", 0) if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
