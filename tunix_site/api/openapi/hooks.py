"""What is done to the whole OpenAPI document: paths, closed bodies, errors, descriptions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.module_loading import import_string
from drf_spectacular.hooks import postprocess_schema_enums
from drf_spectacular.settings import patched_settings

from tunix_site.access.authentication import CHALLENGE, EXPECTED
from tunix_site.apps import site_apps

Document = dict[str, Any]
Hook = Callable[..., Document]

ERROR = {
    "type": "object",
    "description": "A sentence in `detail`, or what is wrong by the name of each field: lists of "
    "sentences, of what nests by name or position. Of a batch, `errors` has both by index.",
    "properties": {
        "detail": {"type": "string", "description": "What is wrong as a whole, in a sentence."},
        "errors": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {}},
            "description": "Of a batch: `{index, errors}` of the first hundred that are bad, "
            "`errors` by field. Of an import: `{line, field, message}`.",
        },
    },
    "additionalProperties": {},
    "minProperties": 1,
}
ERROR_CONTENT = {"schema": {"$ref": "#/components/schemas/Error"}}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "After so many seconds the same request may succeed.",
        "schema": {"type": "integer"},
    }
}
_CHALLENGE = {
    "WWW-Authenticate": {
        "description": f"How a key is sent: `{CHALLENGE}`.",
        "schema": {"type": "string"},
    }
}
_LENGTH = {
    "Content-Range": {
        "description": "How long the file is: `bytes */15818678`.",
        "schema": {"type": "string"},
    }
}
# Name, description, an example and the headers of the answers that routes share, by status.
ERRORS: dict[str, tuple[str, str, Any, dict[str, Any]]] = {
    "400": (
        "BadRequest",
        "The request does not hold what it should; named by field, with what would be right.",
        {"status": ['"good" is not a valid choice. Known ones: unreviewed, approved.']},
        {},
    ),
    "401": (
        "Unauthorized",
        "There is no key or session, or the key is unknown, expired or revoked.",
        {"detail": EXPECTED},
        _CHALLENGE,
    ),
    "403": (
        "Forbidden",
        "The role of the key, or of its user, may not do this.",
        {"detail": "This needs the role curator."},
        {},
    ),
    "404": (
        "NotFound",
        "There is no such thing.",
        {"detail": "Trace 01a20ff4-1ec0-715c-a98b-b21593e56295 not found."},
        {},
    ),
    "406": (
        "NotAcceptable",
        "`Accept` names no type that the answer comes in.",
        {"detail": "The answer is application/json; `Accept` names nothing of it."},
        {},
    ),
    "409": (
        "Conflict",
        "It contradicts what is stored.",
        {
            "detail": "The trace is held by: sums-1. Delete these datasets first, or reject "
            "the trace."
        },
        {},
    ),
    "412": (
        "PreconditionFailed",
        "`If-Match` names other bytes than those that there are; `ETag` names these.",
        {"detail": 'It is "5d41402abc4b2a76b9719d911017c592", and not what `If-Match` names.'},
        {},
    ),
    "413": (
        "TooLarge",
        "The body, decompressed, is larger than allowed.",
        {"detail": "The body exceeds maximum of 1,048,576 bytes."},
        {},
    ),
    "414": (
        "LineTooLong",
        "The request line is longer than 8,190 bytes.",
        {"detail": "The request line is too long."},
        {},
    ),
    "415": (
        "UnsupportedMediaType",
        "The body is of a type or encoding that is not read.",
        {"detail": "Content-Encoding must be gzip or absent."},
        {},
    ),
    "416": (
        "NoSuchRange",
        "The range lies behind the end of the file.",
        {"detail": "The file has 15,818,678 bytes."},
        _LENGTH,
    ),
    "422": (
        "KeyReused",
        "The `Idempotency-Key` came before, with another request.",
        {"detail": "This Idempotency-Key was used with another request."},
        {},
    ),
    "429": (
        "TooMany",
        "Too many wrong keys came from this address.",
        {"detail": "Too many wrong keys came from your address. Try again in 1 seconds."},
        _RETRY_AFTER,
    ),
    "503": (
        "Unavailable",
        "The database is away, or as much is being done as may be done at once.",
        {"detail": "The database is not available."},
        _RETRY_AFTER,
    ),
    "507": (
        "DiskFull",
        "The database's disk is full; nothing was stored.",
        {"detail": "The database's disk is full: nothing was stored."},
        {},
    ),
}


def without_trailing_slash(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """Document paths as they are written, without the slash that is let pass."""
    return [(path.rstrip("/") or path, *rest) for path, *rest in endpoints]


def operations(document: Document) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def share_errors(result: Document, **kwargs: Any) -> Document:
    """Describe once what every error looks like, and refer to it from every operation."""
    result["components"]["schemas"]["Error"] = ERROR
    result["components"]["responses"] = {
        name: {
            "description": description,
            "content": {"application/json": {**ERROR_CONTENT, "example": example}},
            **({"headers": headers} if headers else {}),
        }
        for name, description, example, headers in ERRORS.values()
    }
    for operation in operations(result):
        for code, response in operation["responses"].items():
            if ERROR_CONTENT in response.get("content", {}).values():
                operation["responses"][code] = {"$ref": f"#/components/responses/{ERRORS[code][0]}"}
    return result


def close_bodies(result: Document, **kwargs: Any) -> Document:
    """Say of every request body that unknown fields are refused."""
    schemas = result.get("components", {}).get("schemas", {})
    waiting: list[Any] = [operation.get("requestBody", {}) for operation in operations(result)]
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


def name_enums(result: Document, generator: Any, **kwargs: Any) -> Document:
    """Name enums by their fields, and those that share a field's name as their app says."""
    names = {name: path for app in site_apps() for name, path in app.enum_names.items()}
    with patched_settings({"ENUM_NAME_OVERRIDES": names}):
        named: Document = postprocess_schema_enums(result, generator)  # type: ignore[no-untyped-call]
    return named


def describe_apps(result: Document, **kwargs: Any) -> Document:
    """Describe tags and fields by what each app says of them."""
    apps = site_apps()
    result["tags"] = [
        {"name": name, "description": said} for app in apps for name, said in app.tags.items()
    ]
    for app in apps:
        if app.words:
            import_string(app.words)(result)
    return result


def describing(words: Mapping[str, str]) -> Hook:
    """Make a hook that describes fields and parameters by their names, where nothing else does.

    A name may say of which schema it is: `Schema.field`.
    """

    def describe(result: Document, **kwargs: Any) -> Document:
        for name, schema in result["components"]["schemas"].items():
            for field, said in schema.get("properties", {}).items():
                _describe(said, words.get(f"{name}.{field}") or words.get(field))
        for operation in operations(result):
            for parameter in operation.get("parameters", ()):
                _describe(parameter, words.get(parameter["name"]))
        return result

    return describe


def _describe(said: dict[str, Any], words: str | None) -> None:
    if words and not said.get("description"):
        said["description"] = words
