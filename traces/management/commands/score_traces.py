from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from events import actors
from traces.scorers.named import every_criteria
from traces.serializers.scores import ScoreAllSerializer
from traces.services.scoring.request import Scoring
from traces.services.scoring.score_all import score_all
from traces.services.walking import newest_trace
from tunix_site import strict_json
from tunix_site.errors import text_of
from tunix_site.progress_bar import progress_bar

INTERRUPTED = 130  # what a shell says of a program that SIGINT ended


class Command(BaseCommand):
    help = "Score the traces that match a filter, those that lack such a score alone."

    def add_arguments(self, parser: CommandParser) -> None:
        known = every_criteria()
        parser.add_argument("criteria", choices=known, metavar="CRITERIA", help=", ".join(known))
        parser.add_argument(
            "--where",
            type=_json,
            default={},
            metavar="JSON",
            help="""the list's filters: '{"source": "mine", "meta.level": 5}' (every trace)""",
        )
        parser.add_argument(
            "--again", action="store_true", help="score those anew that have a score as well"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        scoring = _scoring(options)
        scored = undecided = 0
        total = scoring.to_score().count()
        with progress_bar(total=total, unit=" traces", desc="scoring") as bar:
            try:
                for batch in score_all(scoring=scoring, by=actors.command(), check=lambda: None):
                    scored += batch.scored_count
                    undecided += batch.undecided_count
                    bar.update(batch.trace_count)
            except KeyboardInterrupt:
                raise CommandError(
                    f"Interrupted. {scored:,} scores are stored; the same command goes on.",
                    returncode=INTERRUPTED,
                ) from None
        traces = "trace" if scored == 1 else "traces"
        self.stdout.write(f"Scored {scored:,} {traces}, {undecided:,} of them undecided.")


def _scoring(options: dict[str, Any]) -> Scoring:
    serializer = ScoreAllSerializer(
        data={
            "where": options["where"],
            "criteria": options["criteria"],
            "missing_only": not options["again"],
        }
    )
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        raise CommandError(text_of(error.detail)) from None
    return serializer.to_scoring(newest=newest_trace())


def _json(text: str) -> Any:
    try:
        return strict_json.loads(text.encode())
    except (strict_json.InvalidJSON, UnicodeEncodeError) as error:
        raise ArgumentTypeError(f"no JSON: {error}") from None
