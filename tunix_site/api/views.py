"""What every view of the API shares: roles, strict queries, body limits, idempotency."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from events.actors import Actor
from events.models import Through
from tunix_site.api import idempotency
from tunix_site.api.fields import QuerySerializer, check_encoding
from tunix_site.api.renderers import answer_in_json
from tunix_site.api.streams import slots
from tunix_site.models import ApiKey, Role


class NoQuery(QuerySerializer):
    """No parameter is known."""


class ApiViewMixin:
    """The rules of the API for a view; the action names which ones."""

    roles: ClassVar[Mapping[str, str]] = {}
    queries: ClassVar[Mapping[str, type[QuerySerializer]]] = {}
    body_limits: ClassVar[Mapping[str, int]] = {}
    raw_bodies: ClassVar[Collection[str]] = ()  # read by the action itself, as bytes
    repeatable: ClassVar[Collection[str]] = ()  # POSTs that need no Idempotency-Key
    streams: ClassVar[Collection[str]] = ()  # actions that may hold a thread for long
    examples: ClassVar[Mapping[str, Mapping[Any, Any]]] = {}  # "request", and answers by status

    instead: ClassVar[Mapping[str, str]] = {}  # what to do, by a method that is not there

    post: Callable[..., Response]
    query: dict[str, Any]  # the validated query parameters

    def action_name(self) -> str:
        """Name a viewset's action or a plain view's method; empty where the method is not there."""
        if hasattr(self, "action"):
            return self.action or ""
        method = self.request.method.lower()  # type: ignore[attr-defined]
        if method == "head":
            return "get"
        known = method in self.http_method_names  # type: ignore[attr-defined]
        return method if known and hasattr(self, method) else ""

    def required_role(self) -> str:
        """Name the role that the action needs; to learn what is there needs the least."""
        name = self.action_name()
        return Role.READER if name in ("", "metadata", "options") else self.roles[name]

    @property
    def actor(self) -> Actor:
        """Whoever sent the request, as services are told."""
        sent: Request = self.request  # type: ignore[attr-defined]
        key = sent.auth if isinstance(sent.auth, ApiKey) else None
        return Actor(user=sent.user, key=key, through=Through.API)

    def query_serializer(self) -> type[QuerySerializer]:
        return self.queries.get(self.action_name(), NoQuery)

    @property
    def idempotent(self) -> bool:
        """Whether an Idempotency-Key counts."""
        return self.action_name() not in self.repeatable

    @property
    def max_body_bytes(self) -> int:
        return self.body_limits.get(self.action_name(), settings.MAX_TRACE_BYTES)

    @property
    def reads_bytes(self) -> bool:
        return self.action_name() in self.raw_bodies

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if not self.action_name():
            return  # 405, whatever the query
        check_encoding(request.META.get("QUERY_STRING", ""))
        self.query = self.query_serializer().read(request.query_params)
        if self.action_name() in self.streams and request.method != "HEAD":
            slots.hold()
        if (
            self.idempotent
            and request.method == "POST"
            and idempotency.HEADER in request.headers
            and hasattr(self, "post")
        ):
            self.post = partial(self._post_once, self.post)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Close a body that was written to a file, whatever became of the request."""
        if spooled := getattr(request, "spooled", None):
            spooled.close()
        return super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Describe the route, in JSON also where its answers are of another type."""
        answer_in_json(request)
        return super().options(request, *args, **kwargs)  # type: ignore[misc]

    def _post_once(
        self, post: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        return idempotency.answer_once(
            request,
            handle=partial(post, request, *args, **kwargs),
            explain=self.handle_exception,  # type: ignore[attr-defined]
        )


class ApiView(ApiViewMixin, APIView):
    """A single route; `roles` is by method in lower case."""


class ApiViewSet(ApiViewMixin, GenericViewSet):  # type: ignore[type-arg]
    """A resource; `roles` is by action."""
