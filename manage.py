#!/usr/bin/env python
"""Run a command of the project, on the embedded PostgreSQL unless DATABASE_URL is set."""

import contextlib
import os
import signal
import sys

# These need no database; everything else finds one running.
WITHOUT_DATABASE = {"help", "version", "--help", "--version", "-h", "spectacular", "check"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tunix_site.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from tunix_site.postgres import PostgresError, embedded_postgres
    from tunix_site.processes import die_with_parent

    if "MAKELEVEL" in os.environ:
        die_with_parent()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        embedded = settings.EMBEDDED_POSTGRES and command not in WITHOUT_DATABASE
        with embedded_postgres(settings.VAR_DIR) if embedded else contextlib.nullcontext():
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, PostgresError) as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The database does not answer: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
