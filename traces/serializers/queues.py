"""Queues and claims as they are asked for and shown."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from traces.curation.members import Claim
from traces.curation.queues import (
    MAX_GUIDELINE_CHARS,
    MAX_PEOPLE,
    MAX_QUEUE_NAME_CHARS,
    MAX_REASON_CHARS,
    MAX_REASONS,
    Order,
    Queue,
)
from traces.finding.curation.agreement import agreement_in
from traces.finding.filters import TraceFilters
from traces.serializers.traces import TraceDetailSerializer
from traces.services.queues.queues import NewQueue
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    IntegerField,
    ListField,
    NumberField,
    QuerySerializer,
    StrictSerializer,
    TextField,
)

FROZEN = ("where", "order", "criteria", "seed", "overlap")


def _reasons(**options: Any) -> ListField:
    """As many as digits, each once."""
    child = TextField(max_length=MAX_REASON_CHARS)
    return ListField(child=child, max_length=MAX_REASONS, unique=True, **options)


def _people(**options: Any) -> ListField:
    return ListField(
        child=TextField(max_length=150),
        max_length=MAX_PEOPLE,
        required=False,
        help_text="Names of users; none for every curator.",
        **options,
    )


class NewQueueSerializer(StrictSerializer):
    """A queue of the traces that match a filter."""

    name = TextField(max_length=MAX_QUEUE_NAME_CHARS)
    where = TraceFilters(help_text="The list's filters; {} is every trace.")
    order = ChoiceTextField(choices=Order.choices)
    criteria = TextField(
        max_length=64,
        allow_blank=True,
        required=False,
        default="",
        help_text="Needed by the order `score`.",
    )
    seed = IntegerField(min_value=-(2**63), max_value=2**63 - 1, required=False, default=0)
    overlap = NumberField(min_value=0, max_value=1, required=False, default=0)
    blind = BooleanField(required=False, default=False)
    reasons = _reasons(required=False, default=list)
    step_labels = BooleanField(required=False, default=False)
    guideline = TextField(
        max_length=MAX_GUIDELINE_CHARS, allow_blank=True, required=False, default=""
    )
    people = _people(default=list)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["order"] == Order.SCORE) != bool(attrs["criteria"]):
            raise serializers.ValidationError(
                {"criteria": ["Needed by the order `score`, and by no other."]}
            )
        return attrs

    def to_new(self) -> NewQueue:
        return NewQueue(**{**self.validated_data, "where": self.initial_data["where"]})


class QueueChangeSerializer(StrictSerializer):
    """What of a queue may change."""

    name = TextField(max_length=MAX_QUEUE_NAME_CHARS, required=False)
    blind = BooleanField(required=False)
    reasons = _reasons(required=False)
    step_labels = BooleanField(required=False)
    guideline = TextField(max_length=MAX_GUIDELINE_CHARS, allow_blank=True, required=False)
    people = _people()

    def refusal_of(self, key: str) -> str:
        if key in FROZEN:
            return "The traces of a queue and their order stay: make another queue."
        return super().refusal_of(key)


class QueueRowSerializer(serializers.ModelSerializer[Queue]):
    where = serializers.DictField()
    reasons = serializers.ListField(child=serializers.CharField())
    people = serializers.SerializerMethodField(help_text="Names of users; none: every curator.")
    left = serializers.IntegerField(
        source="left_count", help_text="Traces that still want a verdict."
    )
    reviewed = serializers.SerializerMethodField(help_text="Traces that have their verdicts.")
    job = serializers.UUIDField(
        source="running", allow_null=True, help_text="That fills it right now; null: none does."
    )
    created_by = serializers.SerializerMethodField(help_text="The name of who made it.")

    class Meta:
        model = Queue
        fields = [
            "id",
            "name",
            "where",
            "order",
            "criteria",
            "seed",
            "overlap",
            "blind",
            "reasons",
            "step_labels",
            "people",
            "left",
            "reviewed",
            "job",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields

    def get_people(self, queue: Queue) -> list[str]:
        return sorted(user.get_username() for user in queue.people.all())

    def get_reviewed(self, queue: Queue) -> int:
        return queue.member_count - queue.left_count

    def get_created_by(self, queue: Queue) -> str | None:
        return queue.created_by.get_username() if queue.created_by else None


class AgreementSerializer(serializers.Serializer):  # type: ignore[type-arg]
    reviewers = serializers.ListField(child=serializers.CharField(), help_text="Two names.")
    trace_count = serializers.IntegerField(help_text="That both reviewed in this queue.")
    share = serializers.FloatField(help_text="Of the traces to which both gave one verdict.")
    kappa = serializers.FloatField(
        allow_null=True, help_text="Cohen's; null where both always say one and the same."
    )


class QueueSerializer(QueueRowSerializer):
    guideline = serializers.CharField(
        source="guideline_text", allow_blank=True, help_text="The newest version."
    )
    guideline_version = serializers.IntegerField(help_text="0 where there is none.")
    agreement = serializers.SerializerMethodField(
        help_text="Of each pair of people who reviewed the same traces here."
    )

    class Meta(QueueRowSerializer.Meta):
        fields = [
            *QueueRowSerializer.Meta.fields,
            "guideline",
            "guideline_version",
            "agreement",
        ]
        read_only_fields = fields

    @extend_schema_field(AgreementSerializer(many=True))
    def get_agreement(self, queue: Queue) -> Any:
        return AgreementSerializer(agreement_in(queue), many=True).data


class NextSerializer(StrictSerializer):
    """What one works on already, if anything."""

    after = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text="The id of the claim that one works on: it stays, and the answer is a second.",
    )


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    class Meta:
        model = Claim
        fields = ["id", "expires_at"]
        read_only_fields = fields


class ClaimedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trace = TraceDetailSerializer()
    claim = ClaimSerializer(help_text="Yours until it expires; a verdict ends it.")
    left = serializers.IntegerField(help_text="Traces that still want a verdict.")


class ReleaseQuery(QuerySerializer):
    skip = BooleanField(required=False, default=False, help_text="It comes back to you last.")
