"""Pairs of a chosen and a rejected reply: an import makes one preference each."""

import json

import pytest

from traces.models import Preference
from traces.services.importing import batches

pytestmark = pytest.mark.django_db


def pair(number: int, **fields) -> dict:
    return {
        "prompt": f"What is {number}+1?",
        "chosen": f"It is {number + 1}.",
        "rejected": f"It is {number}.",
        **fields,
    }


def send(client, *records, **query):
    body = "\n".join(map(json.dumps, records))
    query = "&".join(f"{name}={value}" for name, value in query.items())
    return client.post(
        f"/api/traces/import?{query}", body, content_type="application/x-ndjson"
    ).json()


def kept() -> list[tuple]:
    rows = Preference.objects.order_by("id")
    return [
        (one.chosen.final_answer, one.rejected.final_answer, one.reviewer.username, one.note)
        for one in rows
    ]


def test_each_pair_becomes_a_preference_of_who_imports(curator):
    summary = send(curator, *map(pair, range(3)))
    assert (summary["format"], summary["created_count"]) == ("preference", 6)
    assert kept() == [
        (f"It is {number + 1}.", f"It is {number}.", "a curator", "imported") for number in range(3)
    ]


def test_the_same_file_again_makes_none(curator):
    send(curator, *map(pair, range(3)))
    send(curator, *map(pair, range(3)))
    assert len(kept()) == 3


def test_a_writer_s_file_makes_none_until_a_curator_imports_it(client_as, curator):
    send(client_as("writer"), pair(1))
    assert kept() == []
    send(curator, pair(1))
    assert len(kept()) == 1


def test_a_dry_run_keeps_none(curator):
    assert send(curator, pair(1), dry_run="true")["created_count"] == 2
    assert kept() == []


def test_a_pair_is_stored_in_one_piece(curator, monkeypatch):
    monkeypatch.setattr(batches, "STORED_AT_ONCE", 3)
    send(curator, *map(pair, range(10)))
    assert len(kept()) == 10


def test_two_equal_replies_are_no_preference(curator):
    send(curator, pair(1, rejected="It is 2."), pair(2))
    assert [chosen for chosen, *_ in kept()] == ["It is 3."]


def test_records_that_are_exported_and_imported_are_no_pairs(curator):
    body = {
        "trace_version": "1.0",
        "prompt": "2+2?",
        "final_answer": "4",
        "steps": [{"i": 0, "type": "reasoning", "content": "so"}],
        "meta": {"preference": "chosen"},
    }
    other = {**body, "final_answer": "5", "meta": {"preference": "rejected"}}
    assert send(curator, body, other)["created_count"] == 2
    assert kept() == []
