"""GET /api/evalsets/{key}/items.jsonl: the lines whose SHA-256 is the digest."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import NotFound

from evalsets.document import Item, digest_of, plain
from evalsets.models import EvalSet
from evalsets.reading import item_pieces
from evalsets.tests.factories import EvalSetFactory, items

pytestmark = pytest.mark.django_db

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | text
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
metas = st.dictionaries(text, values, max_size=4)


def lines_of(evalset) -> bytes:
    return b"".join(item_pieces(evalset))


def test_the_lines_come_in_order_with_their_digest(reader):
    evalset = EvalSetFactory(items=items(1_000))
    response = reader.get(f"/api/evalsets/{evalset.key}/items.jsonl")
    body = response.getvalue()
    assert response["Content-Type"] == "application/x-ndjson"
    assert response["ETag"] == f'"{evalset.digest}"'
    assert f'filename="{evalset.key}.jsonl"' in response["Content-Disposition"]
    assert hashlib.sha256(body).hexdigest() == evalset.digest
    assert (
        body.splitlines()[999] == b'{"id":"999","prompt":"What is 999+1?","expected_answer":"1000"}'
    )


def test_who_has_them_already_is_told_so(reader):
    evalset = EvalSetFactory()
    url = f"/api/evalsets/{evalset.key}/items.jsonl"
    etag = reader.get(url)["ETag"]
    for method in (reader.get, reader.head):
        known = method(url, headers={"If-None-Match": etag})
        assert (known.status_code, known["ETag"], known.content) == (304, etag, b"")
        assert method(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_who_insists_on_others_is_told_which_they_are(reader):
    evalset = EvalSetFactory()
    url = f"/api/evalsets/{evalset.key}/items.jsonl"
    refused = reader.get(url, headers={"If-Match": '"other"'})
    assert (refused.status_code, refused["ETag"]) == (412, f'"{evalset.digest}"')
    assert evalset.digest in refused.json()["detail"]
    assert reader.get(url, headers={"If-Match": refused["ETag"]}).status_code == 200


@given(metas, st.lists(text.filter(bool), max_size=2))
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_stored_is_what_the_digest_is_of(db, meta, aliases):
    item = Item(id="1", prompt="?", expected_answer="", aliases=aliases, meta=plain(meta))
    evalset = EvalSetFactory(items=[item])
    assert hashlib.sha256(lines_of(evalset)).hexdigest() == evalset.digest == digest_of([item])


def test_the_digest_is_the_same_on_any_machine():
    """It is in reports: what it is of never changes."""
    assert digest_of(items(3)) == DIGEST


DIGEST = hashlib.sha256(
    b'{"id":"0","prompt":"What is 0+1?","expected_answer":"1"}\n'
    b'{"id":"1","prompt":"What is 1+1?","expected_answer":"2"}\n'
    b'{"id":"2","prompt":"What is 2+1?","expected_answer":"3"}\n'
).hexdigest()


@pytest.mark.parametrize(
    ("number", "shown"),
    [(1.0, 1), (-0.0, 0), (1e16, 10**16), (1e22, 1e22), (0.5, 0.5), (True, True)],
)
def test_a_number_is_written_one_way(number, shown):
    assert repr(plain({"a": [number]})) == repr({"a": [shown]})


def test_one_that_is_deleted_meanwhile_is_not_found(curator):
    evalset = EvalSetFactory()
    assert curator.delete(f"/api/evalsets/{evalset.key}").status_code == 204
    assert curator.get(f"/api/evalsets/{evalset.key}/items.jsonl").status_code == 404
    with pytest.raises(NotFound, match="not found"):
        list(item_pieces(evalset))


@pytest.mark.parametrize("accept", ["application/x-ndjson", "application/octet-stream", "*/*"])
def test_it_comes_as_lines_or_bytes(reader, accept):
    evalset = EvalSetFactory()
    response = reader.get(f"/api/evalsets/{evalset.key}/items.jsonl", headers={"Accept": accept})
    assert response.getvalue() == lines_of(evalset)


def test_the_list_shows_no_question_and_no_answer(reader, django_assert_num_queries):
    EvalSetFactory(items=items(2, prompt="a secret question"))
    keys = [EvalSetFactory().key for _ in range(3)]
    reader.get("/api/evalsets")
    with django_assert_num_queries(1):
        page = reader.get("/api/evalsets")
    assert "secret" not in page.content.decode()
    assert [row["key"] for row in page.json()["results"]][:3] == keys[::-1]
    assert list(page.json()["results"][0]) == [
        "key",
        "name",
        "version",
        "created_at",
        "answer_type",
        "license",
        "parent",
        "item_count",
        "digest",
    ]
    assert EvalSet.objects.count() == 4
