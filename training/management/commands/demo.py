import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from events import actors
from training.demo import Demo, DemoFailed
from training.programs import ProgramFailed
from tunix_rt import Client, TunixError
from tunix_site.access.accounts import give_role, make_user
from tunix_site.access.keys import issue_key, revoke_key
from tunix_site.database.migrating import migrate
from tunix_site.models import Role
from tunix_site.serving.server_process import (
    ServerNotStarted,
    environment_of_a_server,
    running_server,
)

KEY_LIFE = timedelta(hours=2)


class Command(BaseCommand):
    help = "Go once around the loop: ingest, score, build, export, train, evaluate, report."

    def handle(self, *args: Any, **options: Any) -> None:
        migrate()
        started = time.perf_counter()
        directory = settings.VAR_DIR / "demo"
        try:
            report = self._run(directory)
        except (DemoFailed, ProgramFailed, ServerNotStarted, TunixError) as error:
            raise CommandError(f"The loop did not close. {error}") from None
        self.stdout.write(
            f"\nThe loop closed in {time.perf_counter() - started:.0f} s: "
            f"{report['before']['accuracy']:.1%} right before, "
            f"{report['after']['accuracy']:.1%} after, "
            f"{report['control']['accuracy']:.1%} without the steps, on "
            f"{report['problems']} held-out problems.\n"
            f"The report is {directory / 'report.md'}; `make run` serves the traces."
        )

    def _run(self, directory: Any) -> dict[str, Any]:
        by = actors.command()
        user = get_user_model().objects.filter(username="demo").first()
        if user is None:
            user = make_user(username="demo", role=Role.CURATOR, by=by)
        give_role(user=user, role=Role.CURATOR, by=by)
        ends = timezone.now() + KEY_LIFE
        key, text = issue_key(user=user, name="demo", role=Role.CURATOR, expires_at=ends, by=by)
        log_path = settings.VAR_DIR / "demo-server.log"
        try:
            with (
                running_server(
                    environment=environment_of_a_server(directory), log_path=log_path
                ) as server,
                Client(server.url, text, trust_env=False) as client,
            ):
                return Demo(directory, client, self.stdout.write).run()
        finally:
            revoke_key(key=key, by=by)
