"""What an address of the API is called, and the way to it."""

from itertools import accumulate
from urllib.parse import quote

from django.http import HttpRequest
from rest_framework.utils.breadcrumbs import get_breadcrumbs

ROOT = "/api"
TITLES = {"evalsets": "Evaluation sets"}


def title_of(request: HttpRequest) -> str:
    """Say what is shown: a list, one of it, or what belongs to one."""
    kind, *rest = [*_parts(request), ""]
    if not kind:
        return "API"
    many = TITLES.get(kind, kind.capitalize())
    if not any(rest):
        return many
    named, *more = rest[:-1]
    match = request.resolver_match
    if match is None or named not in match.kwargs.values():
        return f"{many}: {' '.join(rest[:-1])}"
    one = f"{many.removesuffix('s')} {named}"
    return f"{one}: {' '.join(more)}" if more else one


def way_to(request: HttpRequest) -> list[tuple[str, str]]:
    """Give the parts of the address, each with where it leads; empty for one that is no page."""
    parts = _parts(request)
    found = get_breadcrumbs(request.path, request)
    pages = {address.rstrip("/") for _, address in found}
    addresses = accumulate(parts, "{}/{}".format, initial=ROOT)
    return [
        (part, quote(address) if address in pages else "")
        for part, address in zip([ROOT.strip("/"), *parts], addresses, strict=True)
    ]


def _parts(request: HttpRequest) -> list[str]:
    return [part for part in request.path.split("/")[2:] if part]
