"""What people need and programs do not: sessions, their users, messages, and what a page may load.

CSRF protection is not among it: Django's own middleware sees every request, and DRF asks for the
token wherever a session stands for the user.
"""

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

# What unfold's layout needs beyond: its Alpine evaluates attributes, its colours are a style
# element, its stylesheet has fonts and pictures.
IN_LAYOUT = {
    **STRICT,
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
}


def guard(response: HttpResponseBase, policy: dict[str, str]) -> None:
    """Say what a page may load and run, and that nobody keeps it."""
    response["Content-Security-Policy"] = "; ".join(map(" ".join, policy.items()))
    response["Cache-Control"] = "no-store"


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
