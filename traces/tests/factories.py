from typing import Any

import factory
from django.utils import timezone

from traces.document import TraceDocument
from traces.models import Score, Status, Trace


def _steps(n: int) -> list[dict[str, Any]]:
    return [
        {"i": 0, "type": "reasoning", "content": f"Adding {n} to itself doubles it."},
        {"i": 1, "type": "reasoning", "content": f"Twice {n} is {2 * n}."},
    ]


class BodyFactory(factory.DictFactory):
    """A body that POST /api/traces takes: the fields it needs, and those that are given."""

    trace_version = "1.0"
    prompt = factory.Sequence(lambda n: f"What is {n} plus {n}?")
    final_answer = factory.Sequence(lambda n: str(2 * n))
    steps = factory.Sequence(_steps)


class TraceFactory(factory.django.DjangoModelFactory):
    """Stores a trace made of a document's fields; what stands beside these may be given, too."""

    class Meta:
        model = Trace

    trace_version = "1.0"
    prompt = factory.Sequence(lambda n: f"What is {n} plus {n}?")
    final_answer = factory.Sequence(lambda n: str(2 * n))
    steps = factory.Sequence(_steps)
    meta = factory.LazyFunction(lambda: {"source": "made_up"})

    @classmethod
    def _build(cls, model_class: type[Trace], *args: Any, **fields: Any) -> Trace:
        status = fields.pop("status", Status.UNREVIEWED)
        created_at = fields.pop("created_at", None) or timezone.now()
        original = fields.pop("original", None)
        trace = model_class.from_document(TraceDocument(**fields), created_at=created_at)
        trace.status = status
        trace.original = original
        return trace

    @classmethod
    def _create(cls, model_class: type[Trace], *args: Any, **fields: Any) -> Trace:
        trace = cls._build(model_class, *args, **fields)
        trace.save(force_insert=True)
        return trace


class ApprovedTraceFactory(TraceFactory):
    status = Status.APPROVED


class ScoreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Score

    trace = factory.SubFactory(TraceFactory)
    criteria = "baseline"
    scorer_version = "1"
    value = 50.0
