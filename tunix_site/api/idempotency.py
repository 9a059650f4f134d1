"""The same POST sent twice under one Idempotency-Key is done once and answered alike."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tunix_site.api.renderers import JSONRenderer
from tunix_site.errors import KeyReused
from tunix_site.models import IdempotentAnswer

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
PURGED_AT_ONCE = 100


def answer_once(
    request: Request, handle: Callable[[], Response], explain: Callable[[Exception], Response]
) -> Response:
    """Run `handle` unless this user's key has an answer; replay that otherwise.

    The claim, the work and the stored answer are one transaction: a second request with the same
    key waits for the first, and where the first fails it does the work itself.
    """
    key = request.headers[HEADER]
    _check_key(key)
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        stored = _claim(request.user, key, fingerprint)
        if stored.status_code is not None:
            return _replay(stored, fingerprint)
        try:
            with transaction.atomic():
                response = handle()
        except ParseError:
            raise  # what cannot be read leaves the key free
        except APIException as error:
            if error.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
                raise
            response = explain(error)
        stored.status_code = response.status_code
        stored.body = JSONRenderer().render(response.data).decode()
        stored.location = response.headers.get("Location", "")
        stored.save()
    return response


def _claim(user: Any, key: str, fingerprint: bytes) -> IdempotentAnswer:
    """Insert this request's row or fetch the one that is there, waiting for whoever holds it."""
    expired = IdempotentAnswer.objects.filter(
        created_at__lt=timezone.now() - IdempotentAnswer.KEPT_FOR
    )
    expired.filter(user=user, key=key).delete()
    some = expired.select_for_update(skip_locked=True).values("pk")[:PURGED_AT_ONCE]
    IdempotentAnswer.objects.filter(pk__in=some).delete()
    claim = IdempotentAnswer(user=user, key=key, fingerprint=fingerprint)
    IdempotentAnswer.objects.bulk_create([claim], ignore_conflicts=True)
    return IdempotentAnswer.objects.select_for_update().get(user=user, key=key)


def _replay(stored: IdempotentAnswer, fingerprint: bytes) -> Response:
    if bytes(stored.fingerprint) != fingerprint:
        raise KeyReused
    headers = {REPLAYED_HEADER: "true"}
    if stored.location:
        headers["Location"] = stored.location
    body = msgspec.json.decode(stored.body) if stored.body else None
    return Response(body, status=stored.status_code, headers=headers)


def done_once(request: HttpRequest, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do something for a form of a page, unless this user's key says that it was done.

    Gives what it gave, as JSON; where it raises, nothing is kept, and the key stays free.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return do()
    _check_key(key)
    asked = f"{request.method} {request.get_full_path()}\n{sorted(request.POST.lists())}"
    fingerprint = hashlib.sha256(asked.encode()).digest()
    with transaction.atomic():
        stored = _claim(request.user, key, fingerprint)
        if bytes(stored.fingerprint) != fingerprint:
            raise KeyReused
        if stored.status_code is None:
            stored.body = msgspec.json.encode(do()).decode()
            stored.status_code = status.HTTP_200_OK
            stored.save()
        done: dict[str, Any] = msgspec.json.decode(stored.body)
    return done


def _check_key(key: str) -> None:
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise ValidationError({HEADER: ["Give 1 to 255 printable ASCII characters."]})


def _fingerprint(request: Request) -> bytes:
    request.data  # noqa: B018  # reading the body is what gives its digest
    body: bytes = getattr(request, "body_digest", hashlib.sha256(b"").digest())
    asked = f"{request.method} {request.get_full_path()}\n"
    if prefer := request.headers.get("Prefer"):  # a job or what comes of it: two answers
        asked += f"Prefer: {prefer}\n"
    return hashlib.sha256(asked.encode() + body).digest()
