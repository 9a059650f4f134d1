"""The migration that computes prompt_hash and parts of the traces that are there."""

import hashlib
import importlib
from uuid import UUID

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from traces.content_trigger import refuse_changes
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db(transaction=True)

migration = importlib.import_module("traces.migrations.0008_compute_prompt_hashes_and_parts")
BEFORE = ("traces", "0007_tell_what_a_conversation_holds")
SYSTEM = {"role": "system", "content": "Be brief."}
BODIES = [
    {"prompt": "What is 2+2?", "messages": [SYSTEM, {"role": "user", "content": "What is 2+2?"}]},
    {"prompt": "Be brief.\n\nWhat is 2+2?", "messages": [SYSTEM]},
    {"prompt": "What is 2+2?"},
    {"prompt": "Que\u0301 es 2+2?"},
    {"prompt": "Qué es 2+2?"},
    {"final_answer": "", "meta": {"truncated": True, "source": "a"}},
    {"messages": [{"role": "user", "content": 5}]},
]
CHANGED = [False, True, False, True, False, True, True]


def old_prompt_hash(prompt: str) -> UUID:
    said = " ".join(prompt.split()).casefold()
    return UUID(hashlib.sha256(said.encode()).hexdigest()[:32])


def as_before() -> None:
    """Put in the stored traces what an earlier version computed."""
    with connection.cursor() as cursor:
        cursor.execute(refuse_changes(but_of=migration.COLUMNS))
        for trace in Trace.objects.all():
            hashed = old_prompt_hash(trace.prompt)
            Trace.objects.filter(pk=trace.pk).update(prompt_hash=hashed, parts=0)
        cursor.execute(refuse_changes())


def derived() -> list:
    return list(Trace.objects.order_by("id").values_list("prompt_hash", "parts"))


def versions() -> list:
    """Give which transaction wrote each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM traces_trace ORDER BY id")
        return [xmin for (xmin,) in cursor.fetchall()]


def migrate() -> None:
    MigrationExecutor(connection).migrate([BEFORE])
    go_on()


def go_on() -> None:
    """Migrate to the end, with what rests on it in other apps."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_both_columns_are_computed_and_nothing_else_changes():
    for body in BODIES:
        TraceFactory(**body)
    wanted = derived()
    as_before()
    assert derived() != wanted
    rest = list(Trace.objects.order_by("id").defer("prompt_hash", "parts"))
    before = versions()
    migrate()
    assert derived() == wanted
    after = versions()
    assert [old != new for old, new in zip(before, after, strict=True)] == CHANGED
    for trace, was in zip(Trace.objects.order_by("id"), rest, strict=True):
        assert (trace.payload, trace.content_hash) == (was.payload, was.content_hash)


def test_content_stays_refused_afterwards():
    TraceFactory(**BODIES[1])
    as_before()
    migrate()
    for change in ({"prompt_hash": UUID(int=1)}, {"parts": 3}, {"prompt": "another"}):
        with pytest.raises(IntegrityError, match="never changes"):
            Trace.objects.update(**change)


def test_what_is_broken_off_goes_on_from_there(monkeypatch):
    monkeypatch.setattr(migration, "READ_AT_ONCE", 2)
    for _ in range(7):
        TraceFactory(**BODIES[1])
    wanted = derived()
    as_before()
    old = derived()
    hashed = []

    def until_the_fifth(prompt, messages):
        if len(hashed) == 4:
            raise KeyboardInterrupt
        hashed.append(prompt)
        return wanted[0][0].hex

    monkeypatch.setattr(migration, "prompt_hash", until_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        migrate()
    assert derived() == wanted[:4] + old[4:]
    with pytest.raises(IntegrityError, match="never changes"):
        Trace.objects.update(parts=1)

    def the_rest(prompt, messages):
        hashed.append(prompt)
        return wanted[0][0].hex

    monkeypatch.setattr(migration, "prompt_hash", the_rest)
    go_on()
    assert derived() == wanted
    assert len(hashed) == 7
    assert "traces_computed_anew" not in connection.introspection.table_names()


def test_others_read_write_and_are_refused_meanwhile():
    """No table is locked while a piece is not committed, and nobody else may do what it may."""
    trace, other = TraceFactory(), TraceFactory()
    with psycopg.connect(**connection.get_connection_params()) as theirs:
        theirs.execute(refuse_changes(but_of=migration.COLUMNS))
        theirs.execute("UPDATE traces_trace SET parts = 5 WHERE id = %s", [trace.pk])
        with pytest.raises(IntegrityError, match="never changes"):
            Trace.objects.filter(pk=other.pk).update(parts=1)
        assert Trace.objects.filter(pk=other.pk).update(status="approved") == 1
        TraceFactory()
        assert Trace.objects.filter(parts=0).count() == 3
        with pytest.raises(psycopg.errors.RestrictViolation):
            theirs.execute("UPDATE traces_trace SET prompt = 'a', parts = 6")
        theirs.rollback()
