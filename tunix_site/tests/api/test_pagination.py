"""Keyset pagination, as every list has it."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from tunix_site.tests.samples import trace

pytestmark = pytest.mark.django_db

URL = "/api/traces"


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def ids(writer) -> list[str]:
    """Store 25 traces; give their ids, newest first."""
    answer = writer.post(f"{URL}/batch", [trace() for _ in range(25)], format="json").json()
    return [entry["id"] for entry in reversed(answer["traces"])]


def ids_of(page) -> list[str]:
    return [row["id"] for row in page["results"]]


def test_a_page_holds_the_newest_twenty(reader, ids):
    page = reader.get(URL).json()
    assert list(page) == ["next", "previous", "results"]
    assert ids_of(page) == ids[:20]
    assert page["previous"] is None


def test_an_empty_list_is_one_empty_page(reader):
    assert reader.get(URL).json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize("limit", [1, 7, 25, 100])
def test_following_the_links_shows_every_row_once_in_both_directions(reader, ids, limit):
    forward, pages = [], []
    url = f"{URL}?limit={limit}&source="
    while url:
        pages.append(reader.get(url).json())
        forward += ids_of(pages[-1])
        url = pages[-1]["next"]
    assert forward == ids
    backward = ids_of(pages[-1])
    while (url := pages[-1]["previous"]) is not None:
        pages.append(reader.get(url).json())
        backward = ids_of(pages[-1]) + backward
    assert backward == ids


@pytest.mark.parametrize("name", ["offset", "page"])
@pytest.mark.parametrize("path", [URL, "/api/datasets", "/api/jobs"])
def test_who_asks_for_an_offset_is_told_of_the_links(reader, path, name):
    response = reader.get(f"{path}?{name}=2")
    assert response.status_code == 400
    assert response.json() == {name: ["There are no offsets: follow `next`, as it came."]}


def test_who_asks_for_all_at_once_is_told_of_the_links(reader):
    said = reader.get(f"{URL}?limit=1000").json()["limit"]
    assert said == [
        "Ensure this value is less than or equal to 100: more come page by page, by `next`."
    ]


def test_links_keep_the_filters(reader, ids):
    query = parse_qs(urlsplit(reader.get(f"{URL}?limit=3&min_steps=1").json()["next"]).query)
    assert set(query) == {"cursor", "limit", "min_steps"}


def test_rows_that_come_in_meanwhile_move_no_page(reader, writer, ids):
    first = reader.get(f"{URL}?limit=10").json()
    writer.post(URL, trace(), format="json")
    assert ids_of(reader.get(first["next"]).json()) == ids[10:20]


def test_rows_are_counted_when_asked(reader, ids):
    assert reader.get(f"{URL}?limit=2&count=true").json()["count"] == 25
    assert reader.get(f"{URL}?count=true&source=nowhere").json()["count"] == 0
    assert "count" not in reader.get(f"{URL}?count=false").json()


@pytest.mark.parametrize(("query", "queries"), [("limit=5", 1), ("limit=20&count=true", 2)])
def test_a_page_costs_the_same_at_any_depth(reader, ids, query, queries, django_assert_num_queries):
    url = f"{URL}?{query}"
    reader.get(url)  # so that the key is known
    while url:
        with django_assert_num_queries(queries):
            url = reader.get(url).json()["next"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=",
        "limit=2.0",
        "limit=x",
        "limit=1&limit=1",
        "limit=%00",
        "limit=99999999999999999999",
    ],
)
def test_a_bad_limit_is_refused(reader, query):
    response = reader.get(f"{URL}?{query}")
    assert (response.status_code, list(response.json())) == (400, ["limit"])


@pytest.mark.parametrize("count", ["1", "yes", "", "True"])
def test_a_bad_count_is_refused(reader, count):
    response = reader.get(URL, {"count": count})
    assert (response.status_code, list(response.json())) == (400, ["count"])


@pytest.mark.parametrize("path", ["/api/traces", "/api/datasets"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "%",
        "\0",
        "\u00fc",
        "=" * 30,
        "a" * 501,
        cursor("p=not an id"),
        cursor("p=\0"),
        cursor("p=2026-01-01"),
        cursor("p=-1"),
        cursor("p=" + "9" * 30),
        cursor("o=5"),
        cursor("o=x"),
        cursor("o=-1"),
        cursor("o=1e5"),
        cursor("r=x"),
        base64.b64encode(b"\xff\xfe").decode(),
    ],
)
def test_a_hostile_cursor_is_refused(reader, path, text):
    response = reader.get(path, {"cursor": text})
    assert (response.status_code, list(response.json())) == (400, ["cursor"])


def test_a_cursor_of_another_list_is_refused(reader, ids):
    link = parse_qs(urlsplit(reader.get(f"{URL}?limit=1").json()["next"]).query)
    response = reader.get("/api/datasets", {"cursor": link["cursor"][0]})
    assert (response.status_code, list(response.json())) == (400, ["cursor"])
