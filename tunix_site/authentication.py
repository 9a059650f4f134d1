"""Authentication by `Authorization: Token KEY`."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from tunix_site.key_cache import known_keys
from tunix_site.models import ApiKey, digest_of

SCHEME = "Token"


class ApiKeyAuthentication(BaseAuthentication):
    """At most one query, and no write on reads."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != SCHEME.lower().encode():
            return None
        if len(words) != 2 or not words[1].isascii():
            raise AuthenticationFailed(f"The header must read: Authorization: {SCHEME} KEY")
        digest = digest_of(words[1].decode("ascii"))
        key = known_keys.find(digest)
        if key is None:
            raise AuthenticationFailed("The key is unknown, expired or revoked.")
        if request.method not in SAFE_METHODS and key.note_use():
            known_keys.forget(digest)  # the next request reads when it was used
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return SCHEME
