"""`python -m benchmarks`: measure, print a table, write var/bench/results.json."""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

# installed nowhere here: it is found by its path
CLIENT = Path(__file__).resolve().parent.parent / "client" / "src"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure, print a table and write var/bench/results.json, in a few minutes.",
    )
    parser.add_argument(
        "--large",
        action="store_true",
        help="grow to a million traces instead, in some thirteen minutes; var/bench/large.json",
    )
    parser.add_argument(
        "--migration",
        type=int,
        metavar="TRACES",
        help="migrate so many traces of the version before instead; var/bench/migration.json",
    )
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tunix_site.settings")
    sys.path.append(str(CLIENT))
    import django

    django.setup()
    from django.conf import settings

    from benchmarks.run import run, run_large, run_migration
    from benchmarks.site import BenchmarkFailed
    from tunix_rt import TunixError
    from tunix_site.postgres.cluster import embedded_postgres
    from tunix_site.postgres.telling import PostgresError
    from tunix_site.serving.processes import die_with_parent, exit_on
    from tunix_site.serving.server_process import ServerNotStarted

    if "MAKELEVEL" in os.environ:
        die_with_parent()
    exit_on(signal.SIGTERM, signal.SIGHUP)
    embedded = settings.EMBEDDED_POSTGRES
    try:
        with embedded_postgres(settings.VAR_DIR) if embedded else contextlib.nullcontext():
            directory = settings.VAR_DIR / "bench"
            if options.migration:
                missed = run_migration(directory, options.migration)
            else:
                missed = (run_large if options.large else run)(directory)
    except (BenchmarkFailed, PostgresError, ServerNotStarted, TunixError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    if missed:
        sys.exit(f"\nRequired and not met: {'; '.join(missed)}.")


if __name__ == "__main__":
    main()
