"""Each queue has a worker."""

from django.core import checks

from jobs.kinds import KINDS, job_kind
from tunix_site.models import Role


def test_every_queue_has_a_worker():
    assert [found for found in checks.run_checks() if found.id == "jobs.E001"] == []


def test_a_queue_without_a_worker_is_found(monkeypatch):
    monkeypatch.setitem(KINDS, "nap", None)
    job_kind("nap", queue="beds", role=Role.WRITER)(lambda job, progress: {})
    [found] = [found for found in checks.run_checks() if found.id == "jobs.E001"]
    assert "the queue beds" in found.msg
