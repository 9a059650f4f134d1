"""The address that the server listens on: tried before it starts, and as a URL."""

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address

LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]", "::1"}


class CannotListen(Exception):
    """Nothing can be served there; the message says why, and what names another address."""


def try_address(host: str, port: int) -> None:
    """Say at once where nothing can be served: the server itself tries for a while."""
    if not 0 < port < 2**16:
        raise CannotListen(f"A port is a number from 1 to 65535, not {port}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    everywhere = family == socket.AF_INET6 and _is_every_address(host)  # IPv4 too, as it serves
    try:
        if not host.encode("idna"):
            raise UnicodeError  # the system would take it for every address
        socket.create_server((host, port), family=family, dualstack_ipv6=everywhere).close()
    except UnicodeError:
        raise _refused(host, port, "that is no host name") from None
    except OSError as error:
        raise _refused(host, port, error.strerror or str(error)) from None


def _refused(host: str, port: int, said: str) -> CannotListen:
    reason, _, _ = said.partition(" (while ")  # what follows says the address again
    return CannotListen(
        f"Cannot serve on {host}, port {port}: {reason}. "
        "Name another with HOST or PORT, or with --host or --port."
    )


def url_of(host: str, port: int) -> str:
    """Give the URL by which this machine reaches what listens there."""
    if _is_every_address(host):
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def notes(host: str, allowed_hosts: Collection[str]) -> list[str]:
    """Say what may surprise whoever serves there: who can connect, and who is refused all the same.

    Names of this machine alone in ALLOWED_HOSTS let nobody in by another.
    """
    said = []
    if _is_every_address(host):
        said.append("It listens on every address of this machine.")
    if not _is_local(host) and LOCAL_NAMES.issuperset(allowed_hosts):
        said.append(
            "Other machines are answered 400: ALLOWED_HOSTS holds names of this one alone. "
            "Set it to the names by which the site is reached (docs/settings.md)."
        )
    return said


def _is_every_address(host: str) -> bool:
    address = _parsed(host)
    return address is not None and address.is_unspecified


def _is_local(host: str) -> bool:
    address = _parsed(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
