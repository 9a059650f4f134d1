"""Exports as streams: pieces, memory, what breaks off, who goes away."""

import httpx
import pytest
from django.db import connection

from datasets.compression import GZIP, IDENTITY, ZSTD
from datasets.export.reading import DatasetCutShort
from datasets.services.delete import delete_dataset
from datasets.tests.exporting import EXPORTS, ROUTES, asked, export, is_lines, rows
from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.api.pieces import started
from tunix_site.tests.live import wait_until

pytestmark = pytest.mark.django_db


def test_a_large_export_comes_in_pieces_and_the_first_is_small(reader):
    Trace.objects.bulk_create(TraceFactory.build_batch(3_000))
    dataset = DatasetFactory()
    sizes = [
        len(piece)
        for piece in reader.get(f"/api/datasets/{dataset.key}/export.jsonl?format=record")
    ]
    assert sizes[0] < 10_000
    assert max(sizes) < 135_000
    assert sum(sizes) / max(sizes) > 5


@pytest.mark.parametrize(
    ("fmt", "encoding"),
    [("trace", IDENTITY), ("trace", GZIP), ("trace", ZSTD), ("parquet", IDENTITY)],
)
def test_a_reader_that_goes_away_leaves_nothing_behind(reader, fmt, encoding):
    Trace.objects.bulk_create(TraceFactory.build_batch(3_000))
    dataset = DatasetFactory()
    for read in (0, 1, 2):
        pieces = started(asked(dataset, fmt, encoding=encoding).pieces())
        for _ in range(read):
            next(pieces)
        pieces.close()
        del pieces
        assert len(rows(export(reader, dataset))) == 3_000


def test_an_export_costs_the_same_queries_at_any_size(reader, django_assert_num_queries):
    TraceFactory.create_batch(2)
    small = DatasetFactory()
    Trace.objects.bulk_create(TraceFactory.build_batch(300))
    large = DatasetFactory()
    reader.get("/api/datasets")  # so that the key is known
    for dataset in (small, large):
        for route, fmt in EXPORTS:
            if (route, fmt) == ("parquet", "table"):
                continue  # there already, by its old name
            lasting = ROUTES[route][fmt][0].lasting
            # dataset, savepoint, plan, COPY, release; is the dataset of the file still there
            with django_assert_num_queries(6 if lasting else 5):
                export(reader, dataset, fmt, route=route)
            if lasting:
                with django_assert_num_queries(1):
                    export(reader, dataset, fmt, route=route)


@pytest.mark.parametrize(
    "path",
    [
        *("export.jsonl", "export.jsonl?format=record", "export.jsonl?format=parquet"),
        *("export.parquet", "export.parquet?format=record", "manifest"),
    ],
)
def test_a_dataset_deleted_before_it_is_read_is_gone(reader, path):
    TraceFactory()
    dataset = DatasetFactory()

    def delete_first(execute, sql, params, many, context):
        if "set_config" in sql:
            delete_dataset(dataset=dataset, by=acting())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(delete_first):
        response = reader.get(f"/api/datasets/{dataset.key}/{path}")
    assert response.status_code == 404
    assert response.json() == {"detail": "Dataset not found: deleted, 0 of 1 rows are there."}


def lose_item(dataset, position):
    """Take an item away past the trigger that holds it, as a damaged disk might."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE datasets_datasetitem DISABLE TRIGGER dataset_loses_no_item")
        dataset.items.filter(position=position).delete()
        cursor.execute("ALTER TABLE datasets_datasetitem ENABLE TRIGGER dataset_loses_no_item")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("route", "fmt"), EXPORTS)
def test_rows_that_are_missing_are_not_passed_over(route, fmt):
    TraceFactory.create_batch(3)
    dataset = DatasetFactory()
    lose_item(dataset, 1)
    with pytest.raises(DatasetCutShort, match="2 of 3"):
        list(asked(dataset, fmt, route=route).pieces())
    if is_lines(fmt, route):
        with pytest.raises(DatasetCutShort, match="1 of 2"):
            list(asked(dataset, fmt, after=1).pieces())


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_an_export_that_is_cut_short_breaks_the_connection(site_as):
    Trace.objects.bulk_create(TraceFactory.build_batch(2_000))
    dataset = DatasetFactory()
    lose_item(dataset, 1_999)
    client = site_as("reader")
    for path in ("export.jsonl", "manifest"):
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(f"/api/datasets/{dataset.key}/{path}")


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_the_real_server_streams_and_keeps_the_connection(site_as):
    Trace.objects.bulk_create(TraceFactory.build_batch(2_000))
    dataset = DatasetFactory()
    client = site_as("reader")
    url = f"/api/datasets/{dataset.key}/export.jsonl"
    for file_is_there in (False, True):
        response = client.get(url, headers={"Accept-Encoding": "identity"})
        length = str(len(response.content)) if file_is_there else None
        assert response.headers.get("Content-Length") == length
        assert response.headers.get("Transfer-Encoding") == (None if length else "chunked")
        assert client.head(url).content == b""
        assert len(rows(response.content)) == 2_000
        known = client.get(
            url, headers={"If-None-Match": response.headers["ETag"], "Accept-Encoding": "identity"}
        )
        assert (known.status_code, known.content) == (304, b"")
        assert client.get(f"/api/datasets/{dataset.key}").status_code == 200


def large_dataset():
    """Build a dataset of 20 MB: more than sockets hold, so that reading it takes the reader."""
    steps = [{"i": i, "type": "reasoning", "content": "x" * 20_000} for i in range(2)]
    Trace.objects.bulk_create(TraceFactory.build_batch(500, steps=steps))
    return DatasetFactory()


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_a_dataset_deleted_while_it_is_read_still_arrives(site_as):
    """All rows are read by one statement, which sees one state."""
    dataset = large_dataset()
    client = site_as("reader")
    with client.stream("GET", f"/api/datasets/{dataset.key}/export.jsonl") as response:
        pieces = response.iter_bytes()
        body = next(pieces)
        assert site_as("curator").delete(f"/api/datasets/{dataset.key}").status_code == 204
        body += b"".join(pieces)
    assert len(rows(body)) == 500


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_clients_that_go_away_leave_no_query_running(site_as):
    dataset = large_dataset()
    client = site_as("reader")
    url = f"/api/datasets/{dataset.key}/export.jsonl"
    for _ in range(12):  # more than there are threads
        with client.stream("GET", url) as response:
            next(response.iter_bytes())
    with connection.cursor() as cursor:

        def nothing_runs():
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
                "AND state <> 'idle'"
            )
            return cursor.fetchone() == (0,)

        wait_until(nothing_runs)
    assert len(client.get(url).content.splitlines()) == 500
