"""How many jobs wait and run, asked of the database when Prometheus asks."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from jobs.models import Job, State


class JobsCollector(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        counts = GaugeMetricFamily("tunix_jobs", "Jobs that wait or run.", labels=["kind", "state"])
        waits = GaugeMetricFamily(
            "tunix_job_wait_seconds", "How long the oldest queued job waits.", labels=["kind"]
        )
        rows = Job.objects.unfinished().order_by().values("kind", "state")
        for row in rows.annotate(count=Count("*"), oldest=Min("created_at")):
            counts.add_metric([row["kind"], row["state"]], row["count"])
            if row["state"] == State.QUEUED:
                waited = (timezone.now() - row["oldest"]).total_seconds()
                waits.add_metric([row["kind"]], max(waited, 0.0))
        yield counts
        yield waits
