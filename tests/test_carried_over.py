"""A database of the version before, restored and migrated: it is what it was, and goes on.

`tests/before/differences.py` says what may differ.
"""

import io
import json
import logging
import uuid
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from jobs.kinds import queues
from jobs.tests.working import work_off
from tests.before import asking
from tests.before.asking import Answer
from tests.before.comparing import expect_none, exported_otherwise, parted, unlike
from tests.before.differences import SHOWN, STORED, Change
from tests.before.restoring import (
    KEPT,
    Carried,
    KeyedRows,
    before,
    carried_over,
    connected_to,
    new_database,
)
from traces.indexes import Pending
from traces.tests.test_hashes import defined_content_hash

pytestmark = pytest.mark.django_db(transaction=True)  # so that connections may come and go


@pytest.fixture(scope="module")
def carried(django_db_setup, django_db_blocker) -> Iterator[Carried]:
    with django_db_blocker.unblock(), carried_over() as database:
        yield database


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """Leave the log of a thousand requests out of what is shown where a test fails."""
    monkeypatch.setattr(logging.getLogger("tunix_site.requests"), "disabled", True)


@pytest.fixture
def migrated(carried) -> Iterator[Carried]:
    """Look at the migrated database, and leave it as it is."""
    with connected_to(carried.name):
        yield carried


@pytest.fixture
def in_use(carried) -> Iterator[None]:
    """Use a copy of the migrated database."""
    with new_database(template=carried.name) as name, connected_to(name):
        yield


class Asking:
    """A client with a key of before."""

    def __init__(self, key: str) -> None:
        self.client = APIClient()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")

    def __call__(self, path: str) -> Answer:
        answer = self.client.get(path)
        body = answer.getvalue() if answer.streaming else answer.content
        return Answer(answer.status_code, answer.headers, body)

    def json(self, path: str) -> Any:
        answer = self(path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:300]!r}"
        return json.loads(answer.body)


@pytest.fixture
def ask(migrated) -> Asking:
    return as_before("reader")


def as_before(name: str) -> Asking:
    return Asking(before()["keys"]["open"][name])


def change_of(path: str) -> Change | None:
    return SHOWN.get(urlsplit(path).path.split("/")[2])


def test_everything_is_shown_as_before(ask):
    was = before()["objects"]
    assert Counter(path.split("/")[2] for path in was) > Counter(traces=500, datasets=200, jobs=50)
    found = (
        f"{path}: {problem}"
        for path, shown in was.items()
        for problem in unlike(shown, ask.json(path), change_of(path))
    )
    expect_none(found)


def test_every_list_has_the_same_rows(ask):
    found = (
        f"{path}: {problem}"
        for path, listed in before()["lists"].items()
        for problem in unlike(*compared(path, listed, asking.rows(ask, path)), change_of(path))
    )
    expect_none(found)


def compared(path: str, *listed: list[Any]) -> tuple[Any, ...]:
    """Give what is compared of rows: of a search what was found; PostgreSQL's versions rank it."""
    if "q" in parse_qs(urlsplit(path).query):
        return tuple(sorted(row["id"] for row in rows) for rows in listed)
    return listed


def test_the_errors_of_jobs_are_those_of_before(ask):
    was = before()["errors"]
    assert sum(map(bool, was.values())) > 1
    expect_none(
        f"{path}: {parted(text, now)}"
        for path, text in was.items()
        if (now := ask(path).body.decode()) != text
    )


def test_every_export_has_the_same_bytes(ask):
    was = before()["exports"]
    assert len(was) > 300
    found = (
        f"{path}: {problem}"
        for path, export in was.items()
        for problem in exported_otherwise(path, export, asking.kept(ask(path)))
    )
    expect_none(found)


def test_digests_follow_from_the_content(ask):
    hashes = {}
    for row in asking.rows(ask, "/api/traces?limit=100"):
        shown = ask.json(f"/api/traces/{row['id']}")
        hashes[row["id"]] = defined_content_hash(shown["payload"])
        assert uuid.UUID(shown["content_hash"]) == hashes[row["id"]]
    rows = before()["lists"]["/api/datasets?limit=100"]
    assert len(rows) > 30
    for row in rows:
        path = f"/api/datasets/{row['dataset_key']}"
        lines = ask(f"{path}/export.jsonl?format=record").body.decode().split("\n")[:-1]
        records = [json.loads(line) for line in lines]
        pairs = [f"{hashes[record['id']]}\t{record['split']}\n" for record in records]
        assert [record["id"] for record in records] == ask.json(f"{path}/manifest")["trace_ids"]
        assert sha256("".join(pairs).encode()).hexdigest() == row["content_digest"], path


