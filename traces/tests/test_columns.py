"""/api/columns: the columns that somebody sees in the list of traces."""

import pytest

from traces.curation.columns import MAX_COLUMNS, USUAL
from traces.tests.bodies import place

pytestmark = pytest.mark.django_db

URL = "/api/columns"


def put(client, columns):
    return client.put(URL, {"columns": columns}, format="json")


def test_the_columns_are_ones_own(reader, curator):
    usual = {"columns": [*USUAL], "usual": True}
    assert reader.get(URL).json() == usual
    response = put(reader, ["note", "score:judge", "model", "note", "score:arithmetic"])
    assert response.status_code == 200
    chosen = {"columns": ["model", "score:arithmetic", "score:judge", "note"], "usual": False}
    assert response.json() == reader.get(URL).json() == chosen
    assert curator.get(URL).json() == usual
    assert put(reader, []).json() == {"columns": [], "usual": False}
    assert put(reader, None).json() == reader.get(URL).json() == usual


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        ("status", "columns"),
        (["nonsense"], "columns"),
        (["score:"], "columns"),
        (["score:" + "x" * 65], "columns.0"),
        (["score:a\0b"], "columns.0"),
        ([1], "columns.0"),
        ([f"score:{n}" for n in range(9)], "columns"),
        (["status"] * (MAX_COLUMNS + 1), "columns"),
    ],
)
def test_what_is_no_column_is_refused_and_the_choice_stays(reader, columns, where):
    put(reader, ["model"])
    response = put(reader, columns)
    assert (response.status_code, place(response.json())) == (400, where)
    assert reader.get(URL).json()["columns"] == ["model"]


@pytest.mark.parametrize("body", [{}, {"columns": ["status"], "more": 1}, []])
def test_a_body_is_columns_alone(reader, body):
    assert reader.put(URL, body, format="json").status_code == 400
    assert reader.get(URL).json()["usual"] is True
