"""DELETE of datasets, and of the traces that they hold."""

import pytest

from datasets.models import DatasetItem
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def test_deleting_frees_the_traces(curator):
    trace = TraceFactory()
    DatasetFactory(name="one")
    DatasetFactory(name="two")
    refused = curator.delete(f"/api/traces/{trace.id}")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("The trace is held by: one-1, two-1. Delete ")
    for key in ("one-1", "two-1"):
        assert curator.delete(f"/api/datasets/{key}").status_code == 204
    assert not DatasetItem.objects.exists()
    assert curator.delete(f"/api/traces/{trace.id}").status_code == 204


def test_naming_the_holders_of_a_trace_takes_no_query_each(curator, django_assert_num_queries):
    trace = TraceFactory()
    for _ in range(2):
        DatasetFactory()
    with django_assert_num_queries(11):  # one of them notes the key's use
        curator.delete(f"/api/traces/{trace.id}")
    for _ in range(8):
        DatasetFactory()
    with django_assert_num_queries(10):
        curator.delete(f"/api/traces/{trace.id}")


def test_a_parent_stays_while_it_has_children(curator):
    TraceFactory()
    DatasetFactory(name="parent")
    DatasetFactory(name="child", parent_key="parent-1")
    refused = curator.delete("/api/datasets/parent-1")
    assert refused.status_code == 409
    assert refused.json() == {"detail": "parent-1 is the parent of: child-1."}
    assert curator.delete("/api/datasets/child-1").status_code == 204
    assert curator.delete("/api/datasets/parent-1").status_code == 204


def test_deleting_needs_a_curator(client_as, reader):
    TraceFactory()
    DatasetFactory(name="set")
    for role in ("reader", "writer"):
        assert client_as(role).delete("/api/datasets/set-1").status_code == 403
    assert reader.get("/api/datasets/set-1").status_code == 200