def test_every_row_is_kept(carried):
    found = (
        f"{table} {problem}"
        for table in KEPT
        for problem in kept_otherwise(carried.restored[table], carried.migrated[table], table)
    )
    expect_none(found)


def kept_otherwise(was: KeyedRows, now: KeyedRows, table: str) -> Iterator[str]:
    if not was:
        yield "has no rows that could be kept"
    for key in now.keys() - was.keys():
        yield f"{key} has come"
    for key, row in was.items():
        yield from (f"{key}: {problem}" for problem in unlike(row, now.get(key), STORED.get(table)))


def test_reviews_of_before_are_shown(migrated, ask):
    told = ("id", "verdict", "note", "step_labels")
    reviews = migrated.restored["traces_review"].values()
    assert any(review["step_labels"] for review in reviews)
    for trace in {review["trace_id"] for review in reviews}:
        made = [
            [review[name] for name in told] for review in reviews if review["trace_id"] == trace
        ]
        rows = asking.rows(ask, f"/api/traces/{trace}/reviews")
        assert [[row[name] for name in told] for row in rows] == sorted(made, reverse=True)


def test_keys_and_passwords_open_what_they_did(migrated):
    may_write = {"reader": 403, "writer": 400, "curator": 400, "trainer": 400}
    may_write |= {"less than its user": 403, "for long": 400}
    for name in before()["keys"]["open"]:
        client = as_before(name).client
        assert client.get("/api/traces?limit=1").status_code == 200
        assert client.post("/api/traces", {}, format="json").status_code == may_write.pop(name)
    assert not may_write
    assert Asking(before()["keys"]["shut"])("/api/traces").status == 401
    username, password = before()["keys"]["password"]
    assert APIClient().login(username=username, password=password)


def test_the_pages_of_the_admin_open(migrated):
    username, password = before()["keys"]["password"]
    browser = APIClient()
    assert browser.login(username=username, password=password)
    for model in admin.site._registry:
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert browser.get(place).status_code == 200, place
        first = model._default_manager.order_by("pk").first()
        if first is not None:
            assert browser.get(f"{place}{first.pk}/change/").status_code == 200, place


def test_what_is_sent_again_is_there(in_use):
    sent, curator = before()["sent"], as_before("curator").client
    for request in before()["builds"]:
        answer = curator.post("/api/datasets/build", request, format="json")
        assert answer.status_code == 200, (request, answer.content)
        other = {**request, "limit": 99, "session_id": "another"}
        assert curator.post("/api/datasets/build", other, format="json").status_code == 409
    for one in sent["imports"]:
        lines = one["lines"].encode()
        client = as_before(one["role"]).client
        answer = client.generic("POST", one["path"], lines, "application/x-ndjson")
        assert answer.status_code == 200
        expect_none(f"{one['path']}: {problem}" for problem in unlike(one["again"], answer.json()))
    assert curator.post("/api/traces", sent["named"], format="json").status_code == 200


def test_an_answer_that_was_kept_is_given_again(in_use):
    with connection.cursor() as cursor:  # as soon after the upgrade as it would be
        cursor.execute("UPDATE tunix_site_idempotentanswer SET created_at = now()")
    once = before()["sent"]["repeated"]
    answer = as_before("writer").client.generic(
        "POST",
        "/api/traces",
        once["content"].encode(),
        "application/json",
        HTTP_IDEMPOTENCY_KEY=once["key"],
    )
    assert (answer.status_code, answer.json()) == (201, once["answer"])


def test_work_that_was_left_is_done(in_use):
    ask = as_before("reader")
    left = before()["left"]
    died = ask.json(f"/api/jobs/{left['died']}")
    assert died["state"] == "queued"  # again, once somebody looked
    for queue in queues():
        work_off(queue)
    for job in left.values():
        assert ask.json(f"/api/jobs/{job}")["state"] == "succeeded"
    assert ask.json("/api/datasets/built_later-1")["trace_count"] == 5
    for tag in ("died over", "changed later"):
        assert len(asking.rows(ask, f"/api/traces?tag={tag.replace(' ', '+')}")) == 14


def test_indexes_are_filled_to_the_end(in_use):
    kinds = [word for kind in Pending.Kind.values for word in ("--kind", kind)]
    call_command("index_traces", *kinds, "--until-empty", stdout=io.StringIO())
    assert not Pending.objects.exists()
    ask = as_before("reader")
    for row in asking.rows(ask, "/api/traces?source=cut&limit=100"):
        assert ask.json(f"/api/traces/{row['id']}/similar")["complete"]
