"""Kinds of jobs for the tests, and a short lease."""

import pytest

from jobs.kinds import KINDS, Kind
from tunix_site.models import Role


@pytest.fixture(autouse=True)
def short_lease(settings):
    settings.JOB_LEASE_SECONDS = 1


@pytest.fixture
def kinds(monkeypatch):
    """Add kinds: one of a queue whose work the test gives, and one without a queue."""
    work = {}

    def run(job, progress):
        return work["run"](job, progress)

    added = {
        "sum": Kind(name="sum", role=Role.WRITER, queue="bulk", run=run),
        "read": Kind(name="read", role=Role.WRITER),
    }
    for name, kind in added.items():
        monkeypatch.setitem(KINDS, name, kind)
    return work
