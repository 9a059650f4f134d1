"""What the tests of the contract share."""

import sys
from pathlib import Path

import pytest

from tests.routes import World
from training import programs


@pytest.fixture(autouse=True)
def _programs_can_be_run(monkeypatch):
    """Have the training environment be there: whatever would be run, is not."""
    monkeypatch.setattr(programs, "PYTHON", Path(sys.executable))


@pytest.fixture
def world(db):
    return World()
