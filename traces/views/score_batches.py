"""A batch of scores from outside: a judge's, a reward model's, a verifier's."""

from typing import Any

from rest_framework import serializers

from events.actors import Actor
from traces.serializers.scores import NewScoreSerializer
from traces.services.scores import NewScore, store_scores
from tunix_site.errors import Invalid

MAX_SCORES = 1_000
MAX_BYTES = 8 * 1024**2


def record_scores(body: Any, *, by: Actor) -> dict[str, int]:
    """Store a JSON array of scores, all or none; Invalid names the bad ones by index."""
    _check_length(body)
    scores: dict[int, NewScore] = {}
    errors: dict[int, Any] = {}
    seen: set[tuple[Any, ...]] = set()
    serializer = NewScoreSerializer()  # one for all: its fields take longer to make than to run
    for index, item in enumerate(body):
        try:
            fields = serializer.run_validation(item)
        except serializers.ValidationError as error:
            errors[index] = serializers.as_serializer_error(error)
            continue
        name = fields["trace"], fields["criteria"], fields["scorer_version"]
        if name in seen:
            errors[index] = {
                "non_field_errors": ["An earlier score is of the same trace, criteria and version."]
            }
        seen.add(name)
        scores[index] = NewScore(*name, fields["value"], fields.get("details", {}))
    return store_scores(scores=scores, refused=errors, by=by)


def _check_length(body: Any) -> None:
    if not isinstance(body, list):
        raise Invalid({"detail": "A batch is a JSON array of scores."})
    if not body:
        raise Invalid({"detail": "A batch holds at least one score."})
    if len(body) > MAX_SCORES:
        raise Invalid(
            {"detail": f"A batch of {len(body):,} scores exceeds maximum of {MAX_SCORES:,}."}
        )
