"""GET /api/traces?q=: what is found, in which order, and how it is shown."""

import base64
from urllib.parse import urlencode

import pytest
from django.db import connection

from traces.finding import matches, search
from traces.models import Status, Trace
from traces.tests.bodies import labels
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.searching import index_all, searchable
from tunix_site.api.pagination import NO_CURSOR

pytestmark = pytest.mark.django_db

URL = "/api/traces"


def page_of(client, q: str, **query) -> dict:
    response = client.get(f"{URL}?{urlencode({'q': q, **query})}")
    assert response.status_code == 200, response.content
    return response.json()


def versions(page: dict) -> str:
    return "".join(row["trace_version"] for row in page["results"])


def found(client, q: str, **query) -> str:
    """Give the versions of what matches, in the order of the alphabet."""
    return "".join(sorted(versions(page_of(client, q, **query))))


def walk(client, url: str, direction: str = "next") -> list[str]:
    """Follow a page's links to the end; return the versions on every page."""
    pages = []
    while url:
        page = client.get(url).json()
        pages.append(versions(page))
        url = page[direction]
    return pages


@pytest.fixture
def fruit():
    searchable("a", "How many apples does Natalia have?")
    searchable("b", "How many pears?", final_answer="Seven apples")
    searchable("c", "How many plums?", step_text="An apple is no plum.")
    searchable("d", "How many nuts?")
    index_all()


@pytest.mark.parametrize(
    ("q", "versions"),
    [
        ("apples", "abc"),
        ("APPLE", "abc"),
        ("natalia apples", "a"),
        ("natalia pears", ""),
        ("natalia OR pears", "ab"),
        ("apples -natalia", "bc"),
        ("-apples", "d"),
        ('"many apples"', "a"),
        ('"apples many"', ""),
        ('apples -"seven apples"', "ac"),
        ("the apples", "abc"),
        ("reasoning", ""),  # a step's type
        ("made_up", ""),  # meta
        ("absent", ""),
        ("natalia's", "a"),
        ("ap", ""),
        ("no/plum", "c"),
        ("apple/plum", ""),
        ("apples -no/plum", "ab"),
        ('apples -"no/plum"', "ab"),
        ("apples -apple/plum", "abc"),
        ("apples + / <>", "abc"),
        ('apples -"', "abc"),
        ("'; DROP TABLE traces_trace; --apples", ""),
        ("apples & ! | ( <-> :*", "abc"),
    ],
)
def test_words_are_found_in_prompt_answer_and_steps(reader, fruit, q, versions):
    assert found(reader, q) == versions


def test_code_and_sums_are_words_too(reader):
    searchable(
        "a", "if x<limit and top>y", step_text="List<Widget> a; 7+5=12 km/h <think>hm</think>"
    )
    index_all()
    for q in ("limit", "top", "widget", "5", "7+5", "7 + 5", "km", "km/h", "hm", "x<limit"):
        assert found(reader, q) == "a", q
    assert found(reader, "x>limit") == "a"
    assert found(reader, "6") == ""


def test_what_is_not_indexed_yet_is_not_found(reader):
    searchable("a", "apples")
    assert page_of(reader, "apples")["results"] == []
    index_all()
    assert found(reader, "apples") == "a"


def test_rows_have_a_rank_and_an_excerpt(reader, fruit):
    page = page_of(reader, "plum")
    assert list(page) == ["next", "previous", "ranked", "results"]
    assert page["ranked"] == {"candidates": 1, "complete": True}
    (row,) = page["results"]
    assert row["rank"] > 0
    assert row["excerpt"] == ("How many <mark>plums</mark>?\n\nAn apple is no <mark>plum</mark>")
    plain = reader.get(URL).json()
    assert set(row) - set(plain["results"][0]) == {"rank", "excerpt"}
    assert set(page) - set(plain) == {"ranked"}


def test_a_prompt_weighs_more_than_an_answer_and_a_step_least(reader, fruit):
    assert versions(page_of(reader, "apples")) == "abc"


