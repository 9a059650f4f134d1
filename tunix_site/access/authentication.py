"""Authentication by `Authorization: Bearer KEY`, or `Token KEY`."""

import logging
from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from tunix_site.access.addresses import address_of, network_of
from tunix_site.access.buckets import Buckets, Leak
from tunix_site.access.key_cache import known_keys
from tunix_site.errors import TooMany
from tunix_site.logs import log_seldom
from tunix_site.models import KEY_PREFIX, ApiKey, digest_of

log = logging.getLogger(__name__)

SCHEMES = (b"bearer", b"token")  # in lower case: HTTP's schemes know none
MAKE = "Keys are made with `manage.py create_api_key NAME --role ROLE`."
EXPECTED = (
    "An API key is expected in a header, as `Authorization: Bearer KEY` (or `Token KEY`), "
    f"and nowhere else. {MAKE}"
)
CHALLENGE = 'Bearer realm="Tunix RT"'

wrong_keys = Buckets(Leak(capacity=30, seconds=1))


class ApiKeyAuthentication(BaseAuthentication):
    """At most one query, and no write on reads."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or not _is_ours(words[0]):
            return None
        if words[0].lower() not in SCHEMES or len(words) != 2 or not words[1].isascii():
            raise AuthenticationFailed(EXPECTED)
        digest = digest_of(words[1].decode("ascii"))
        key = known_keys.find(digest)
        if key is None:
            raise _wrong_key(request)
        if request.method not in SAFE_METHODS and key.note_use():
            known_keys.forget(digest)  # the next request reads when it was used
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _is_ours(word: bytes) -> bool:
    """Tell the schemes, and what is often sent in their place: the key alone."""
    # others may be a proxy's before the site, whose people come with a session
    return word.lower() in SCHEMES or word.startswith(KEY_PREFIX.encode())


def _wrong_key(request: Any) -> APIException:
    """Count a wrong key of an address; beyond its share of them, tell it to wait.

    A right key is found before, so that it is never slowed, and nobody's thread is held.
    """
    address = address_of(request)
    wait = wrong_keys.take(network_of(address))
    if not wait:
        return AuthenticationFailed(f"The key is unknown, expired or revoked. {MAKE}")
    log_seldom(log, "wrong keys: an address is told to wait", address=address)
    return TooMany("Too many wrong keys came from your address.", wait=wait)
