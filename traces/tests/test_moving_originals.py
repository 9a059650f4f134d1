"""The migration that moves what is long in `meta.record` into `original`."""

import importlib

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from traces.content_trigger import refuse_changes
from traces.intake.original import take_original
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db(transaction=True)

migration = importlib.import_module("traces.migrations.0012_move_records_to_originals")
COLUMN = ("traces", "0011_keep_originals_beside_traces")
BEFORE = ("traces", "0010_keep_who_brought_traces_in")
LONG = "x" * 201
RECORDS = [
    {"level": 5, "type": "Algebra", "solution": LONG, "nested": {"a": LONG}},
    {"solution": LONG},
    {"short": "x" * 200, "umlauts": "ü" * 200, "spiders": "\U0001f577" * 200},
    {"umlauts": "ü" * 201, "spiders": "\U0001f577" * 201, "quoted": '"' * 200, "lines": "\n" * 201},
    {f"{name} {n}": n for n in range(12) for name in ("a", "ab", "ü", "z")},
    {f"text {n}": LONG for n in range(30)},
    {"whole": 2**63 - 1, "large": 1e300, "small": 5e-324, "none": None, "yes": True, "": ""},
    {"list": [], "object": {}, "lists": [[LONG], None]},
    {"record": LONG, "original": LONG, "a.b": LONG, "": LONG, "\u2028": "\u2028"},
    {},
]
METAS = [
    *({"format": "math", "source": "s", "record": record} for record in RECORDS),
    *({"format": "math", "record": record} for record in (LONG, [LONG], None, 5)),
    *({"source": "by hand", "record": record} for record in (RECORDS[0], LONG)),
    {"format": "math", "other": {"solution": LONG}},
    {},
]


def columns() -> list:
    return list(Trace.objects.order_by("id").values_list("meta", "original"))


def expected(meta) -> tuple:
    """Give both columns as an import writes them."""
    meta = dict(meta)
    original = take_original(meta)
    return meta, original


def versions() -> list:
    """Give which transaction wrote each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM traces_trace ORDER BY id")
        return [xmin for (xmin,) in cursor.fetchall()]


def migrate_to(*target) -> None:
    MigrationExecutor(connection).migrate([target])


def go_on() -> None:
    """Migrate to the end, with what rests on it in other apps."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture(autouse=True)
def at_the_end_again():
    yield
    go_on()


def test_what_is_long_moves_and_nothing_else_changes():
    migrate_to(*COLUMN)
    for meta in METAS:
        TraceFactory(meta=meta)
    rest = list(Trace.objects.order_by("id").defer("meta", "original").values())
    before = versions()
    go_on()
    wanted = [expected(meta) for meta in METAS]
    assert columns() == wanted
    changed = [old != new for old, new in zip(before, versions(), strict=True)]
    assert changed == [original is not None for _, original in wanted]
    for was, now in zip(rest, Trace.objects.order_by("id").values(), strict=True):
        assert {**was, "meta": now["meta"], "original": now["original"]} == now


def test_content_stays_refused_afterwards():
    migrate_to(*COLUMN)
    TraceFactory(meta=METAS[0])
    go_on()
    for change in ({"meta": {}}, {"original": None}, {"prompt": "another"}):
        with pytest.raises(IntegrityError, match="never changes"):
            Trace.objects.update(**change)


def test_backwards_all_of_it_moves_back():
    metas = [*METAS, {"format": "math", "record": LONG}, {"format": "math"}]
    for meta in metas:
        meta, original = expected(meta)
        TraceFactory(meta=meta, original=original)
    mine = TraceFactory(meta={"record": 5}, original={"solution": LONG})
    migrate_to(*COLUMN)
    assert columns() == [
        *((meta, None) for meta in metas),
        ({"record": {"record": 5, "solution": LONG}}, None),
    ]
    assert Trace.objects.get(pk=mine.pk).prompt == mine.prompt
    migrate_to(*BEFORE)


def test_the_column_does_not_go_with_what_is_in_it():
    migrate_to(*COLUMN)
    TraceFactory(original={"solution": LONG})
    with pytest.raises(ProgrammingError, match="migrate traces to 0012 first"):
        migrate_to(*BEFORE)
    assert columns() == [({"source": "made_up"}, {"solution": LONG})]


def test_what_is_broken_off_goes_on_from_there(monkeypatch):
    migrate_to(*COLUMN)
    monkeypatch.setattr(migration, "ROWS_AT_ONCE", 2)
    for _ in range(7):
        TraceFactory(meta=METAS[0])
    moved = expected(METAS[0])
    pieces = []
    move_some = migration.move_some

    def until_the_third(*args, **kwargs):
        if len(pieces) == 2:
            raise KeyboardInterrupt
        pieces.append(args)
        return move_some(*args, **kwargs)

    monkeypatch.setattr(migration, "move_some", until_the_third)
    with pytest.raises(KeyboardInterrupt):
        go_on()
    assert columns() == [moved] * 4 + [(METAS[0], None)] * 3
    with pytest.raises(IntegrityError, match="never changes"):
        Trace.objects.update(original={})
    asked = []

    def the_rest(cursor, last, **kwargs):
        asked.append(last)
        return move_some(cursor, last, **kwargs)

    monkeypatch.setattr(migration, "move_some", the_rest)
    go_on()
    assert columns() == [moved] * 7
    assert len(asked) == 3  # two, one and none
    assert "traces_moved" not in connection.introspection.table_names()


def test_others_read_write_and_are_refused_meanwhile():
    """No table is locked while a piece is not committed, and nobody else may do what it may."""
    trace, other = TraceFactory(meta=METAS[0]), TraceFactory()
    with psycopg.connect(**connection.get_connection_params()) as theirs:
        theirs.execute(refuse_changes(but_of=migration.COLUMNS))
        theirs.execute(migration.MOVE, [[trace.pk]])
        with pytest.raises(IntegrityError, match="never changes"):
            Trace.objects.filter(pk=other.pk).update(original={})
        assert Trace.objects.filter(pk=other.pk).update(status="approved") == 1
        TraceFactory()
        assert Trace.objects.filter(original__isnull=True).count() == 3
        with pytest.raises(psycopg.errors.RestrictViolation):
            theirs.execute("UPDATE traces_trace SET prompt = 'a', original = NULL")
        theirs.rollback()
