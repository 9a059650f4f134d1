#!/usr/bin/env python
"""Run a command of the project, on the embedded PostgreSQL unless DATABASE_URL is set."""

import contextlib
import os
import signal
import sys
from pathlib import Path

# What talks to the site as its users do has the client, which is installed nowhere here.
sys.path.append(str(Path(__file__).resolve().parent / "client" / "src"))

# These need no database, or hold it up themselves; everything else finds one running.
WITHOUT_DATABASE = {"help", "version", "--help", "--version", "-h", "spectacular", "check", "serve"}
# This forks, and looks after the database in its own loop: a thread must not.
FORKS = {"work"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tunix_site.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import Error

    from tunix_site.database.troubles import trouble_of
    from tunix_site.postgres.cluster import embedded_postgres
    from tunix_site.postgres.keeper import looked_after
    from tunix_site.postgres.telling import PostgresError
    from tunix_site.serving.processes import die_with_parent, exit_on

    if "MAKELEVEL" in os.environ:
        die_with_parent()
    exit_on(signal.SIGTERM, signal.SIGHUP)
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        with contextlib.ExitStack() as held:
            if settings.EMBEDDED_POSTGRES and command not in WITHOUT_DATABASE:
                cluster = held.enter_context(embedded_postgres(settings.VAR_DIR))
                if command not in FORKS:
                    held.enter_context(looked_after(cluster))
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, PostgresError) as error:
        sys.exit(str(error))
    except Error as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        sys.exit(f"{trouble.detail} {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # also while it is loading
        sys.exit(128 + signal.SIGINT)
