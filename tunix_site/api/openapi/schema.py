"""The OpenAPI document of each route: its name, examples, strict query and errors."""

import re
from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as BaseAutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.serializers import ListField, ListSerializer

from tunix_site.api.fields import QuerySerializer, TextField
from tunix_site.api.idempotency import HEADER

ERROR_BODY = OpenApiResponse(
    {"$ref": "#/components/schemas/Error"}, description="What is wrong, and where."
)
NO_NUL = r"^[^\u0000]*$"
BODY_METHODS = ("POST", "PATCH", "PUT")
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    OpenApiParameter.HEADER,
    description="The first answer is kept for a day and given again; "
    "with another request the same key is refused (422).",
)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tunix_site.access.authentication.ApiKeyAuthentication"
    name = "bearerAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, as `Authorization: Bearer KEY`.",
        }


class AutoSchema(BaseAutoSchema):
    """Adds what the views declare in a way of our own."""

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = []
        query = getattr(self.view, "query_serializer", None)
        if query is not None and query() is not None and issubclass(query(), QuerySerializer):
            serializer = query()
            if serializer().fields:
                parameters.append(serializer)
        if self.method == "POST" and getattr(self.view, "idempotent", False):
            parameters.append(IDEMPOTENCY_KEY)
        return parameters

    def _map_serializer(self, serializer: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add what a serializer says of itself in `openapi`: its fields do not show it."""
        schema: dict[str, Any] = super()._map_serializer(  # type: ignore[no-untyped-call]
            serializer, *args, **kwargs
        )
        return {**schema, **getattr(serializer, "openapi", {})}

    def _map_serializer_field(self, field: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what is left out: how many items lists take, null among them, and no NUL in text.

        Nested serializers are named as if they were never null.
        """
        schema: Any = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, *args, **kwargs
        )
        if isinstance(field, ListField):
            schema.update(_items(field))
        patterns = [one for one in field.validators if isinstance(one, RegexValidator)]
        if isinstance(field, TextField) and not patterns:
            schema.setdefault("pattern", NO_NUL)
        if isinstance(field, ListField) and getattr(field.child, "allow_null", False):
            schema["items"] = {"oneOf": [schema["items"], {"type": "null"}]}
        return schema

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """Leave a text that may be empty one text: two that take it exclude it with `oneOf`."""
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        text, *others = schema.get("oneOf", [{}])
        if others == [{"type": "string", "maxLength": 0}] and text.get("pattern") == NO_NUL:
            del schema["oneOf"]
            schema.update(text)

    def _get_request_for_media_type(
        self, serializer: Any, *args: Any, **kwargs: Any
    ) -> tuple[Any, bool]:
        schema, required = super()._get_request_for_media_type(  # type: ignore[no-untyped-call]
            serializer, *args, **kwargs
        )
        if isinstance(serializer, ListSerializer):
            schema.update(_items(serializer))
        return schema, required

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        """Say that a body is needed also where it may be JSON or something else."""
        body: dict[str, Any] | None = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        if body and len(body["content"]) > 1 and "application/json" in body["content"]:
            body["required"] = True
        return body

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/").split("/")[0]]

    def get_operation_id(self) -> str:
        """Name a standard action plainly; any other is named where it is."""
        many = self.get_tags()[0]
        names = {
            "list": f"list_{many}",
            "create": f"create_{many.removesuffix('s')}",
            "retrieve": f"get_{many.removesuffix('s')}",
            "partial_update": f"update_{many.removesuffix('s')}",
            "destroy": f"delete_{many.removesuffix('s')}",
        }
        name: str = names.get(self._action()) or super().get_operation_id()
        return name

    def get_summary(self) -> str:
        """Give the first part of the description: what the operation does."""
        return re.split(r"[.;:,](?:\s|$)", self.get_description(), maxsplit=1)[0]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation:
            self._show_examples(operation)
        return operation

    def _show_examples(self, operation: dict[str, Any]) -> None:
        """Add what the view names as examples: of the request, and of each answer by its status.

        With its media type beside it, one is of that alone.
        """
        examples = getattr(self.view, "examples", {}).get(self._action(), {})
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for named, example in examples.items():
            name, only = named if isinstance(named, tuple) else (named, None)
            for kind, content in bodies[str(name)]["content"].items():
                if only in (None, kind):
                    content["example"] = example

    def _action(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for code in map(str, self._errors()):
            if code not in bodies:
                bodies[code] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    ERROR_BODY, code, ["application/json"]
                )
        return bodies

    def _errors(self) -> list[int]:
        if not getattr(self.view, "authentication_classes", True):
            return [400, 406]
        codes = [400, 401, 403, 406, 429, 503]
        codes.append(414 if self.method == "GET" else 507)
        if "{" in self.path:
            codes.append(404)
        if self.method in BODY_METHODS:
            codes += [404, 409, 413, 415]
        if self.method == "POST":
            codes.append(422)
        if self.method == "DELETE":
            codes.append(409)
        return codes


def _items(field: Any) -> dict[str, Any]:
    """Say how many items a list takes, and whether each is another."""
    least = field.min_length or int(not field.allow_empty)
    said = {
        "minItems": least or None,
        "maxItems": field.max_length,
        "uniqueItems": getattr(field, "unique", False) or None,
    }
    return {name: value for name, value in said.items() if value is not None}
