"""The benchmarks run, on next to nothing; what they measure says nothing here."""

import json

import pytest

from benchmarks import crowd, large, migration, price, recipes, searches, steps
from benchmarks.baseline import bare_connection
from benchmarks.data import Traces, generated, load_traces
from benchmarks.exports import rendered
from benchmarks.locks import sampler, strong
from benchmarks.price import Price
from benchmarks.rendered import PAIRS_RENDERED, RENDERED
from benchmarks.report import Result, table, write
from benchmarks.run import Sizes, measure
from benchmarks.site import running_site
from benchmarks.timing import percentile
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.tests.live import wait_until

TRACES = 30
TINY = Sizes(
    batch_rounds=1,
    file_rounds=1,
    latency_rounds=1,
    posts=2,
    clients=(1, 2),
    sustained=TRACES,
    attempts=100,
    copies=2,
    build_rounds=1,
    preview_rounds=1,
    export_rounds=1,
    list_rounds=1,
    price_rounds=1,
    priced_requests=20,  # take longer than a tick of the clock that is read
    answer_rounds=1,
    trainer_rounds=0,
    prompts=100,
    near=200,
    datasketch=0,
    text_rounds=1,
)


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_everything_is_measured(tmp_path):
    traces = Traces("generated", list(generated(TRACES)))
    with running_site(tmp_path, with_workers=True) as site:
        results = list(measure(site, traces, TINY, tmp_path))
        posted_for_their_price = 3 * TINY.priced_requests * (TINY.price_rounds + 1)
        assert Trace.objects.count() == TRACES * TINY.copies + posted_for_their_price
        with site.connection() as http:
            key = f"exports-{TRACES * TINY.copies}"
            for name in RENDERED:
                exported = http.get(f"/api/datasets/{key}/export.jsonl?format={name}").splitlines()
                assert without_id(exported) == without_id(in_sql(key, name))
                assert len(exported) == TRACES * (1 if name == "grpo" else TINY.copies)
    names = [result.name for result in results]
    prices = [result for result in results if isinstance(result, Price)]
    assert all(result.name in price.table(prices) for result in prices)
    for subject in (
        "batches",
        "30 in one import, until indexed",
        "import of 15 over a backlog",
        "POST",
        "GET that finds nothing",
        "preview of 100 by all steps",
        "build of 100 by all steps",
        "100 traces decontaminated in a build",
        "pairs of 40 prompts",
        "pairs exported",
        "build of a dataset",
        "list",
        "answers compared",
        "arithmetic",
        *[f"export {name}," for name in (*RENDERED, *PAIRS_RENDERED)],
        *[f"export {name} in Parquet" for name in (*RENDERED, *PAIRS_RENDERED)],
    ):
        assert any(name.startswith(subject) for name in names)
    assert all(name in table(results) for name in names)


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_pairs_are_rendered_in_sql_as_we_export_them(tmp_path):
    with running_site(tmp_path, with_workers=True) as site:
        steps.fill(list(generated(TRACES)), 100)
        dataset = recipes.built("pairs", 100)
        with site.connection() as http:
            for name in PAIRS_RENDERED:
                target = f"/api/datasets/{dataset.key}/export.jsonl?format={name}"
                exported = http.get(target).splitlines()
                assert len(exported) == dataset.stats["pair_count"] > 10
                assert without_id(exported) == without_id(in_sql(dataset.key, name))


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_everything_is_measured_as_traces_grow_in_number(tmp_path, monkeypatch):
    for name in ("PAGES", "SEARCH_ROUNDS", "LOOKUPS"):
        monkeypatch.setattr(large, name, 1)
    with running_site(tmp_path, with_workers=False) as site:
        figures = list(large.measure(site, (40, 60)))
        assert Trace.objects.count() == 60 + 2 * large.LAGGING
        found = site_search(site, f"{searches.COMMON} -lagging")
    assert found > 0
    by_size = {size: [figure.name for at, figure in figures if at == size] for size in (40, 60)}
    assert by_size[40] == by_size[60]
    shown = large.table(figures)
    assert all(name in shown for name in by_size[40])
    assert [row["met"] for row in large.as_json(figures)].count(None) < len(figures)


@pytest.mark.django_db(transaction=True)
def test_a_migration_is_measured(monkeypatch):
    monkeypatch.setattr(migration, "WARM_UP_SECONDS", 0.5)
    measured = migration.measure(300)
    assert measured.seconds > 0
    assert {deed for deeds in measured.waits.values() for deed in deeds} == {"store", "review"}
    assert migration.table(measured).startswith("300 traces: ")
    assert not Trace.objects.exists()  # in the database that was in use


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_a_migration_holds_is_seen():
    with sampler(migration.NAMED) as longest, bare_connection() as database:
        database.execute(f"SET application_name = '{migration.NAMED}'")
        with database.transaction():
            database.execute("LOCK TABLE traces_score IN ROW EXCLUSIVE MODE")
            database.execute("LOCK TABLE traces_score IN SHARE ROW EXCLUSIVE MODE")
            wait_until(lambda: len(longest) > 1)
    (lock,) = strong(longest)
    assert (lock.table, lock.mode) == ("traces_score", "ShareRowExclusiveLock")
    assert lock.held_seconds > 0
    assert lock.waited_seconds < lock.held_seconds


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["", "?source=nowhere", f"/{price.MISSING}"])
def test_the_plain_views_find_what_ours_find(reader, settings, target):
    TraceFactory.create_batch(21, tags=["a"])
    ours = reader.get(f"/api/traces{target}")
    settings.ROOT_URLCONF = "benchmarks.plain_site"
    for path in ("/api/traces", "/kept/traces"):
        plain = reader.get(path + target)
        assert plain.status_code == ours.status_code
        assert without_times(plain.json()) == without_times(ours.json())


