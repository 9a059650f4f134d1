"""A file of lines in a form: as large as a batch, and read once it is known who sends it."""

from collections.abc import Callable
from io import BytesIO
from typing import IO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_protect

from tunix_site.errors import TooLarge

FILE, TEXT = "file", "lines"
MOST_TYPED = 500_000  # bytes of a file that are shown as text: a form must take them again
BOTH = "Choose a file or paste its lines, not both."
NEITHER = "Choose a file, or paste its lines."


def received(
    request: HttpRequest, answer: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """Answer a form with its token checked; TooLarge before a byte of too large a one is read.

    Nothing of what was typed comes back then: who sent it keeps it.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_BATCH_BYTES:
        raise TooLarge(settings.MAX_BATCH_BYTES)
    try:
        return csrf_protect(answer)(request)
    except RequestDataTooBig:  # without the file
        raise TooLarge(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) from None


def lines_in(request: HttpRequest) -> tuple[IO[bytes] | None, str]:
    """Give the lines that were sent; None and a sentence where that are none, or two."""
    file, text = request.FILES.get(FILE), request.POST.get(TEXT, "")
    if file is not None and text.strip():
        return None, BOTH
    if file is not None:
        return file, ""
    return (BytesIO(text.encode(errors="surrogatepass")), "") if text.strip() else (None, NEITHER)


def text_in(request: HttpRequest) -> str:
    """Give the lines as text to be corrected; none of a file that is too large for that."""
    file = request.FILES.get(FILE)
    if file is None:
        return request.POST.get(TEXT, "")
    file.seek(0)
    beginning = file.read(MOST_TYPED + 1)
    return beginning.decode(errors="replace") if len(beginning) <= MOST_TYPED else ""