def test_a_short_text_weighs_more_and_newer_ones_come_first_among_equals(reader):
    searchable("a", "apples")
    searchable("b", "apples " + "and pears by many different names " * 20)
    searchable("c", "apples")
    index_all()
    page = page_of(reader, "apples")
    assert versions(page) == "cab"
    ranks = [row["rank"] for row in page["results"]]
    assert ranks[0] == ranks[1] > ranks[2] > 0


def test_what_is_left_out_alone_has_no_rank(reader, fruit):
    page = page_of(reader, "-apples -plums")
    assert [(row["trace_version"], row["rank"]) for row in page["results"]] == [("d", 0)]


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        (
            "so <script>alert('apples')</script> end",
            "so &lt;script&gt;alert(&#x27;<mark>apples</mark>&#x27;)&lt;/script&gt; end",
        ),
        ("so </mark><b>apples end", "so &lt;/mark&gt;&lt;b&gt;<mark>apples</mark> end"),
        ("so &lt;b&gt; apples end", "so &amp;lt;b&amp;gt; <mark>apples</mark> end"),
        ("so \ue000<i>\ue001 apples\ue002\ue000 end", "so &lt;i&gt; <mark>apples</mark> end"),
        ('so " on="x apples end', "so &quot; on=&quot;x <mark>apples</mark> end"),
    ],
)
def test_an_excerpt_is_safe(reader, text, excerpt):
    searchable("a", text, step_text="-")
    index_all()
    (row,) = page_of(reader, "apples")["results"]
    assert row["excerpt"] == excerpt


def test_an_excerpt_is_cut_from_around_the_words(reader):
    searchable("a", "first " + "pear " * 500 + "the last apples " + "plum " * 500)
    searchable("b", "a" * 5_000 + " apples " + "apples" * 1_000)
    index_all()
    rows = {row["trace_version"]: row["excerpt"] for row in page_of(reader, "apples")["results"]}
    assert "the last <mark>apples</mark> plum" in rows["a"]
    assert "first" not in rows["a"]
    for text in rows.values():
        assert len(text) < search.EXCERPT_CHARS + 100
        assert text.count("<mark>") == text.count("</mark>")


