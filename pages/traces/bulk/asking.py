"""What is asked for of many traces: which ones, and what is to become of them, also in words."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

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
class Asking(ABC):
    """A request as the API takes it: filters, and what becomes of the traces that match."""

    where: Any
    given: Any

    name: ClassVar[str]
    template: ClassVar[str]

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

    @abstractmethod
    def checked(self, **more: Any) -> BaseSerializer[Any]:
        """Validate it as the API does; ValidationError where that refuses it."""

    def traces(self) -> TraceQuerySet:
        """Give the traces that it is for."""
        return matching(self.checked(expected_count=0).validated_data["where"])

    @abstractmethod
    def start(self, count: Any, *, by: Actor) -> Job:
        """Start it for so many traces; refused where they are not as many any more."""


class Change(Asking):
    """Another status, other tags."""

    name = "change"
    template = "pages/traces/bulk/confirm.html"

    @property
    def words(self) -> str:
        return in_words(self.given)

    def checked(self, **more: Any) -> BulkSerializer:
        return _valid(BulkSerializer(data={"where": self.where, "set": self.given, **more}))

    def start(self, count: Any, *, by: Actor) -> Job:
        checked = self.checked(expected_count=count)
        return start_bulk_change(
            change=checked.to_change(),
            expected_count=checked.validated_data["expected_count"],
            parameters=dict(checked.initial_data),
            by=by,
        )


class Scoring(Asking):
    """Scores on one criterion, for those that lack one unless it is said otherwise."""

    name = "score"
    template = "pages/traces/bulk/score.html"

    @property
    def words(self) -> str:
        return f"scored on {self.given.get('criteria', '')}"

    def checked(self, **more: Any) -> ScoreAllSerializer:
        given = self.given if isinstance(self.given, dict) else {"": self.given}
        return _valid(ScoreAllSerializer(data={**given, "where": self.where, **more}))

    def traces(self) -> TraceQuerySet:
        return self.checked().to_scoring(newest=newest_trace()).to_score()

    def start(self, count: Any, *, by: Actor) -> Job:
        checked = self.checked(expected_count=count)
        return start_scoring(
            scoring=checked.to_scoring(newest=newest_trace()),
            expected_count=checked.validated_data["expected_count"],
            parameters=dict(checked.initial_data),
            by=by,
        )


class Deletion(Asking):
    """That they go, for good."""

    name = "delete"
    template = "pages/traces/bulk/delete.html"

    @property
    def words(self) -> str:
        return "deleted"

    def checked(self, **more: Any) -> BulkDeletionSerializer:
        return _valid(BulkDeletionSerializer(data={"where": self.where, **more}))

    def start(self, count: Any, *, by: Actor) -> Job:
        checked = self.checked(expected_count=count)
        parameters = dict(checked.initial_data)
        return start_bulk_deletion(deletion=checked.to_deletion(), parameters=parameters, by=by)


KINDS: dict[str, type[Asking]] = {kind.name: kind for kind in (Change, Scoring, Deletion)}


def in_words(change: dict[str, Any]) -> str:
    """Say what becomes of them, such as "rejected, tagged seen"."""
    said = [change["status"]] if change.get("status") else []
    for name, words in (("add_tags", "tagged"), ("remove_tags", "no longer tagged")):
        if change.get(name):
            said.append(f"{words} {', '.join(change[name])}")
    return ", ".join(said)


def _valid(serializer: S) -> S:
    serializer.is_valid(raise_exception=True)
    return serializer
