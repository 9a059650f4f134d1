"""The secret key: given by the environment, or made once for the embedded database's own site."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from tunix_site.env import kept_under

MIN_CHARS = 50


def secret_key(*, given: str, embedded: bool, var_dir: Path) -> str:
    """Return the key that signs sessions; ImproperlyConfigured where it must be given."""
    if given:
        if len(given) < MIN_CHARS:
            raise ImproperlyConfigured(f"SECRET_KEY is shorter than {MIN_CHARS} characters.")
        return given
    if not embedded:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. With DATABASE_URL set it is required: give it "
            f"{MIN_CHARS} or more random characters, the same for every process."
        )
    path = var_dir / "secret_key"
    with kept_under(var_dir):
        var_dir.mkdir(parents=True, exist_ok=True)
        return path.read_text() if path.exists() else _create(path)


def _create(path: Path) -> str:
    """Write a new key so that two processes starting at once agree on one whole file."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        draft.unlink()
    return path.read_text()
