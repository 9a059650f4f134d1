"""What a request is compared with: plain Django views, under the site's server and middleware.

Each does the work of ours, with the same SQL in one call of psycopg, and answers by JsonResponse.
No page, no cursor, no other filter, no role: what these cost is the price of having them.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from msgspec import UNSET

from traces.copy_in import row_of
from traces.document import TraceDocument
from traces.models import Status, Trace
from tunix_site.models import digest_of

PAGE_ROWS = 20

KEY = """
    SELECT key.id, key.user_id, key.name, key.prefix, key.digest, key.role, key.created_at,
        key.expires_at, key.revoked_at, key.last_used_at,
        ARRAY(
            SELECT name FROM auth_group JOIN auth_user_groups ON auth_group.id = group_id
            WHERE auth_user_groups.user_id = key.user_id
        ),
        auth_user.id, auth_user.password, last_login, is_superuser, username, first_name,
        last_name, email, is_staff, is_active, date_joined
    FROM tunix_site_apikey AS key JOIN auth_user ON auth_user.id = key.user_id
    WHERE (expires_at IS NULL OR expires_at > %s) AND revoked_at IS NULL AND is_active
        AND digest = %s
"""
ROW_FIELDS = (
    "id",
    "created_at",
    "trace_version",
    "source",
    "status",
    "tags",
    "prompt_preview",
    "final_answer_preview",
    "step_count",
)
ROW = """
    SELECT id, created_at, trace_version, source, status, tags, left(prompt, 200),
        left(final_answer, 200), step_count
    FROM traces_trace
"""
PAGE = f"{ROW} ORDER BY id DESC LIMIT {PAGE_ROWS + 1}"
PAGE_OF_SOURCE = f"""
    {ROW} WHERE id IN (
        SELECT id FROM traces_trace WHERE source >= %s AND source <= %s
        ORDER BY source DESC, id DESC LIMIT {PAGE_ROWS + 2}
    ) ORDER BY id DESC LIMIT {PAGE_ROWS + 1}
"""
LEFT_OUT = ("original", "created_by_id", "created_with_id")  # which no body has
COLUMNS = [
    str(field.column) for field in Trace._meta.concrete_fields if field.column not in LEFT_OUT
]
TRACE = f"SELECT {', '.join(COLUMNS)} FROM traces_trace WHERE id = %s"
INSERT = f"""
    INSERT INTO traces_trace ({", ".join(COLUMNS)}) VALUES ({", ".join(["%s"] * len(COLUMNS))})
"""

View = Callable[..., HttpResponse]

_document = msgspec.json.Decoder(TraceDocument)
_kept: set[str] = set()


def has_key(request: HttpRequest) -> bool:
    """Ask the database for the key that a request comes with."""
    _, _, key = request.headers.get("Authorization", "").partition(" ")
    return bool(fetched(KEY, [timezone.now(), digest_of(key)]))


def had_key(request: HttpRequest) -> bool:
    """Ask for a key the first time that it comes."""
    header = request.headers.get("Authorization", "")
    if header not in _kept and has_key(request):
        _kept.add(header)
    return header in _kept


def fetched(query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def authenticated(is_known: Callable[[HttpRequest], bool], view: View) -> View:
    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not is_known(request):
            return JsonResponse({"detail": "The key is unknown."}, status=401)
        return view(request, **kwargs)

    return answer


def traces(request: HttpRequest) -> HttpResponse:
    return create(request) if request.method == "POST" else page(request)


def page(request: HttpRequest) -> HttpResponse:
    source = request.GET.get("source")
    found = fetched(PAGE, []) if source is None else fetched(PAGE_OF_SOURCE, [source, source])
    listed = [dict(zip(ROW_FIELDS, row, strict=True)) for row in found[:PAGE_ROWS]]
    for one in listed:
        one["tags"] = json.loads(one["tags"])
    following = f"/api/traces?cursor={listed[-1]['id']}" if len(found) > PAGE_ROWS else None
    return JsonResponse({"next": following, "previous": None, "results": listed})


def trace(request: HttpRequest, identity: UUID) -> HttpResponse:
    """Show a trace; only what happens where there is none is compared."""
    found = fetched(TRACE, [identity])
    if not found:
        return JsonResponse({"detail": f"Trace {identity} not found."}, status=404)
    return JsonResponse(dict(zip(COLUMNS, found[0], strict=True)))


def create(request: HttpRequest) -> HttpResponse:
    """Store a trace, valid by type, with its hashes."""
    try:
        document = _document.decode(request.body)
    except msgspec.DecodeError as error:
        return JsonResponse({"detail": str(error)}, status=400)
    row = row_of(
        document,
        identity=uuid_utils.uuid7(),
        created_at=timezone.now(),
        status=Status.UNREVIEWED.value,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            [
                UUID(str(row.id)),
                row.created_at,
                row.trace_version,
                row.prompt,
                row.final_answer,
                json.dumps(row.steps),
                json.dumps(row.meta),
                row.source,
                row.external_id,
                json.dumps(row.tags),
                row.status,
                None if row.messages is None else json.dumps(row.messages),
                row.content_hash,
                row.prompt_hash,
                row.step_count,
                row.total_chars,
                row.parts,
            ],
        )
    payload = {
        "trace_version": row.trace_version,
        "prompt": row.prompt,
        "final_answer": row.final_answer,
        "steps": row.steps,
        "meta": row.meta,
    }
    if document.messages is not UNSET:
        payload["messages"] = document.messages
    answer = {
        "id": str(row.id),
        "created_at": row.created_at,
        "trace_version": row.trace_version,
        "source": row.source,
        "external_id": row.external_id,
        "status": row.status,
        "tags": row.tags,
        "content_hash": UUID(row.content_hash),
        "prompt_hash": UUID(row.prompt_hash),
        "step_count": row.step_count,
        "payload": payload,
        "scores": [],
    }
    return JsonResponse(answer, status=201)


urlpatterns = [
    path("api/health", lambda request: HttpResponse("ok")),
    path("api/traces", authenticated(has_key, traces)),
    path("api/traces/<uuid:identity>", authenticated(has_key, trace)),
    path("kept/traces", authenticated(had_key, traces)),
    path("kept/traces/<uuid:identity>", authenticated(had_key, trace)),
]
