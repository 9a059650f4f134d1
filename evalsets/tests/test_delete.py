"""DELETE of evaluation sets."""

import pytest
from rest_framework.exceptions import NotFound

from evalsets.models import EvalItem, EvalSet
from evalsets.services import delete
from evalsets.tests.factories import EvalSetFactory, items
from events.models import Event
from events.tests.acting import acting
from traces.tests.concurrency import elsewhere, just_before

pytestmark = pytest.mark.django_db


def test_a_deleted_set_keeps_its_key_alone(curator, reader):
    evalset = EvalSetFactory(name="sums")
    assert curator.delete("/api/evalsets/sums-1").status_code == 204
    assert not EvalItem.objects.exists()
    for path in ("/api/evalsets/sums-1", "/api/evalsets/sums-1/items.jsonl"):
        assert reader.get(path).status_code == 404
    assert reader.get("/api/evalsets").json()["results"] == []
    assert curator.delete("/api/evalsets/sums-1").status_code == 404
    body = {
        "name": "sums",
        "version": "1",
        "items": [{"id": "1", "prompt": "?", "expected_answer": ""}],
    }
    refused = curator.post("/api/evalsets", body, format="json")
    assert refused.status_code == 409
    assert "its key stays taken" in refused.json()["detail"]
    event = Event.objects.get(object_type="evalset", action="delete")
    assert (event.object_id, event.count, event.before) == ("sums-1", 3, {"digest": evalset.digest})


def test_one_that_is_named_stays(curator, monkeypatch):
    monkeypatch.setattr(delete, "_namers", [])
    named = {"sums-1": ["mix-2", "mix-1"]}
    delete.register_namer(namer=lambda evalset: named.get(evalset.key, []))
    EvalSetFactory(name="sums")
    EvalSetFactory(name="other")
    refused = curator.delete("/api/evalsets/sums-1")
    assert refused.status_code == 409
    assert refused.json() == {"detail": "sums-1 is named by: mix-1, mix-2."}
    assert EvalItem.objects.filter(evalset__key="sums-1").count() == len(items())
    assert curator.delete("/api/evalsets/other-1").status_code == 204
    named.clear()
    assert curator.delete("/api/evalsets/sums-1").status_code == 204


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_deleting_needs_a_curator(client_as, role):
    evalset = EvalSetFactory()
    assert client_as(role).delete(f"/api/evalsets/{evalset.key}").status_code == 403
    assert EvalSet.objects.existing().exists()


@pytest.mark.django_db(transaction=True)
def test_one_that_somebody_deletes_meanwhile_is_not_found():
    evalset = EvalSetFactory()

    def delete_it():
        delete.delete_evalset(evalset=evalset, by=acting())

    with just_before("FOR NO KEY UPDATE", lambda: elsewhere(delete_it)), pytest.raises(NotFound):
        delete_it()
    assert Event.objects.filter(action="delete", object_type="evalset").count() == 1
