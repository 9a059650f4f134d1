"""The WSGI application."""

import os
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tunix_site.settings")
_django = get_wsgi_application()

# Larger than any body may be, and than what is read on after a refusal.
BOUND = settings.MAX_BATCH_BYTES + 128 * 1024**2


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Let chunked bodies through: Django reads nothing where there is no Content-Length.

    The server ends the input where the body ends, so the length given here is only a bound,
    larger than any body may be, for the parser to see that there was too much.
    """
    if environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" in environ:
        environ["CONTENT_LENGTH"] = str(BOUND)
    response: Iterable[bytes] = _django(environ, start_response)
    return response
