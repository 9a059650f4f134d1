"""What is asked for of many traces: which ones, and what is to become of them, also in words."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

from rest_framework.serializers import BaseSerializer

from events.actors import Actor
from jobs.models import Job
from traces.finding.filters import matching
from traces.querysets import TraceQuerySet
from traces.serializers.curation import BulkSerializer
from traces.serializers.deletion import BulkDeletionSerializer
from traces.serializers.scores import ScoreAllSerializer
from traces.services.bulk.changing import start_bulk_change
from traces.services.bulk.deleting import start_bulk_deletion
from traces.services.scoring.score_all import start_scoring
from traces.services.walking import newest_trace

S = TypeVar("S", bound=BaseSerializer[Any])


@dataclass(frozen=True)
class Asking(ABC, Generic[S]):
    """A request as the API takes it: filters, and what becomes of the traces that match."""

    where: Any
    given: Any

    name: ClassVar[str]
    template: ClassVar[str]
    serializer: ClassVar[type[BaseSerializer[Any]]]

    @property
    def where_json(self) -> str:
        return json.dumps(self.where, ensure_ascii=False)

    @property
    def given_json(self) -> str:
        return json.dumps(self.given, ensure_ascii=False)

    @property
    @abstractmethod
    def words(self) -> str:
        """Say what becomes of them."""

    @property
    @abstractmethod
    def body(self) -> dict[str, Any]:
        """Give what the API is sent beside the filters."""

    def checked(self, **more: Any) -> S:
        """Validate it as the API does; ValidationError where that refuses it."""
        body = {**self.body, "where": self.where, **more}
        serializer = cast(S, self.serializer(data=body))
        serializer.is_valid(raise_exception=True)
        return serializer

    def traces(self) -> TraceQuerySet:
        """Give the traces that it is for."""
        return matching(self.checked(expected_count=0).validated_data["where"])

    def start(self, count: Any, *, by: Actor) -> Job:
        """Start it for so many traces; refused where they are not as many any more."""
        checked = self.checked(expected_count=count)
        return self.started(checked, parameters=dict(checked.initial_data), by=by)

    @abstractmethod
    def started(self, checked: S, *, parameters: dict[str, Any], by: Actor) -> Job:
        """Start the job of a request that is valid, and is kept as its parameters."""


class Change(Asking[BulkSerializer]):
    """Another status, other tags."""

    name = "change"
    template = "pages/traces/bulk/confirm.html"
    serializer = BulkSerializer

    @property
    def words(self) -> str:
        return in_words(self.given)

    @property
    def body(self) -> dict[str, Any]:
        return {"set": self.given}

    def started(self, checked: BulkSerializer, **told: Any) -> Job:
        count = checked.validated_data["expected_count"]
        return start_bulk_change(change=checked.to_change(), expected_count=count, **told)


class Scoring(Asking[ScoreAllSerializer]):
    """Scores on one criterion, for those that lack one unless it is said otherwise."""

    name = "score"
    template = "pages/traces/bulk/score.html"
    serializer = ScoreAllSerializer

    @property
    def words(self) -> str:
        return f"scored on {self.given.get('criteria', '')}"

    @property
    def body(self) -> dict[str, Any]:
        return self.given if isinstance(self.given, dict) else {"": self.given}

    def traces(self) -> TraceQuerySet:
        return self.checked().to_scoring(newest=newest_trace()).to_score()

    def started(self, checked: ScoreAllSerializer, **told: Any) -> Job:
        scoring = checked.to_scoring(newest=newest_trace())
        count = checked.validated_data["expected_count"]
        return start_scoring(scoring=scoring, expected_count=count, **told)


class Deletion(Asking[BulkDeletionSerializer]):
    """That they go, for good."""

    name = "delete"
    template = "pages/traces/bulk/delete.html"
    serializer = BulkDeletionSerializer

    @property
    def words(self) -> str:
        return "deleted"

    @property
    def body(self) -> dict[str, Any]:
        return {}

    def started(self, checked: BulkDeletionSerializer, **told: Any) -> Job:
        return start_bulk_deletion(deletion=checked.to_deletion(), **told)


KINDS: dict[str, type[Asking[Any]]] = {kind.name: kind for kind in (Change, Scoring, Deletion)}


def in_words(change: dict[str, Any]) -> str:
    """Say what becomes of them, such as "rejected, tagged seen"."""
    said = [change["status"]] if change.get("status") else []
    for name, words in (("add_tags", "tagged"), ("remove_tags", "no longer tagged")):
        if change.get(name):
            said.append(f"{words} {', '.join(change[name])}")
    return ", ".join(said)