def test_words_far_behind_have_an_excerpt_of_the_beginning(reader):
    searchable("a", "first pears " * 2_000 + "apples")
    index_all()
    (row,) = page_of(reader, "apples")["results"]
    assert row["excerpt"].startswith("first pears")
    assert "<mark>" not in row["excerpt"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_can_be_walked_both_ways(reader, limit):
    for version in "abcde":
        searchable(version, "apples " * (ord(version) % 3 + 1))
    index_all()
    whole = versions(page_of(reader, "apples"))
    forth = walk(reader, f"{URL}?q=apples&limit={limit}")
    assert "".join(forth) == whole
    assert [len(page) for page in forth[:-1]] == [limit] * (len(forth) - 1)
    last = f"{URL}?q=apples&limit={limit}"
    while following := reader.get(last).json()["next"]:
        last = following
    assert "".join(page for page in walk(reader, last, "previous")[::-1]) == whole


def test_the_page_before_the_second_is_the_first(reader):
    for version in "abc":
        searchable(version, "apples")
    index_all()
    first = page_of(reader, "apples", limit=1)
    assert first["previous"] is None
    second = reader.get(first["next"]).json()
    again = reader.get(second["previous"]).json()
    assert again["results"] == first["results"]
    assert again["previous"] is None
    assert reader.get(again["next"]).json() == second


def test_pages_are_not_disturbed_by_what_comes_and_goes(reader):
    traces = [searchable(version, "apples") for version in "abcd"]
    index_all()
    page = page_of(reader, "apples", limit=2)
    assert versions(page) == "dc"
    searchable("e", "apples apples apples")
    searchable("f", "apples")
    index_all()
    traces[2].delete()
    assert walk(reader, page["next"]) == ["ba"]
    assert found(reader, "apples") == "abdef"


def test_the_newest_matches_alone_are_ranked(reader, monkeypatch):
    monkeypatch.setattr(search, "CANDIDATES", 2)
    for version, times in (("a", 3), ("b", 1), ("c", 2)):
        searchable(version, "apples " * times)
    index_all()
    page = page_of(reader, "apples", count="true", limit=1)
    assert page["ranked"] == {"candidates": 2, "complete": False}
    assert page["count"] == 3
    assert walk(reader, f"{URL}?q=apples&limit=1") == ["c", "b"]
    complete = page_of(
        reader,
        "apples",
        max_steps=1,
        created_after=Trace.objects.get(trace_version="b").created_at.isoformat(),
    )
    assert complete["ranked"] == {"candidates": 2, "complete": True}


@pytest.mark.parametrize("rare", [0, 5_000])
@pytest.mark.parametrize("looks", [(1, 2), (3, 4), (2, 100), (100, 100)])
@pytest.mark.parametrize("query", ["", "&status=approved", "&source=made_up&meta.source=made_up"])
def test_the_way_that_matches_are_looked_for_does_not_change_them(
    reader, monkeypatch, rare, looks, query
):
    monkeypatch.setattr(matches, "RARE", rare)
    monkeypatch.setattr(matches, "LOOKS", looks)
    monkeypatch.setattr(matches, "LOOKS_FILTERED", looks)
    monkeypatch.setattr(search, "CANDIDATES", 4)
    for number, version in enumerate("abcdefghij"):
        searchable(version, "apples" if number % 2 else "pears", status=Status.APPROVED)
    searchable("k", "apples", status=Status.REJECTED, meta={"source": "elsewhere"})
    index_all()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE traces_searchdocument")
    expected = "jhfd" if query else "kjhf"
    assert walk(reader, f"{URL}?q=apples&limit=3{query}") == [expected[:3], expected[3:]]
    assert walk(reader, f"{URL}?q=-apples&limit=3{query}") == ["ige", "c"]


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ({"status": "approved"}, "b"),
        ({"source": "math"}, "ab"),
        ({"tag": "easy"}, "a"),
        ({"meta.level": "5"}, "b"),
        ({"criteria": "baseline", "min_score": "20"}, "b"),
        ({"created_after": "2020-01-01"}, "ab"),
        ({"created_before": "2020-01-01"}, ""),
        ({"max_steps": "0"}, ""),
    ],
)
def test_other_filters_hold_as_well(reader, query, versions):
    one = searchable("a", "apples", meta={"source": "math"}, tags=["easy"])
    two = searchable("b", "apples", meta={"source": "math", "level": 5}, status=Status.APPROVED)
    searchable("c", "pears", meta={"source": "math", "level": 5}, tags=["easy"])
    ScoreFactory(trace=one, value=10)
    ScoreFactory(trace=two, value=30)
    index_all()
    assert found(reader, "apples", **query) == versions
    assert page_of(reader, "apples", count="true", **query)["count"] == len(versions)


@pytest.mark.parametrize(
    "q",
    [
        "",
        " ",
        "the of and",
        '"',
        '""',
        "-",
        "!&|()",
        "-the",
        "or",
        "\0",
        "a\0b",
        "w" * 1_001,
        " ".join(f"word{n}" for n in range(100)),
    ],
    ids=lambda q: ascii(q)[:20],
)
def test_a_query_that_cannot_be_searched_for_is_refused(reader, q):
    response = reader.get(f"{URL}?{urlencode({'q': q})}")
    assert response.status_code == 400
    assert list(response.json()) == ["q"]


def test_a_query_without_words_is_told(reader):
    assert reader.get(f"{URL}?q=the").json() == {"q": ["Holds no word that is searched for."]}


