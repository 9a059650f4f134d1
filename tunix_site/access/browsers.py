"""The middleware that people need and programs do not: sessions, their users, messages.

CSRF protection is not among it: Django's own middleware sees every request, and DRF asks for the
token wherever a session stands for the user.
"""

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin


def is_from_program(request: HttpRequest) -> bool:
    """Tell whether a request to the API brings a key, or says so, and no cookie at all.

    So there is no session that it could be of, and no page on which one begins.
    """
    headers = request.META
    return (
        not headers.get("HTTP_COOKIE")
        and "HTTP_AUTHORIZATION" in headers
        and request.path_info.startswith("/api/")
    )


class ForBrowsers(MiddlewareMixin):
    """Lets the requests of programs pass by."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_from_program(request):
            return self.get_response(request)  # type: ignore[return-value]  # of sync ones it is no coroutine
        return super().__call__(request)  # type: ignore[return-value]


class SessionMiddleware(ForBrowsers, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(ForBrowsers, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(ForBrowsers, messages.MessageMiddleware):
    pass
