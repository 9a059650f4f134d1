"""Traces to select from, and what a recipe selects."""

from datasets.tests.factories import DatasetFactory


def selected(**recipe) -> list:
    dataset = DatasetFactory(**{f"recipe__{name}": value for name, value in recipe.items()})
    return [item.trace_id for item in dataset.items.order_by("position")]


def ids(traces) -> list:
    return [trace.id for trace in traces]


def step(content: str, i: int = 0) -> dict:
    return {"i": i, "type": "reasoning", "content": content}
