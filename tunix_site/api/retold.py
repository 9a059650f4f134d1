"""What REST framework refuses, told with what would have been right."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import Http404
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    MethodNotAllowed,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    UnsupportedMediaType,
)

from tunix_site.access.authentication import EXPECTED
from tunix_site.api.parsers import FORMS, kind_of_media
from tunix_site.strict_json import shown

MAX_SHOWN = 100


def retold(error: Exception, context: dict[str, Any]) -> Exception:
    """Give an error of REST framework with a detail of ours; any other as it is."""
    if isinstance(error, Http404):
        return NotFound()  # Django's words name classes
    for kind, tell in _TELLERS.items():
        if isinstance(error, kind) and isinstance(error, APIException) and "view" in context:
            said = tell(error, context["view"], context["request"])
            error.detail = ErrorDetail(said, code=error.default_code)
    return error


def _of_key(error: Any, view: Any, request: Any) -> str:
    return EXPECTED


def _of_media_type(error: Any, view: Any, request: Any) -> str:
    sent = request.content_type or ""
    taken = _joined(parser.media_type for parser in request.parsers)
    named = f"not {shown(sent)[:MAX_SHOWN]}" if sent else "and Content-Type names none"
    first = request.parsers[0].media_type
    how = f'curl -H "Content-Type: {first}" --data-binary @FILE'
    if kind_of_media(sent) in FORMS:
        return f"The body came as a form; here the file itself is the body, as {taken} ({how})."
    return f"The body must be {taken}, {named} ({how})."


def _of_accept(error: Any, view: Any, request: Any) -> str:
    if not error.available_renderers:  # of ours, and told already
        return str(error.detail)
    offered = _joined(renderer.media_type for renderer in error.available_renderers)
    return f"The answer is {offered}; `Accept` names nothing of it."


def _of_method(error: Any, view: Any, request: Any) -> str:
    there = ", ".join(name for name in view.allowed_methods if name not in ("HEAD", "OPTIONS"))
    sent = shown(request.method)[:MAX_SHOWN]
    how = " `curl -T` sends PUT: add `-X POST`." if (sent, there) == ("PUT", "POST") else ""
    told = getattr(view, "instead", {}).get(sent)  # other views may be a library's
    how = how or (f" {told}" if told else "")
    return f"{sent} is not allowed here, only {there}.{how}"


def _joined(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(names))


_TELLERS: dict[type[Exception], Callable[[Any, Any, Any], str]] = {
    NotAuthenticated: _of_key,
    UnsupportedMediaType: _of_media_type,
    NotAcceptable: _of_accept,
    MethodNotAllowed: _of_method,
}
