"""Searchable traces, and the reading of what a search finds."""

from traces.indexes import Pending
from traces.services import indexing
from traces.tests.bodies import step
from traces.tests.factories import TraceFactory


def index_all() -> None:
    """Index whatever is pending."""
    while indexing.index_some(kind=Pending.Kind.SEARCH):
        pass


def searchable(version: str, prompt: str = "Say so.", *, step_text: str = "So.", **fields):
    """Store a trace that is told apart by its version, to be searched once all are indexed."""
    fields = {"final_answer": "", "steps": [step(content=step_text)], **fields}
    return TraceFactory(trace_version=version, prompt=prompt, **fields)
