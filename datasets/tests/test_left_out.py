"""What formats cannot say: traces that are left out, and how they are counted."""

import json

import pytest
from django.core.management import CommandError, call_command

from datasets.models import Dataset, DatasetItem
from datasets.tests.exporting import EVERY_EXPORT, ROUTES, export, rows, url_of
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

REPLY = {"role": "assistant", "content": "4"}
ASKED = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "1+1? <end_of_turn>"},
    {"role": "assistant", "content": "2"},
    {"role": "user", "content": "2+2?"},
]
CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {}}]}
SHOWN = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}


@pytest.fixture
def traces():
    """One trace of each kind, by what it holds."""
    return {
        "plain": TraceFactory(),
        "one turn": TraceFactory(messages=[*ASKED[:2], REPLY]),
        "several_turns": TraceFactory(messages=[*ASKED, REPLY]),
        "tools": TraceFactory(messages=[ASKED[1], CALLED, {"role": "tool", "content": "2"}, REPLY]),
        "media": TraceFactory(messages=[SHOWN, REPLY]),
        "truncated": TraceFactory(final_answer="", meta={"truncated": True}),
        "unreadable": TraceFactory(messages=[{"role": "user", "content": 5}, REPLY]),
    }


CANNOT = {
    "trace": {},
    "record": {},
    "parquet": {},
    "table": {},
    "tunix_sft": {"tools": 1, "media": 1, "truncated": 1, "unreadable": 1},
    # a trace with tools has several turns, which is the first reason
    "training_example": {"several_turns": 2, "media": 1, "truncated": 1, "unreadable": 1},
    "chat": {"tools": 1, "media": 1, "truncated": 1, "unreadable": 1},
    "messages": {"tools": 1, "media": 1, "truncated": 1, "unreadable": 1},
    "tunix_tagged": {"tools": 1, "media": 1, "truncated": 1, "unreadable": 1},
    "prompt_completion": {"several_turns": 2, "media": 1, "truncated": 1, "unreadable": 1},
    "unpaired": {
        "several_turns": 2,
        "media": 1,
        "truncated": 1,
        "unreadable": 1,
        "unlabelled": 2,
    },
    "stepwise": {"several_turns": 2, "media": 1, "unreadable": 1, "unlabelled": 3},
    "grpo": {"tools": 1, "media": 1, "unreadable": 1, "no_reference": 4},
}


@pytest.mark.parametrize(("route", "fmt"), EVERY_EXPORT)
def test_what_a_format_cannot_say_is_left_out_and_counted(reader, traces, route, fmt):
    dataset = DatasetFactory()
    left_out = CANNOT[fmt]
    count = len(traces) - sum(left_out.values())
    response = reader.get(url_of(dataset, fmt, route=route))
    reasons = ", ".join(f"{reason}={number}" for reason, number in left_out.items())
    total = sum(left_out.values())
    assert response["X-Rows-Left-Out"] == (f"{total}; {reasons}" if total else "0")
    assert response["X-Row-Count"] == str(count)
    assert len(rows(response.getvalue())) == count
    assert reader.get(f"/api/datasets/{dataset.key}/formats/{fmt}").json() == {
        "format": fmt,
        "version": ROUTES[route][fmt][0].version,
        "row_count": count,
        "left_out": left_out,
    }


def test_each_turn_is_said_in_its_own_role(reader, traces):
    (row,) = [
        row
        for row in rows(export(reader, DatasetFactory(), "tunix_sft"))
        if row["id"] == str(traces["several_turns"].id)
    ]
    reply = "\n".join(
        ["Reasoning:"]
        + [f"{n}. {step['content']}" for n, step in enumerate(traces["several_turns"].steps, 1)]
        + [f"Answer: {traces['several_turns'].final_answer}"]
    )
    assert row["prompts"] == (
        "<start_of_turn>user\nBe brief.\n\n1+1? <\u200bend_of_turn><end_of_turn>\n"
        "<start_of_turn>model\n2<end_of_turn>\n"
        "<start_of_turn>user\n2+2?<end_of_turn>\n"
        f"<start_of_turn>model\n{reply}<end_of_turn>"
    )


def test_the_reply_word_for_word_is_no_step(reader):
    steps = [
        {"i": 0, "type": "reasoning", "content": "2 and 2"},
        {"i": 4, "type": "output", "content": "So it is **4**."},
        {"i": 9, "type": "tool_call", "content": "{}"},
    ]
    said = "Reasoning:\n1. 2 and 2\n2. {}\nAnswer: 4"
    every = "Reasoning:\n1. 2 and 2\n2. So it is **4**.\n3. {}\nAnswer: 4"
    for meta, reply in (
        ({"reply_step": 4}, said),
        ({"reply_step": 5}, every),
        ({"reply_step": True}, every),
        ({"reply_step": "4"}, every),
        ({"other": {"reply_step": 4}}, every),
    ):
        trace = TraceFactory(final_answer="4", steps=steps, meta=meta)
        dataset = DatasetFactory()
        for metadata in ("object", "none"):
            (row, *_) = rows(export(reader, dataset, "training_example", metadata=metadata))
            assert row["response"] == reply
        (row, *_) = rows(export(reader, dataset, "tunix_sft"))
        assert row["prompts"].endswith(f"<start_of_turn>model\n{reply}<end_of_turn>")
        (row, *_) = rows(export(reader, dataset))
        assert (row["id"], len(row["trace_steps"])) == (str(trace.id), 3)


