"""What is measured, for Prometheus.

With several web processes PROMETHEUS_MULTIPROC_DIR (set by the settings) holds what
each has counted, and every process answers for all.
"""

import os
from collections.abc import Iterable

from django.utils.module_loading import import_string
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("tunix_requests", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "tunix_request_seconds",
    "Time to the response, streaming excluded.",
    ["method", "route"],
)

# What is asked of its source for every answer, such as the jobs that wait in the database.
ASKED_AT_ONCE = CollectorRegistry()

KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


def ask(collectors: Iterable[str]) -> None:
    """Ask these collectors, named by their dotted paths, for every answer."""
    for path in collectors:
        ASKED_AT_ONCE.register(import_string(path)())


def known_method(method: str | None) -> str:
    """Name a method of HTTP; any other word is a client's own, of which there is no end."""
    return method if method in KNOWN_METHODS else "other"


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request; what `known_method` and the resolver name makes labels."""
    REQUESTS.labels(method, route, status).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def exposition() -> bytes:
    return counted() + generate_latest(ASKED_AT_ONCE)


def counted() -> bytes:
    """Return the counters and histograms of all web processes."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
