"""The log: a line a request and what went wrong, without secrets and without what people sent.

Our own messages say nothing that came from outside. Those of libraries quote paths, queries and
values: of these are kept the logger, the level, the place in the code and, for a request, its
status and route. Exceptions are shown by place and type.
"""

import contextlib
import logging
import threading
import time
import traceback
from contextvars import ContextVar
from functools import lru_cache
from http import HTTPStatus
from numbers import Number
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from tunix_site.access.addresses import network_of
from tunix_site.access.buckets import Buckets, Leak

log = logging.getLogger(__name__)

request_id: ContextVar[str] = ContextVar("request_id", default="")

# Messages of these, and of our own apps, hold ids, counts and names of our own alone.
TRUSTED = frozenset({"django_tasks", "django_tasks_db"})
ROOT = Path(__file__).resolve().parent.parent
OF_A_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
SHOWN_PATH = 200
DIM, RED, YELLOW, PLAIN = "\033[2m", "\033[31m", "\033[33m", "\033[0m"

_seldom = Buckets(Leak(capacity=20, seconds=6), max_keys=1_000)


def log_seldom(logger: logging.Logger, message: str, *, address: str, **values: Any) -> None:
    """Warn of what anyone can bring about: of each address twenty times, then ten a minute."""
    if not _seldom.take((message, network_of(address))):
        logger.warning(message, extra={"address": address, **values})


def log_ends_of_threads(ended: threading.ExceptHookArgs) -> None:
    """Log an exception that ended a thread, instead of printing its message."""
    if ended.exc_value is not None:
        log.error(
            "a thread ended by an exception",
            exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback),
        )


def route_of(request: Any) -> str:
    match = getattr(request, "resolver_match", None)
    return match.route if match else "unknown"


def path_of(request: Any) -> str:
    """Give the path as it was asked for, without the query; a terminal can print all of it."""
    asked = request.META.get("RAW_URI") or request.path
    path = quote(asked.partition("?")[0].partition("#")[0], safe=PRINTABLE, errors="replace")
    return path if len(path) <= SHOWN_PATH else f"{path[:SHOWN_PATH]}..."


def without_content(record: logging.LogRecord) -> logging.LogRecord:
    """Copy a record without what may have come from outside."""
    clean = logging.makeLogRecord(vars(record))
    clean.exc_text = clean.stack_info = None
    request = clean.__dict__.pop("request", None)
    clean.request_id = request_id.get() or getattr(request, "id", "")
    if _is_trusted(record.name.partition(".")[0]):
        return clean
    for name in clean.__dict__.keys() - OF_A_RECORD - {"request_id"}:
        del clean.__dict__[name]
    clean.msg, clean.args = _message_of_library(record, request), ()
    return clean


@lru_cache(maxsize=256)
def _is_trusted(package: str) -> bool:
    """Tell our own apps by where they lie: this is asked before Django has read what they are."""
    return package in TRUSTED or (ROOT / package / "apps.py").is_file()


def _message_of_library(record: logging.LogRecord, request: Any) -> str:
    code = getattr(record, "status_code", None)
    if isinstance(code, int) and code in {status.value for status in HTTPStatus}:
        return f"{code} {HTTPStatus(code).phrase} {route_of(request)}"
    is_fixed = record.name.startswith("gunicorn") and record.levelno >= logging.ERROR
    if isinstance(record.msg, str) and isinstance(record.args, tuple) and (record.args or is_fixed):
        # a template: its words are the library's
        numbers = [value if isinstance(value, Number) else "..." for value in record.args]
        with contextlib.suppress(TypeError, ValueError):  # %d of what is no number
            return record.msg % tuple(numbers)
    where = PurePath(record.pathname)
    return f"said at {where.parent.name}/{where.name}:{record.lineno}"


def _trace_of(error: BaseException | None) -> str:
    """Show where an exception came from and its type, not its message: that may quote a trace."""
    lines: list[str] = []
    while error is not None:
        lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


class JsonFormatter(BaseJsonFormatter):
    """A JSON object a line, for programs."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return super().format(without_content(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return _trace_of(ei[1])


class TextFormatter(logging.Formatter):
    """A line for people: time, method, path, status and milliseconds of a request."""

    def __init__(self, *, colour: bool = False) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self.colour = colour

    def format(self, record: logging.LogRecord) -> str:
        clean = without_content(record)
        request = getattr(record, "request", None)
        if hasattr(clean, "milliseconds"):
            text = self._of_request(clean, request)
        else:
            text = self._of_event(clean)
        if clean.exc_info:
            text += f"\n{_trace_of(clean.exc_info[1])}"
        return f"{self._in(DIM, self.formatTime(clean, self.datefmt))} {text}"

    def _of_request(self, record: Any, request: Any) -> str:
        tint = RED if record.status >= 500 else YELLOW if record.status >= 400 else ""
        status = self._in(tint, str(record.status))
        return f"{record.method} {path_of(request)} {status} {record.milliseconds} ms"

    def _of_event(self, record: Any) -> str:
        tint = RED if record.levelno >= logging.ERROR else YELLOW
        level = self._in(tint if record.levelno >= logging.WARNING else "", record.levelname)
        details = {name: vars(record)[name] for name in sorted(vars(record).keys() - OF_A_RECORD)}
        shown = " ".join(
            f"{name}={value}" for name, value in details.items() if value not in ("", None)
        )
        return f"{level} {record.name}: {record.getMessage()} {shown}".rstrip()

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{PLAIN}" if self.colour and colour else text
