"""The OpenAPI document: strict queries, closed bodies and the errors that every route can give."""

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as BaseAutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.serializers import ListField, ListSerializer

from tunix_site.fields import QuerySerializer, TextField
from tunix_site.idempotency import HEADER

ERROR_BODY = OpenApiResponse(
    {"$ref": "#/components/schemas/Error"}, description="What is wrong, and where."
)
ERROR = {
    "type": "object",
    "description": "A sentence in `detail`, or what is wrong by the name of each field: lists of "
    "sentences, of what nests by name or position. Of a batch, `errors` has both by index.",
    "properties": {"detail": {"type": "string"}},
    "additionalProperties": {},
    "minProperties": 1,
}
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
    target_class = "tunix_site.authentication.ApiKeyAuthentication"
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
        """Add what is left out: how long lists are, null among their items, and no NUL in text.

        Nested serializers are named as if they were never null.
        """
        schema: Any = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, *args, **kwargs
        )
        if isinstance(field, ListField):
            schema.update(_length(field))
        patterns = [one for one in field.validators if isinstance(one, RegexValidator)]
        if isinstance(field, TextField) and not patterns:
            schema.setdefault("pattern", NO_NUL)
        if isinstance(field, ListField) and getattr(field.child, "allow_null", False):
            schema["items"] = {"oneOf": [schema["items"], {"type": "null"}]}
        return schema

    def _get_request_for_media_type(
        self, serializer: Any, *args: Any, **kwargs: Any
    ) -> tuple[Any, bool]:
        schema, required = super()._get_request_for_media_type(  # type: ignore[no-untyped-call]
            serializer, *args, **kwargs
        )
        if isinstance(serializer, ListSerializer):
            schema.update(_length(serializer))
        return schema, required

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/").split("/")[0]]

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
        if self.method != "GET":
            codes.append(507)
        if "{" in self.path:
            codes.append(404)
        if self.method in BODY_METHODS:
            codes += [404, 409, 413, 415]
        if self.method == "POST":
            codes.append(422)
        if self.method == "DELETE":
            codes.append(409)
        return codes


def _length(field: Any) -> dict[str, int]:
    """Say how many items a list takes."""
    least = field.min_length or int(not field.allow_empty)
    most = field.max_length
    return {**({"minItems": least} if least else {}), **({"maxItems": most} if most else {})}


def without_trailing_slash(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """Document paths as they are written, without the slash that is let pass."""
    return [(path.rstrip("/") or path, *rest) for path, *rest in endpoints]


def share_errors(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Describe once what every error looks like."""
    result["components"]["schemas"]["Error"] = ERROR
    return result


def close_bodies(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Say of every request body that unknown fields are refused."""
    schemas = result.get("components", {}).get("schemas", {})
    waiting: list[Any] = [
        operation.get("requestBody", {})
        for path in result["paths"].values()
        for operation in path.values()
    ]
    closed: set[str] = set()
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, list):
            waiting += schema
        elif isinstance(schema, dict):
            waiting += schema.values()
            name = str(schema.get("$ref", "")).rpartition("/")[2]
            if name and name not in closed:
                closed.add(name)
                waiting.append(schemas[name])
            if "properties" in schema and "type" in schema:  # not a part of `allOf` or `if`
                schema.setdefault("additionalProperties", False)
    return result
