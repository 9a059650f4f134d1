"""Host names: those that ALLOWED_HOSTS holds; the health check answers to any."""

import logging
import re

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware as DjangoCommonMiddleware

from tunix_site.access.addresses import address_of
from tunix_site.api import error_responses
from tunix_site.api.refusals import refusal
from tunix_site.logs import log_seldom

log = logging.getLogger(__name__)

HEALTH = re.compile(r"/api/health/?")
WRONG_HOST = (
    "This site does not answer to the host name that it was asked by. Whoever runs it can add the "
    "name to the setting ALLOWED_HOSTS (docs/settings.md)."
)


class CommonMiddleware(DjangoCommonMiddleware):
    """Refuses wrong host names, but where the health of the site is asked for."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if HEALTH.fullmatch(request.path_info):
            return None
        return super().process_request(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400; a wrong host name is quoted nowhere: anyone can send one, and anything as one."""
    if not isinstance(exception, DisallowedHost):
        return error_responses.bad_request(request, exception)
    log_seldom(
        log, "a host name was asked for that ALLOWED_HOSTS lacks", address=address_of(request)
    )
    return refusal(request, 400, WRONG_HOST)
