"""Typed reading of environment variables; a bad value stops the start with a sentence."""

import contextlib
import os
import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_FLAGS = {"1": True, "true": True, "yes": True, "on": True}
_FLAGS |= {"0": False, "false": False, "no": False, "off": False}
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def secret(name: str) -> str:
    """Read a text from the variable, or else from the file that NAME_FILE names."""
    path = text(f"{name}_FILE")
    if not path or text(name):
        return text(name)
    try:
        read = Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {error.strerror}: {path}.") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}_FILE: {path} holds no text.") from None
    if not read:
        raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
    return read


def folder(name: str, *, below: Path) -> Path | None:
    """Read the path of a folder that is there, relative to `below`; None where none is named."""
    given = text(name)
    if not given:
        return None
    path = (below / given).resolve()
    if not (os.access(path, os.R_OK | os.X_OK) and path.is_dir()):
        raise ImproperlyConfigured(f"{name} must name a folder that can be read, not {given!r}.")
    return path


def integer(name: str, default: int, *, minimum: int = 1) -> int:
    value = os.environ.get(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {number}.")
    return number


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name)
    if not value:
        return default
    try:
        return _FLAGS[value.strip().lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.") from None


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Read a comma-separated list of addresses and networks."""
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must hold addresses or networks: {error}.") from None


def origins(name: str) -> list[str]:
    """Read a comma-separated list of origins, as browsers write them."""
    return [_origin(name, word) for word in words(name)]


def _origin(name: str, word: str) -> str:
    found = _ORIGIN.fullmatch(word.lower())
    if found is None:
        raise ImproperlyConfigured(
            f"{name} must hold origins such as https://app.example.org or http://localhost:3000, "
            f"each by its name and with nothing after it, not {word!r}."
        )
    is_default = found["port"] == {"http": "80", "https": "443"}[found["scheme"]]
    return f"{found['scheme']}://{found['host']}" + (
        f":{found['port']}" if found["port"] and not is_default else ""
    )


@contextlib.contextmanager
def kept_under(var_dir: Path) -> Iterator[None]:
    """Turn what the system refuses under TUNIX_VAR into a sentence that names the setting."""
    try:
        yield
    except OSError as error:
        raise ImproperlyConfigured(
            f"Nothing can be kept under {var_dir} ({error.strerror}: {error.filename}). "
            "Name a folder that can be written to with TUNIX_VAR."
        ) from None


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    value = os.environ.get(name) or default
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value
