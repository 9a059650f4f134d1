"""JSON in a field of a form, read as strictly as the API reads a body."""

from typing import Any

from tunix_site import strict_json


def read_json(text: str) -> Any:
    """Read what a field says; InvalidJSON where it is no JSON at all.

    What no value may be is marked where it stands, for the serializer to refuse.
    """
    return strict_json.loads(text.encode(errors="surrogatepass"))


def json_or_text(text: str) -> Any:
    """Read what a field says; text that is no JSON stays as it is, for the serializer to refuse."""
    try:
        return read_json(text)
    except strict_json.InvalidJSON:
        return text
