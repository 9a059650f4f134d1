"""A build keeps which review of each trace was the last."""

import pytest

from datasets.models import DatasetItem
from datasets.tests.factories import DatasetFactory
from traces.models import Review
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def test_a_build_keeps_the_last_review_of_each_trace(review):
    judged, twice, bare = TraceFactory.create_batch(3)
    first = review(judged, "approved")
    review(twice, "approved")
    last = review(twice, "rejected")
    DatasetFactory()
    kept = dict(DatasetItem.objects.values_list("trace_id", "review_id"))
    assert kept == {judged.id: first, twice.id: last, bare.id: None}


def test_a_trace_goes_with_its_reviews_when_no_dataset_holds_it(curator, review):
    trace = TraceFactory()
    review(trace, "approved")
    dataset = DatasetFactory()
    assert curator.delete(f"/api/traces/{trace.id}").status_code == 409
    assert curator.delete(f"/api/datasets/{dataset.key}").status_code == 204
    assert curator.delete(f"/api/traces/{trace.id}").status_code == 204
    assert not Review.objects.exists()
