"""POST /api/evalsets with a body of JSON Lines."""

import gzip
import http.client
import json

import pytest
from django.conf import settings

from evalsets import intake
from evalsets.models import EvalItem, EvalSet

pytestmark = pytest.mark.django_db

URL = "/api/evalsets?name=sums&version=1"


def line(number, **changes):
    item = {
        "id": f"n{number}",
        "prompt": f"What is {number}+1?",
        "expected_answer": f"{number + 1}",
    }
    return json.dumps({**item, **changes}).encode() + b"\n"


def send(client, body, url=URL, **headers):
    return client.post(url, body, content_type="application/x-ndjson", headers=headers)


def test_lines_make_the_set_that_a_body_of_json_makes(curator, reader):
    lines = [line(n, meta={"n": n}) for n in range(250)]
    answer = send(curator, b"".join(lines), f"{URL}&answer_type=number&license=MIT")
    assert answer.status_code == 201
    body = {
        "name": "other",
        "version": "1",
        "items": list(map(json.loads, lines)),
    }
    other = curator.post("/api/evalsets", body, format="json").json()
    assert answer.json() == {"key": "sums-1", "digest": other["digest"], "item_count": 250}
    positions = EvalItem.objects.filter(evalset__key="sums-1").values_list("position", "item_id")
    assert list(positions) == [(n, f"n{n}") for n in range(250)]
    shown = reader.get("/api/evalsets/sums-1").json()
    assert (shown["answer_type"], shown["license"]) == ("number", "MIT")


def test_what_is_fetched_can_be_sent_as_it_is(curator, reader):
    made = send(curator, line(1, meta={"n": 1e3}, aliases=["two"]) + line(2)).json()
    lines = reader.get("/api/evalsets/sums-1/items.jsonl").getvalue()
    again = send(curator, lines, "/api/evalsets?name=again&version=1").json()
    assert again["digest"] == made["digest"]
    assert send(curator, lines).status_code == 200


def test_blank_lines_and_other_ends_count_as_lines_alone(curator):
    answer = send(curator, b"\n" + line(1).replace(b"\n", b"\r\n") + b"  \n" + line(2).rstrip())
    assert answer.json()["item_count"] == 2


def test_it_may_be_compressed(curator):
    answer = send(curator, gzip.compress(line(1) + line(2)), **{"Content-Encoding": "gzip"})
    assert answer.json()["item_count"] == 2


def test_every_bad_line_is_named_and_nothing_stored(curator):
    bad = [
        line(1),
        b"{\n",
        line(3, prompt=""),
        line(4, answer="x", expected_answer=4),
        line(1),
        b"[1]\n",
        b'{"id": "a", "id": "b"}\n',
        b"\xff\n",
        line(9, meta={"a": {"b": "\x00"}}),
        b"{" + b" " * settings.MAX_TRACE_BYTES + b"}\n",
        line(11, aliases=["x", ""]),
    ]
    refused = send(curator, b"".join(bad))
    assert refused.status_code == 400
    told = refused.json()
    assert told["detail"] == "Nothing was stored: 11 errors."
    assert [(error["line"], error["field"]) for error in told["errors"]] == [
        (2, ""),
        (3, "prompt"),
        (4, "answer"),
        (4, "expected_answer"),
        (5, "id"),
        (6, ""),
        (7, ""),
        (8, ""),
        (9, "meta"),
        (10, ""),
        (11, "aliases.1"),
    ]
    assert told["errors"][4]["message"] == "Line 1 has this id."
    assert told["errors"][6]["message"] == "The key 'id' occurs twice."
    assert not EvalSet.objects.exists()
    assert not EvalItem.objects.exists()


def test_of_many_errors_a_hundred_are_told(curator):
    told = send(curator, b"{}\n" * 200).json()
    assert told["detail"] == "Nothing was stored: 600 errors."
    assert len(told["errors"]) == intake.MAX_ERRORS


@pytest.mark.parametrize("body", [b"", b"\n \n"])
def test_no_item_is_refused(curator, body):
    refused = send(curator, body)
    assert refused.status_code == 400
    assert refused.json() == {"detail": "There is no item in it: nothing was stored."}
    assert not EvalSet.objects.exists()


def test_more_lines_than_there_may_be_are_refused_whatever_they_hold(curator, monkeypatch):
    monkeypatch.setattr(intake, "MAX_LINES", 3)
    assert send(curator, b"".join(map(line, range(3)))).status_code == 201
    for body in (b"".join(map(line, range(4))), b"{}\n" * 4, b"\n" * 4):
        refused = send(curator, body, f"{URL}.1")
        assert refused.status_code == 400
        assert refused.json() == {"detail": "Nothing was stored: more than 3 lines."}
    assert intake.MAX_ITEMS == 100_000


def test_a_body_that_is_too_large_is_413(curator, settings):
    settings.MAX_SPOOL_BYTES = 1000
    body = b"".join(map(line, range(50)))
    for sent, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        refused = send(curator, sent, **headers)
        assert refused.status_code == 413
        assert refused.json() == {"detail": "The body exceeds maximum of 1,000 bytes."}


@pytest.mark.parametrize("name", ["name", "version"])
def test_name_and_version_are_needed(curator, name):
    url = "&".join(part for part in URL.split("&") if f"{name}=" not in part)
    refused = send(curator, line(1), url if "?" in url else "/api/evalsets?version=1")
    assert refused.json() == {name: ["Needed with lines."]}


def test_one_idempotency_key_makes_it_once(curator):
    once = {"Idempotency-Key": "once"}
    first, second = (send(curator, line(1), **once) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert second["Idempotent-Replayed"] == "true"
    assert send(curator, line(2), **once).status_code == 422


def test_lines_may_come_as_bytes_of_any_kind(curator):
    sent = curator.post(URL, line(1) + line(2), content_type="application/octet-stream")
    assert sent.status_code == 201
    assert sent.json()["item_count"] == 2


def test_another_type_is_415(curator):
    refused = curator.post(URL, line(1), content_type="text/plain")
    assert refused.status_code == 415
    assert "application/x-ndjson" in refused.json()["detail"]


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_a_body_in_chunks_is_read_to_its_end_however_long(site, key_of):
    """Its bytes are more than any batch may have, at which other bodies end."""
    padding = "x" * (settings.MAX_TRACE_BYTES - 200)
    count = settings.MAX_BATCH_BYTES // len(padding) + 4
    lines = (line(n, meta={"padding": padding}) for n in range(count))
    sender = http.client.HTTPConnection("127.0.0.1", site.port, timeout=120)
    headers = {
        "Authorization": f"Bearer {key_of('curator')}",
        "Content-Type": "application/x-ndjson",
    }
    sender.request("POST", URL, lines, headers, encode_chunked=True)
    answer = sender.getresponse()
    assert (answer.status, json.load(answer)["item_count"]) == (201, count)
    sender.close()
