"""What GET /metrics says of jobs."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.tests.factories import JobFactory, RunningJobFactory, SucceededJobFactory

pytestmark = pytest.mark.django_db


def test_jobs_that_wait_and_run_are_counted(reader):
    JobFactory(created_at=timezone.now() - timedelta(hours=1))
    JobFactory(), RunningJobFactory(), SucceededJobFactory()
    text = reader.get("/metrics").content.decode()
    assert 'tunix_jobs{kind="build",state="queued"} 2.0' in text
    assert 'tunix_jobs{kind="build",state="running"} 1.0' in text
    assert 'state="succeeded"' not in text
    waited = float(re.search(r'tunix_job_wait_seconds\{kind="build"\} (\S+)', text)[1])
    assert 3600 <= waited < 3700


def test_nothing_to_do_is_nothing_to_count(reader):
    assert "tunix_jobs{" not in reader.get("/metrics").content.decode()
