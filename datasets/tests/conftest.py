"""What the tests of datasets share beside factories."""

from collections.abc import Callable
from typing import Any

import pytest

from traces.tests.factories import TraceFactory


@pytest.fixture(autouse=True)
def the_same_prompts() -> None:
    """Have a test's prompts, by which traces are split, be the same whatever ran before."""
    TraceFactory.reset_sequence(0)


@pytest.fixture
def review(curator: Any) -> Callable[..., int]:
    """Give a function that reviews a trace as a curator and gives the review's id."""

    def post(trace: Any, verdict: str, **fields: Any) -> int:
        url = f"/api/traces/{trace.id}/reviews"
        response = curator.post(url, {"verdict": verdict, **fields}, format="json")
        assert response.status_code == 201, response.json()
        number: int = response.json()["id"]
        return number

    return post
