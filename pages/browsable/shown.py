"""What a page of the API shows: what was answered, where to go on, and forms for what it takes."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from pages.browsable.forms import action_for, does, forms_of, parameters
from pages.browsable.links import ADDRESSES, Links
from pages.browsable.naming import title_of, way_to
from pages.browsable.written import written
from pages.shared.calls import command
from tunix_site.api.openapi.documents import RootView
from tunix_site.api.renderers import JSONRenderer

SHOWN_HEADERS = ("Allow", "Location", "Retry-After", "WWW-Authenticate", "ETag")


def context_of(data: Any, *, view: Any, request: Request, response: Response) -> dict[str, Any]:
    """Give what the template shows of an answer."""
    looked_up = action_for(view, "GET")
    links, paged = _links(view, request, response), data if isinstance(data, dict) else {}
    return {
        "title": title_of(request),
        "way": way_to(request),
        "request": request,
        "user": request.user,
        "said": does(view, looked_up) if looked_up else "",
        "beside": _beside(view),
        "parameters": parameters(view, looked_up) if looked_up else [],
        "answer": written(JSONRenderer().render(data), links),
        "is_wrong": response.status_code >= HTTPStatus.BAD_REQUEST,
        "status": f"{response.status_code} {response.status_text}",
        "needs_login": response.status_code == HTTPStatus.UNAUTHORIZED,
        "headers": [(name, response[name]) for name in SHOWN_HEADERS if name in response],
        "pages": {name: links.address((name,), paged.get(name), {}) for name in ADDRESSES},
        "command": command(request.build_absolute_uri()),
        "forms": forms_of(view, request),
    }


def _links(view: Any, request: Request, response: Response) -> Links:
    is_job = response.status_code == HTTPStatus.ACCEPTED
    kind = "job" if is_job else getattr(view, "basename", "")
    return Links(
        site=request.build_absolute_uri("/"),
        of_route=f"{kind}-detail" if kind else "",
        is_root=isinstance(view, RootView),
    )


def _beside(view: Any) -> list[tuple[str, str]]:
    """Give what else there is of the same, by the last part of its address."""
    routes: Callable[[], dict[str, str]] = getattr(view, "get_extra_action_url_map", dict)
    return [(address.rpartition("/")[2], address) for address in routes().values()]
