"""Requests to the API as commands that people copy."""

import shlex


def command(address: str, body: str = "") -> str:
    """Say a request as the documents do: with curl, and the key in `$KEY`."""
    sent = f" -H 'Content-Type: application/json' -d {shlex.quote(body)}" if body else ""
    return f'curl -sSf -H "Authorization: Bearer $KEY" {shlex.quote(address)}{sent}'
