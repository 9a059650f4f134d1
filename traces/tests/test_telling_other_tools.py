"""The migration that tells of traces with calls of tools whether templates can write them."""

import importlib

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from traces.content_trigger import refuse_changes
from traces.models import Trace
from traces.reasoning.turns import Parts
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db(transaction=True)

migration = importlib.import_module("traces.migrations.0017_tell_other_tools")
BEFORE = ("traces", "0016_find_reviews_by_what_they_say")
USER = {"role": "user", "content": "What is 9 + 9?"}
REPLY = {"role": "assistant", "content": "18"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"name": "add"}]}
ODD = {**CALL, "tool_calls": [{"id": "1"}]}
RESULT = {"role": "tool", "content": "18"}
PICTURE = {"role": "tool", "content": [{"type": "tool_result", "content": [{"type": "image"}]}]}
CONVERSATIONS = [
    None,
    [USER, REPLY],
    [USER, CALL, RESULT, REPLY],
    [USER, ODD, RESULT, REPLY],
    [USER, RESULT, REPLY],
    [USER, CALL, PICTURE, REPLY],
]
CHANGED = [False, False, False, True, True, True]


def told() -> list:
    return list(Trace.objects.order_by("id").values_list("parts", flat=True))


def as_before() -> None:
    """Put in the stored traces what an earlier version told."""
    known = int(Parts.SEVERAL_TURNS | Parts.TOOLS | Parts.TRUNCATED | Parts.UNREADABLE)
    with connection.cursor() as cursor:
        cursor.execute(refuse_changes(but_of=migration.COLUMNS))
        cursor.execute("UPDATE traces_trace SET parts = parts & %s", [known])
        cursor.execute(refuse_changes())


def versions() -> list:
    """Give which transaction wrote each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM traces_trace ORDER BY id")
        return [xmin for (xmin,) in cursor.fetchall()]


def go_on() -> None:
    """Migrate to the end, with what rests on it in other apps."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture(autouse=True)
def at_the_end_again():
    yield
    go_on()


def test_parts_are_told_anew_and_nothing_else_changes():
    for messages in CONVERSATIONS:
        TraceFactory(**({} if messages is None else {"messages": messages}))
    wanted = told()
    assert wanted == [0, 0, 3, 35, 35, 7]
    as_before()
    assert told() == [0, 0, 3, 3, 3, 3]
    rest = list(Trace.objects.order_by("id").defer("parts").values())
    before = versions()
    MigrationExecutor(connection).migrate([BEFORE])
    go_on()
    assert told() == wanted
    assert [old != new for old, new in zip(before, versions(), strict=True)] == CHANGED
    for was, now in zip(rest, Trace.objects.order_by("id").values(), strict=True):
        assert {**was, "parts": now["parts"]} == now
    with pytest.raises(IntegrityError, match="never changes"):
        Trace.objects.update(parts=1)


def test_what_is_broken_off_goes_on_from_there(monkeypatch):
    for _ in range(7):
        TraceFactory(messages=CONVERSATIONS[3])
    wanted = told()
    as_before()
    monkeypatch.setattr(migration, "READ_AT_ONCE", 2)
    asked = []

    def until_the_fifth(messages, meta, final_answer):
        if len(asked) == 4:
            raise KeyboardInterrupt
        asked.append(messages)
        return Parts(35)

    MigrationExecutor(connection).migrate([BEFORE])
    monkeypatch.setattr(migration, "parts_of", until_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        go_on()
    assert told() == [*wanted[:4], 3, 3, 3]

    def the_rest(messages, meta, final_answer):
        asked.append(messages)
        return Parts(35)

    monkeypatch.setattr(migration, "parts_of", the_rest)
    go_on()
    assert told() == wanted
    assert len(asked) == 7
    assert "traces_told_anew" not in connection.introspection.table_names()
