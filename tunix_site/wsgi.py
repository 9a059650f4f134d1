"""The WSGI application."""

import os
from collections.abc import Iterable
from typing import IO, Any, cast

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from gunicorn.http.errors import ParseException

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tunix_site.settings")
_django = get_wsgi_application()

# Larger than any body may be, by more than is read at once.
BOUND = max(settings.MAX_BATCH_BYTES, settings.MAX_TRACE_BYTES) + 1024**2


class ChunkedInput:
    """The body as the server reads it; what is wrong with its chunks is an OSError, as to Django
    is every body that cannot be read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def read(self, size: int = -1) -> bytes:
        try:
            return self.stream.read(size)
        except ParseException as error:
            raise OSError(type(error).__name__) from None

    def readline(self, size: int = -1) -> bytes:
        try:
            return self.stream.readline(size)
        except ParseException as error:
            raise OSError(type(error).__name__) from None


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Let chunked bodies through, and no body out where a HEAD asks.

    Django reads nothing where there is no Content-Length. The server ends the input where the body
    ends, so the length given here is only a bound, larger than any body may be, for the parser to
    see that there was too much.
    """
    if environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" in environ:
        environ["CONTENT_LENGTH"] = str(BOUND)
        environ["wsgi.input"] = ChunkedInput(environ["wsgi.input"])
    response = _django(environ, start_response)
    if environ["REQUEST_METHOD"] == "HEAD":
        response.close()  # nothing of it is made
        return ()
    return cast(Iterable[bytes], response)
