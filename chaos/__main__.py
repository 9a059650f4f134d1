"""`python -m chaos`: kill what can be killed under load, and check that nothing was lost."""

import argparse
import os
import random
import signal
import sys

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tunix_site.settings")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=150, help="how long to send and kill")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()

    from chaos.campaign import run
    from tunix_site.postgres.telling import PostgresError
    from tunix_site.serving.processes import die_with_parent, exit_on
    from tunix_site.serving.server_process import ServerNotStarted

    if "MAKELEVEL" in os.environ:
        die_with_parent()
    exit_on(signal.SIGTERM, signal.SIGHUP)
    print(f"seed {options.seed}", file=sys.stderr)
    try:
        report = run(settings.VAR_DIR / "chaos", seconds=options.seconds, seed=options.seed)
    except (PostgresError, ServerNotStarted) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    print(*report.lines(), sep="\n")
    if report.findings:
        sys.exit(f"Not as it must be; again: make chaos CHAOS_SEED={options.seed}")


if __name__ == "__main__":
    main()
