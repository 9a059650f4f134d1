"""What may be sent to an address: a form for each method, with the documents' example in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from rest_framework.request import Request

from tunix_site.access.roles import RANKS, rank_of_request
from tunix_site.api.parsers import StrictJSONParser
from tunix_site.api.renderers import BYTES, NDJSON
from tunix_site.api.views import ApiViewMixin, NoQuery

METHODS = ("POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True)
class Form:
    """A request that whoever looks may send; without examples it has no body."""

    method: str
    does: str
    examples: Mapping[str, str] = field(default_factory=dict)  # by media type
    parameters: list[tuple[str, str]] = field(default_factory=list)

    @property
    def example(self) -> str:
        return next(iter(self.examples.values()), "")


def forms_of(view: ApiViewMixin, request: Request) -> list[Form]:
    """Give the forms for what the user's role may do at this address."""
    rank = rank_of_request(request)
    actions = ((method, action_for(view, method)) for method in METHODS)
    return [
        Form(method, does(view, name), dict(_examples(view, name)), parameters(view, name))
        for method, name in actions
        if name and rank >= RANKS[view.roles[name]]
    ]


def action_for(view: Any, method: str) -> str:
    """Name what a view does for a method; empty where it does nothing."""
    name = method.lower()
    if name not in view.http_method_names:
        return ""
    if hasattr(view, "action_map"):
        return str((view.action_map or {}).get(name, ""))
    return name if hasattr(view, name) else ""


def does(view: Any, name: str) -> str:
    """Say what an action does: the first paragraph of what the documents say of it."""
    said = getattr(view, name).__doc__ or view.__doc__ or ""
    return " ".join(said.partition("\n\n")[0].split())


def parameters(view: ApiViewMixin, name: str) -> list[tuple[str, str]]:
    """Give the query parameters of an action, with what each means."""
    serializer = view.queries.get(name, NoQuery)()
    return [(field, str(one.help_text or "")) for field, one in serializer.fields.items()]


def _examples(view: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield what the OpenAPI document shows of the request, by media type."""
    shown = view.examples.get(name, {})
    if "request" not in shown:
        return
    for parser in view.parser_classes:
        if parser.media_type == StrictJSONParser.media_type:
            yield parser.media_type, _pretty(shown["request"])
        elif parser.media_type != BYTES:  # the same lines under another name
            yield NDJSON, str(shown.get(("request", BYTES), shown["request"]))


def _pretty(example: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
