"""Holds the embedded PostgreSQL for the tests' whole run, unless DATABASE_URL names a server."""

import contextlib
import os
import signal
import sys

import pytest

from tunix_site.processes import die_with_parent

_held = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    from tunix_site.postgres import embedded_postgres

    if "MAKELEVEL" in os.environ:
        die_with_parent()
    signal.signal(signal.SIGTERM, lambda caught, _: sys.exit(128 + caught))
    if settings.EMBEDDED_POSTGRES:
        _held.enter_context(embedded_postgres(settings.VAR_DIR))


def pytest_unconfigure(config: pytest.Config) -> None:
    _held.close()
