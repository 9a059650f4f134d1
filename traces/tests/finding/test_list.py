"""GET /api/traces: its rows and pages."""

import base64
import itertools
from datetime import datetime
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from traces.models import Trace
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces"


def cursor(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return urlencode({"cursor": base64.b64encode(raw).decode()})


def ids(page: dict) -> list[str]:
    return [row["id"] for row in page["results"]]


def walk(client, url: str, direction: str) -> list[list[str]]:
    """Follow a page's link to the end; return the ids of every page."""
    pages = []
    while url:
        page = client.get(url).json()
        pages.append(ids(page))
        url = page[direction]
    return pages


def test_rows_carry_no_large_text(reader):
    trace = ApprovedTraceFactory(
        prompt="é" * 1_000, final_answer="😀" * 201, tags=["a", "b"], external_id="q-1"
    )
    page = reader.get(URL).json()
    (row,) = page["results"]
    assert datetime.fromisoformat(row["created_at"]) == trace.created_at
    assert page == {
        "next": None,
        "previous": None,
        "results": [
            {
                "id": str(trace.id),
                "created_at": row["created_at"],
                "trace_version": "1.0",
                "source": "made_up",
                "status": "approved",
                "tags": ["a", "b"],
                "prompt_preview": "é" * 200,
                "final_answer_preview": "😀" * 200,
                "step_count": 2,
            }
        ],
    }


def test_no_traces_are_an_empty_page(reader):
    empty = {"next": None, "previous": None, "results": []}
    assert reader.get(URL).json() == empty
    assert reader.get(f"{URL}/?count=true").json() == {**empty, "count": 0}


def test_newest_come_first_twenty_a_page(reader):
    traces = TraceFactory.create_batch(25)
    newest_first = [str(trace.id) for trace in reversed(traces)]
    page = reader.get(URL).json()
    assert ids(page) == newest_first[:20]
    assert ids(reader.get(page["next"]).json()) == newest_first[20:]


def test_pages_can_be_walked_both_ways(reader):
    traces = TraceFactory.create_batch(7)
    newest_first = [str(trace.id) for trace in reversed(traces)]
    forth = walk(reader, f"{URL}?limit=3", "next")
    assert forth == [newest_first[:3], newest_first[3:6], newest_first[6:]]

    second = reader.get(f"{URL}?limit=3").json()["next"]
    last = reader.get(second).json()["next"]
    assert walk(reader, last, "previous") == forth[::-1]


@pytest.mark.parametrize("query", ["source=a", "status=approved", "source=&tag=x"])
def test_filtered_pages_can_be_walked_both_ways(reader, query):
    wanted = []
    for _ in range(7):
        TraceFactory(meta={"source": "b"}, tags=["x"])
        TraceFactory(meta={"source": "Z"})
        source = "" if "tag" in query else "a"
        wanted.append(ApprovedTraceFactory(meta={"source": source}, tags=["x"]))
    newest_first = [str(trace.id) for trace in reversed(wanted)]
    url = f"{URL}?limit=3&count=true&{query}"
    forth = walk(reader, url, "next")
    assert forth == [newest_first[:3], newest_first[3:6], newest_first[6:]]

    second = reader.get(url).json()["next"]
    page = reader.get(reader.get(second).json()["next"]).json()
    assert page["count"] == 7
    assert walk(reader, page["previous"], "previous") == forth[1::-1]


@pytest.mark.parametrize("place", ["first", "next", "previous"])
@pytest.mark.parametrize("filters", ["source=rare", "status=approved"])
def test_traces_of_another_source_are_not_visited(reader, filters, place):
    """Many of them may lie between two that are asked for."""
    batches = [
        ApprovedTraceFactory.build_batch(1_500, meta={"source": "rare"}),
        TraceFactory.build_batch(1_500),
        ApprovedTraceFactory.build_batch(10, meta={"source": "rare"}),
    ]
    Trace.objects.bulk_create(itertools.chain(*batches))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE traces_trace")
    urls = {"first": f"{URL}?limit=20&{filters}"}
    urls["next"] = reader.get(f"{URL}?limit=10&{filters}").json()["next"]
    urls["previous"] = reader.get(urls["next"]).json()["previous"]
    with CaptureQueriesContext(connection) as captured:
        assert len(reader.get(urls[place]).json()["results"]) >= 10
    assert visited_by(captured[-1]["sql"]) <= 50


def visited_by(query: str) -> int:
    """Count the rows, or entries of an index, that the scans of a query have read."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
        ((plan,),) = cursor.fetchall()
    nodes, read = [plan[0]["Plan"]], 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Scan" in node["Node Type"]:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read += int(rows * node["Actual Loops"])
    return read


def test_links_keep_filters_and_limit(reader):
    TraceFactory.create_batch(3, meta={"source": "a", "n": 1})
    TraceFactory.create_batch(3, meta={"source": "b"})
    pages = walk(reader, f"{URL}?limit=1&source=a&meta.n=1&count=false", "next")
    assert [len(page) for page in pages] == [1, 1, 1]


def test_a_page_is_not_disturbed_by_what_comes_and_goes(reader):
    traces = TraceFactory.create_batch(4)
    page = reader.get(f"{URL}?limit=2").json()
    TraceFactory.create_batch(2)
    traces[2].delete()
    following = reader.get(page["next"]).json()
    assert ids(following) == [str(traces[1].id), str(traces[0].id)]


def test_the_count_is_given_when_asked(reader):
    TraceFactory.create_batch(3)
    TraceFactory(meta={"source": "b"})
    assert reader.get(f"{URL}?limit=1&count=true").json()["count"] == 4
    assert reader.get(f"{URL}?count=true&source=made_up").json()["count"] == 3
    for query in ("", "?count=false"):
        assert "count" not in reader.get(URL + query).json()


def test_a_limit_is_a_hundred_at_most(reader):
    TraceFactory.create_batch(101)
    for limit in (1, 99, 100):
        assert len(reader.get(f"{URL}?limit={limit}").json()["results"]) == limit


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1e1", "limit"),
        ("limit=ten", "limit"),
        ("limit=%D9%A1", "limit"),
        ("limit=+1", "limit"),
        ("limit=" + "9" * 5_000, "limit"),
        ("limit=1&limit=2", "limit"),
        ("count=1", "count"),
        ("count=True", "count"),
        ("count=", "count"),
        ("cursor=", "cursor"),
        ("cursor=a", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=%ff", "cursor"),
        ("cursor=%F0%9F%98%80", "cursor"),
        ("cursor=" + "cD0x" * 500, "cursor"),
        (cursor("p=5"), "cursor"),
        (cursor("p=now"), "cursor"),
        (cursor("p=\0"), "cursor"),
        (cursor("p='; DROP TABLE traces_trace"), "cursor"),
        (cursor(b"p=\xff"), "cursor"),
        (cursor("o=x"), "cursor"),
        (cursor("o=-1"), "cursor"),
        (cursor("r=1&p=%00"), "cursor"),
        ("page=2", "page"),
        ("offset=1", "offset"),
        ("ordering=prompt", "ordering"),
        ("format=json", "format"),
        ("q", "q"),
        ("a%00b=1", r"'a\x00b'"),
        ("%ff=1", "\ufffd"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_bad_parameter_is_named(reader, query, field):
    TraceFactory()
    response = reader.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_too_many_parameters_are_refused(reader):
    query = "&".join(f"meta.k{n}=1" for n in range(1_001))
    assert reader.get(f"{URL}?{query}").status_code == 400


@pytest.mark.parametrize(
    "text", ["", "o=1", "r=1", "o=1000", "o=99999999999999999999", "r=x", "p="]
)
def test_an_odd_cursor_gives_a_page_or_is_refused(reader, text):
    TraceFactory.create_batch(3)
    assert reader.get(f"{URL}?limit=1&{cursor(text)}").status_code in (200, 400)


def test_a_cursor_at_a_trace_that_is_gone_still_works(reader):
    traces = TraceFactory.create_batch(3)
    page = reader.get(f"{URL}?limit=2").json()
    Trace.objects.filter(pk=traces[1].pk).delete()
    assert ids(reader.get(page["next"]).json()) == [str(traces[0].id)]


def test_head_answers_without_a_body(reader):
    TraceFactory()
    response = reader.head(URL)
    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["Content-Length"]) == len(reader.get(URL).content)
    assert reader.head(f"{URL}?limit=0").status_code == 400


def test_rows_are_shown_to_people_too(reader):
    TraceFactory(prompt="<script>alert(1)</script>")
    response = reader.get(URL, headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert "<script>alert(1)" not in response.content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_the_list_is_not_changed_as_a_whole(curator, method):
    TraceFactory()
    assert getattr(curator, method)(URL).status_code == 405
    assert Trace.objects.count() == 1


@pytest.mark.parametrize("count", [1, 60])
def test_the_queries_do_not_grow(reader, count, django_assert_num_queries):
    for trace in TraceFactory.create_batch(count):
        ScoreFactory(trace=trace)
    with django_assert_num_queries(4):  # the key, how far to look, what matches there, its rows
        reader.get(f"{URL}?limit=50&source=made_up&criteria=baseline")
    with django_assert_num_queries(2):  # the key is known
        reader.get(f"{URL}?limit=50&count=true")