def without_times(answer: dict) -> dict:
    """Leave out times, of which Django's encoder writes no microseconds, and the cursor."""
    rows = [row | {"created_at": None} for row in answer.get("results", ())]
    return answer | {"next": None, "results": rows}


@pytest.mark.django_db
def test_the_plain_view_stores_what_ours_stores(writer, settings):
    body = {**next(generated(1)), "tags": ["a"], "messages": [{"role": "user", "content": ""}]}
    ours = writer.post("/api/traces", body, format="json")
    settings.ROOT_URLCONF = "benchmarks.plain_site"
    plain = writer.post("/api/traces", body, format="json")
    assert plain.status_code == ours.status_code
    its_own = {"id": None, "created_at": None}
    assert plain.json() | its_own == ours.json() | its_own
    its_own |= {"created_by_id": None, "created_with_id": None}  # it knows keys by their digest
    one, other = Trace.objects.values()
    assert one | its_own == other | its_own


@pytest.mark.django_db
def test_the_plain_views_ask_for_a_key(client, settings):
    settings.ROOT_URLCONF = "benchmarks.plain_site"
    assert client.get("/api/traces").status_code == 401
    assert client.get("/kept/traces").status_code == 401
    assert client.post("/api/traces", {}, content_type="application/json").status_code == 401


def site_search(site, text: str) -> int:
    with site.connection() as http:
        return len(json.loads(http.get(f"/api/traces?q={text.replace(' ', '+')}"))["results"])


def test_a_figure_over_its_bound_is_missed():
    assert large.Figure("search", 101, "ms", most=100).missed
    assert not large.Figure("search", 99, "ms", most=100).missed
    assert not large.Figure("search", 101, "ms").missed


def test_the_crowd_is_the_same_each_time_and_of_many_words():
    some = list(crowd.lines(0, 200))
    assert some == list(crowd.lines(0, 200))
    read = [json.loads(line) for line in some]
    assert len({body["steps"][0]["content"] for body in read}) == 200
    with_common = [body for body in read if searches.COMMON in body["steps"][0]["content"]]
    assert 60 < len(with_common) < 190


def in_sql(key: str, name: str) -> list[bytes]:
    """Give the lines of the baseline, without COPY's doubling of backslashes."""
    with bare_connection() as database:
        text = b"".join(rendered(database, key, name))
    return text.replace(b"\\\\", b"\\").splitlines()


def without_id(lines: list[bytes]) -> list[list]:
    """Parse lines, keeping the order of the keys; SQL cannot make one format's ids.

    Nor does it write what is JSON in a text as we do.
    """
    objects = [json.loads(line) for line in lines]
    for one in objects:
        if isinstance(one.get("metadata"), str):
            one["metadata"] = json.loads(one["metadata"])
    return [[item for item in one.items() if item[0] != "id"] for one in objects]


def test_a_missed_target_is_a_no(tmp_path):
    missed = Result(
        name="batches", kind="share", measured=10, unit="rows/s", baseline=100, required=0.3
    )
    met = Result(name="first byte", kind="absolute", measured=10, unit="ms", required=100)
    unjudged = Result(name="p99", kind="times", measured=3, unit="ms", baseline=2)
    results = [missed, met, unjudged]
    assert [line.split("|")[-2].strip() for line in table(results).splitlines()[2:]] == [
        "no",
        "yes",
        "",
    ]
    write(tmp_path / "results.json", {"date": "2026-01-31"}, results)
    written = json.loads((tmp_path / "results.json").read_text())
    assert [result["met"] for result in written["results"]] == [False, True, None]
    assert [result["judged"] for result in written["results"]] == [0.1, 10, 1.5]


def test_memory_is_judged_by_its_growth():
    flat = Result(name="memory", kind="growth", measured=9, unit="MiB", baseline=3, required=8)
    assert not flat.missed
    assert Result(**{**vars(flat), "measured": 12}).missed


def test_the_problems_are_read_from_the_file_that_is_named(tmp_path, monkeypatch):
    path = tmp_path / "problems.jsonl"
    answer = "Half is 48/2 = <<48/2=24>>24.\nBoth are <<48+24=72>>72.\n#### 72"
    path.write_text(json.dumps({"question": "How many?", "answer": answer}) + "\n")
    monkeypatch.setenv("TUNIX_BENCH_DATA", str(path))
    traces = load_traces()
    assert "problems.jsonl" in traces.origin
    assert [step["content"] for step in traces.bodies[0]["steps"]] == [
        "Half is 48/2 = 24.",
        "Both are 72.",
    ]
    assert traces.bodies[0]["final_answer"] == "72"


def test_generated_traces_are_the_same_each_time():
    assert list(generated(3)) == list(generated(3))
    assert len({trace["prompt"] for trace in generated(20)}) == 20


@pytest.mark.parametrize(("share", "found"), [(0, 1), (0.5, 10), (0.95, 19), (0.99, 20), (1, 20)])
def test_a_percentile_is_the_least_value_that_the_share_does_not_exceed(share, found):
    assert percentile([*map(float, range(20, 0, -1))], share) == found
