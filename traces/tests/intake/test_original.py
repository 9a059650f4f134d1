"""What of a source record stays in a trace's meta, and what is kept beside the trace."""

import pytest

from traces.intake.original import source_record, take_original

LONG = "x" * 201


def divided(record, **meta) -> tuple:
    meta = {"format": "gsm8k", "record": record, **meta}
    original = take_original(meta)
    assert source_record(meta, original) == record
    return meta.get("record"), original


def test_long_texts_and_what_nests_are_cut_off():
    kept = {"level": 5, "type": "Algebra", "share": 0.5, "done": True, "none": None, "blank": ""}
    cut = {"solution": LONG, "tags": ["a"], "about": {"level": 1}, "list": [], "object": {}}
    assert divided({**kept, **cut}) == (kept, cut)


@pytest.mark.parametrize("record", [{}, {"level": 5}, {"text": "\U0001f577" * 200}])
def test_nothing_is_cut_off_of_what_is_short(record):
    assert divided(record) == (record, None)


def test_a_record_of_which_nothing_stays_is_not_there():
    meta = {"format": "gsm8k", "source": "s", "record": {"answer": LONG}}
    assert take_original(meta) == {"answer": LONG}
    assert meta == {"format": "gsm8k", "source": "s"}


def test_twenty_of_the_shortest_names_stay():
    names = [*(f"feature_{n:02}" for n in range(30)), "type", "ünit", "level"]
    kept, cut = divided(dict.fromkeys(names, 1) | {"solution": LONG})
    assert list(kept) == [*(f"feature_{n:02}" for n in range(17)), "type", "ünit", "level"]
    assert len(cut) == 14


@pytest.mark.parametrize("record", [{"solution": LONG}, LONG, [LONG], None])
def test_a_record_that_no_import_read_stays(record):
    meta = {"source": "by hand", "record": record}
    assert take_original(meta) is None
    assert meta == {"source": "by hand", "record": record}
    assert take_original({}) is None


@pytest.mark.parametrize("record", [LONG, [LONG], None])
def test_a_record_that_is_no_object_stays(record):
    meta = {"format": "export", "record": record}
    assert take_original(meta) is None
    assert meta["record"] == record