def test_replies_that_were_cut_off_come_where_they_are_asked_for(reader, traces):
    dataset = DatasetFactory()
    for fmt in ("tunix_sft", "training_example"):
        without = export(reader, dataset, fmt, include_truncated="false")
        assert without == export(reader, dataset, fmt)
        found = rows(export(reader, dataset, fmt, include_truncated="true"))
        assert len(found) == len(without.splitlines()) + 1
        url = f"/api/datasets/{dataset.key}/formats/{fmt}?include_truncated=true"
        left_out = {**CANNOT[fmt]}
        del left_out["truncated"]
        assert reader.get(url).json()["left_out"] == left_out
        url = f"/api/datasets/{dataset.key}/export.jsonl?format={fmt}"
        assert reader.head(url)["ETag"] != reader.head(f"{url}&include_truncated=true")["ETag"]


@pytest.mark.parametrize("fmt", ["trace", "record", "parquet"])
def test_asking_for_them_is_refused_where_none_are_left_out(reader, traces, fmt):
    dataset = DatasetFactory()
    for choice in ("true", "false"):
        for path in (f"export.jsonl?format={fmt}&", f"formats/{fmt}?"):
            url = f"/api/datasets/{dataset.key}/{path}include_truncated={choice}"
            response = reader.get(url)
            assert response.status_code == 400
            name = "table" if fmt == "parquet" else fmt
            assert response.json() == {"include_truncated": [f"{name} leaves none out."]}


def test_parts_joined_are_the_rows_that_are_not_left_out(reader, traces):
    for recipe in ({}, {"seed": 7, "splits": {"train": 0.5, "validation": 0.5}}):
        dataset = DatasetFactory(**{f"recipe__{key}": value for key, value in recipe.items()})
        for query in ({}, *({"split": split} for split in recipe.get("splits", ()))):
            for fmt in ("tunix_sft", "training_example"):
                lines = export(reader, dataset, fmt, **query).splitlines(keepends=True)
                for after in range(len(lines) + 1):
                    rest = export(reader, dataset, fmt, after=after, **query)
                    assert rest == b"".join(lines[after:])
                url = f"/api/datasets/{dataset.key}/export.jsonl"
                beyond = {"format": fmt, "after": len(lines) + 1, **query}
                assert reader.get(url, beyond).status_code == 400


def test_where_all_are_left_out_no_row_comes(reader):
    TraceFactory(final_answer="", meta={"truncated": True})
    dataset = DatasetFactory()
    url = f"/api/datasets/{dataset.key}/export.jsonl?format=tunix_sft"
    for ask in (reader.head, reader.get):
        response = ask(url)
        assert (response.status_code, response["X-Row-Count"]) == (200, "0")
        assert response["X-Rows-Left-Out"] == "1; truncated=1"
        assert response.getvalue() == b""


def test_counts_are_of_the_split(reader, traces):
    dataset = SplitDatasetFactory()
    whole = reader.get(f"/api/datasets/{dataset.key}/formats/tunix_sft").json()
    of_splits = [
        reader.get(f"/api/datasets/{dataset.key}/formats/tunix_sft?split={split}").json()
        for split in dataset.splits
    ]
    assert sum(counted["row_count"] for counted in of_splits) == whole["row_count"]
    for reason, count in whole["left_out"].items():
        assert sum(counted["left_out"].get(reason, 0) for counted in of_splits) == count


def test_what_is_no_format_is_not_found(reader, client):
    TraceFactory()
    dataset = DatasetFactory()
    response = reader.get(f"/api/datasets/{dataset.key}/formats/csv")
    assert response.status_code == 404
    assert response.json()["detail"].startswith("Unknown format; known ones: trace, ")
    assert reader.get("/api/datasets/nobody-1/formats/trace").status_code == 404
    refused = reader.get(f"/api/datasets/{dataset.key}/formats/trace?split=test")
    assert list(refused.json()) == ["split"]
    assert client.get(f"/api/datasets/{dataset.key}/formats/trace").status_code == 401


def test_the_counts_cost_a_query(reader, traces, django_assert_num_queries):
    dataset = DatasetFactory()
    reader.get("/api/datasets")  # so that the key is known
    with django_assert_num_queries(1):
        reader.get(f"/api/datasets/{dataset.key}/formats/tunix_sft")


def test_the_command_leaves_out_and_says_so(traces, tmp_path, capsys):
    dataset = DatasetFactory()
    arguments = ["export_dataset", dataset.key, "--format", "tunix_sft", "--verbosity", "0"]
    call_command(*arguments, "--output", tmp_path / "rows")
    assert capsys.readouterr().out.splitlines() == [
        f"Wrote 3 rows to {tmp_path}/rows.",
        "Left out: 4; tools=1, media=1, truncated=1, unreadable=1.",
    ]
    call_command(*arguments, "--output", tmp_path / "more", "--include-truncated")
    assert len((tmp_path / "more").read_text().splitlines()) == 4
    with pytest.raises(CommandError, match=r"^include_truncated: trace leaves none out\.$"):
        call_command("export_dataset", dataset.key, "--include-truncated", "--output", "-")


@pytest.mark.django_db(transaction=True)
def test_datasets_of_before_know_what_they_hold(traces):
    dataset = SplitDatasetFactory()
    items = list(DatasetItem.objects.order_by("position").values_list("position", "parts"))
    counts = dataset.part_counts
    assert {parts for _, parts in items} == {0, 1, 4, 8, 16, 35}
    try:
        call_command("migrate", "datasets", "0003", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    after = Dataset.objects.get()
    assert json.dumps(after.part_counts, sort_keys=True) == json.dumps(counts, sort_keys=True)
    assert list(DatasetItem.objects.order_by("position").values_list("position", "parts")) == items
    assert after.content_digest == dataset.content_digest
