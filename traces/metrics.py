"""How many traces the indexes behind ingest lack, asked of the database when Prometheus asks."""

from collections.abc import Iterator

from django.db.models import Min, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from traces.indexes import Pending


class PendingCollector(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        counts = GaugeMetricFamily(
            "tunix_pending_traces", "Traces that an index behind ingest lacks.", labels=["kind"]
        )
        waits = GaugeMetricFamily(
            "tunix_pending_seconds", "How long the oldest of them waits.", labels=["kind"]
        )
        rows = Pending.objects.values("kind").annotate(
            count=Sum("trace_count"), oldest=Min("created_at")
        )
        found = {row["kind"]: row for row in rows}
        for kind in Pending.Kind.values:
            row = found.get(kind)
            waited = (timezone.now() - row["oldest"]).total_seconds() if row else 0.0
            counts.add_metric([kind], row["count"] if row else 0)
            waits.add_metric([kind], max(waited, 0.0))
        yield counts
        yield waits