@pytest.mark.parametrize(
    "q",
    [
        "w" * 1_000,
        "\U00010400" * 1_000 + "",
        '"' * 999 + "w",
        "-" * 999 + "w",
        "(" * 999 + "w",
        "a'b\\c:*<->d",
        "%_w\\",
        "$1 %s {0}",
        "\ue000\ue001 w",
        "é\u0301ß数学問題",
        "x OR OR OR y",
        " ".join(f"word{n}" for n in range(50)),
    ],
    ids=lambda q: ascii(q)[:20],
)
def test_an_odd_query_is_answered(reader, fruit, q):
    response = reader.get(f"{URL}?{urlencode({'q': q})}")
    assert response.status_code in (200, 400)
    if response.status_code == 400:
        assert list(response.json()) == ["q"]


def cursor(**fields) -> str:
    return base64.b64encode(urlencode(fields).encode()).decode()


NOBODYS = "5ec0b589-732f-4e8b-8c9c-400df3fbdbf2"
GOOD = {"s": "0.1", "i": NOBODYS, "u": NOBODYS, "r": "0"}


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "%00",
        "\0",
        "é",
        cursor(p=NOBODYS),
        cursor(r=1, p=NOBODYS),
        base64.b64encode(b"\xff\xfe").decode(),
        *(cursor(**{key: value for key, value in GOOD.items() if key != name}) for name in GOOD),
        cursor(**GOOD | {"s": "nan"}),
        cursor(**GOOD | {"s": "inf"}),
        cursor(**GOOD | {"s": "x"}),
        cursor(**GOOD | {"i": "1"}),
        cursor(**GOOD | {"u": "\0"}),
        cursor(**GOOD | {"r": "2"}),
        cursor(**GOOD) + "A",
        base64.b64encode((urlencode(GOOD) + "&s=1").encode()).decode(),
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_a_cursor_that_we_never_gave_is_refused(reader, fruit, text):
    response = reader.get(f"{URL}?{urlencode({'q': 'apples', 'cursor': text})}")
    assert response.status_code == 400
    assert list(response.json()) == ["cursor"]


def test_a_cursor_of_one_order_is_none_of_the_other(reader, fruit):
    of_search = page_of(reader, "apples", limit=1)["next"].replace("q=apples", "")
    assert reader.get(of_search).json() == {"cursor": [NO_CURSOR]}


@pytest.mark.parametrize("fields", [GOOD, GOOD | {"s": "1e308"}, GOOD | {"s": "-1e-320", "r": "1"}])
def test_a_cursor_made_up_well_gives_a_page(reader, fruit, fields):
    assert page_of(reader, "apples", cursor=cursor(**fields))["ranked"]["complete"] is True


def test_a_search_is_shown_to_people_too(reader):
    for version in "abc":
        searchable(version, "<script>alert(1)</script> apples")
    index_all()
    page = reader.get(f"{URL}?q=apples&limit=1", headers={"Accept": "text/html"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "<script>alert(1)" not in text
    assert "cursor=" in text


@pytest.mark.parametrize("count", [1, 30])
def test_the_queries_do_not_grow(reader, count, django_assert_max_num_queries):
    for trace in TraceFactory.create_batch(count, prompt="apples"):
        ScoreFactory(trace=trace)
    index_all()
    with django_assert_max_num_queries(11):
        # the key, the words' check, what is expected, two looks, the index, ranks, the page
        reader.get(f"{URL}?q=apples&criteria=baseline")


def test_documents_go_with_their_traces(reader, fruit):
    Trace.objects.get(trace_version="a").delete()
    assert found(reader, "apples") == "bc"


def test_the_list_without_words_is_as_ever(reader, fruit):
    assert labels(reader, "") == "abcd"


def test_a_search_that_takes_too_long_is_ended(reader, monkeypatch):
    def sleep(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(search, "MAX_SECONDS", 1)
    monkeypatch.setattr("traces.finding.ranking.newest_matches", sleep)
    response = reader.get("/api/traces?q=apple")
    assert response.status_code == 400
    assert "more than 1 seconds" in response.json()["q"][0]
    assert reader.get("/api/traces").status_code == 200
