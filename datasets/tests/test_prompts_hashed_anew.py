"""Datasets whose prompts are hashed by another rule since they were built."""

import json

import pytest

from datasets.models import Dataset
from traces.tests.factories import BodyFactory
from traces.tests.test_computing_anew import SYSTEM, as_before, migrate

pytestmark = pytest.mark.django_db(transaction=True)


def asked(n) -> dict:
    return {"role": "user", "content": f"What is {n}?"}


def test_what_is_built_stays_as_it_is(curator):
    for n in range(30):
        body = BodyFactory(prompt=f"Be brief.\n\nWhat is {n}?", messages=[SYSTEM, asked(n)])
        assert curator.post("/api/traces", body, format="json").status_code == 201
    as_before()
    request = {
        "dataset_name": "before",
        "dataset_version": "1",
        "selection_strategy": "random",
        "seed": 7,
        "splits": {"train": 0.5, "test": 0.5},
    }
    key = curator.post("/api/datasets/build", request, format="json").json()["dataset_key"]
    paths = [
        f"/api/datasets/{key}",
        f"/api/datasets/{key}/manifest",
        *(
            f"/api/datasets/{key}/export.jsonl?format={name}{split}"
            for name in ("trace", "tunix_sft", "training_example", "record")
            for split in ("", "&split=train")
        ),
    ]

    def seen(path) -> tuple:
        answer = curator.get(path)
        body = answer.getvalue() if answer.streaming else answer.content
        if "export" not in path:
            body = json.loads(body)
            del body["funnel"]  # there was none, before; going back loses it
        return answer.status_code, answer.get("ETag"), body

    before = [seen(path) for path in paths]
    assert {status for status, *_ in before} == {200}
    digest = Dataset.objects.get().content_digest
    migrate()
    assert [seen(path) for path in paths] == before
    again = curator.post("/api/datasets/build", request, format="json")
    assert (again.status_code, again.json()["content_digest"]) == (200, digest)
    later = {**request, "dataset_version": "2"}
    assert curator.post("/api/datasets/build", later, format="json").status_code == 201
