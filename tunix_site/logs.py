"""Structured logs: JSON lines with a request id, no secrets and no trace content."""

import logging
import time
import traceback
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class JsonFormatter(BaseJsonFormatter):
    """Shows where an exception came from and its type, not its message: that may quote a trace."""

    converter = staticmethod(time.gmtime)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        lines: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)
