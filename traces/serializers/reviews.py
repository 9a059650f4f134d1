"""Reviews as they are written and shown."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events.actors import Actor
from traces import document
from traces.curation.queues import MAX_REASON_CHARS, MAX_REASONS
from traces.intake.document_serializer import StepsField
from traces.models import Review, Status
from traces.services.curation import Correction
from traces.services.queues.claims import own_claim
from traces.services.reviews import Verdict
from tunix_site.api.fields import (
    ChoiceTextField,
    IntegerField,
    ListField,
    ObjectField,
    StrictSerializer,
    TextField,
)

MAX_NOTE_CHARS = 10_000
LABELS = (-1, 0, 1)
CORRECTED = ("prompt", "final_answer", "steps", "note", "reasons")
MAX_LABEL_ERRORS = 20


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": document.MAX_STEPS,
        "propertyNames": {"pattern": "^(0|[1-9][0-9]{0,9})$"},
        "additionalProperties": {"enum": LABELS},
    }
)
class StepLabelsField(ObjectField):
    """Labels by the text of the step's `i`: 1 is right, -1 wrong, 0 neither."""

    def to_internal_value(self, data: Any) -> dict[str, int]:
        labels = super().to_internal_value(data)
        errors = [
            f"{name}: Not -1, 0 or 1."
            for name, label in labels.items()
            if isinstance(label, bool) or not isinstance(label, int) or label not in LABELS
        ]
        if errors:
            raise serializers.ValidationError(errors[:MAX_LABEL_ERRORS])
        return labels


class SaidSerializer(StrictSerializer):
    """What goes with any verdict: why, and what it takes for granted."""

    note = TextField(max_length=MAX_NOTE_CHARS, allow_blank=True, required=False, default="")
    reasons = ListField(
        child=TextField(max_length=MAX_REASON_CHARS),
        max_length=MAX_REASONS,
        required=False,
        default=list,
    )
    expected_status = ChoiceTextField(
        choices=Status.choices,
        required=False,
        help_text="The status that was seen; refused (409) where it is another by now.",
    )
    expected_review = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        allow_null=True,
        help_text="Your own last review of it that you know of, null for none; refused (409) where "
        "it is another by now.",
    )
    claim = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text="Yours of the trace: its queue is the review's, and it ends. Refused (409) where "
        "it expired and others hold the trace.",
    )

    def to_expected(self, by: Actor) -> dict[str, Any]:
        """Give what the reviewer takes for granted, by the names of review_trace."""
        values = self.validated_data
        names = ("expected_status", "expected_review")
        expected = {name: values[name] for name in names if name in values}
        if "claim" in values:
            expected["claim"] = own_claim(identity=values["claim"], by=by)
        return expected


class NewReviewSerializer(SaidSerializer):
    """A person's verdict on a trace."""

    verdict = ChoiceTextField(choices=Status.choices)
    step_labels = StepLabelsField(required=False)

    def to_verdict(self) -> Verdict:
        values = self.validated_data
        return Verdict(
            status=values["verdict"],
            note=values["note"],
            reasons=values["reasons"],
            step_labels=values.get("step_labels"),
        )


class CorrectionSerializer(SaidSerializer):
    """What shall be otherwise in a trace, and why; what is left out stays as it is."""

    prompt = TextField(max_length=document.MAX_PROMPT_CHARS, required=False)
    final_answer = TextField(max_length=document.MAX_ANSWER_CHARS, allow_blank=True, required=False)
    steps = StepsField(required=False)

    def to_arguments(self, by: Actor) -> dict[str, Any]:
        """Give what `correct_trace` takes beside the trace."""
        values = self.validated_data
        given = {name: values[name] for name in CORRECTED if name in values}
        return {"correction": Correction(**given), **self.to_expected(by)}


class ReviewSerializer(serializers.ModelSerializer[Review]):
    trace = serializers.UUIDField(source="trace_id")
    reviewer = serializers.CharField(source="reviewer.username")
    reasons = serializers.ListField(child=serializers.CharField())
    step_labels = serializers.DictField(child=serializers.IntegerField(), allow_null=True)
    queue = serializers.IntegerField(source="queue_id", allow_null=True)
    undoes = serializers.IntegerField(source="undoes_id", allow_null=True)

    class Meta:
        model = Review
        fields = [
            "id",
            "trace",
            "reviewer",
            "verdict",
            "status_before",
            "note",
            "reasons",
            "step_labels",
            "created_at",
            "queue",
            "guideline",
            "undoes",
        ]
        read_only_fields = fields
