"""The fault campaign runs, and its checks find what they are for."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections import Counter

import pytest

from chaos import journal
from chaos.checking import Findings, check_copy, check_traces, check_work
from chaos.journal import BATCH, BUILD, IMPORT, SINGLE, Deed, Journal
from tests.pages import ROOT

BOTH = {"a.0": 1, "a.1": 1}


def batch(**changes) -> Deed:
    return dataclasses.replace(Deed("a", BATCH, 2, acknowledged_at=10.0), **changes)


def found(deed: Deed, stored: dict[str, int], **options) -> dict[str, list[str]]:
    findings = check_traces([deed], Counter(stored), **options)
    return {name: value for name, value in vars(findings).items() if value}


@pytest.mark.parametrize(
    ("deed", "stored"),
    [
        (batch(), BOTH),
        (batch(acknowledged_at=None), BOTH),
        (batch(acknowledged_at=None), {}),
        (Deed("a", IMPORT, 2), {"a.1": 1}),
        (Deed("a", SINGLE, 1, acknowledged_at=1.0), {"a.0": 1}),
    ],
)
def test_what_may_be_is_no_finding(deed, stored):
    assert found(deed, stored) == {}


@pytest.mark.parametrize(
    ("deed", "stored", "findings"),
    [
        (Deed("a", SINGLE, 1, acknowledged_at=1.0), {}, {"lost": ["a.0"]}),
        (Deed("a", IMPORT, 2, acknowledged_at=1.0), {"a.0": 1}, {"lost": ["a.1"]}),
        (batch(), {}, {"lost": ["a.0", "a.1"]}),
        (batch(), {"a.0": 2, "a.1": 1}, {"doubled": ["a.0"]}),
        (batch(acknowledged_at=None), {"a.0": 2, "a.1": 2}, {"doubled": ["a.0", "a.1"]}),
        (batch(acknowledged_at=None), {"a.1": 1}, {"half": ["a: 1 of 2"]}),
        (batch(), {"a.0": 1}, {"lost": ["a.1"], "half": ["a: 1 of 2"]}),
        (batch(), {**BOTH, "b.0": 1}, {"others": ["b.0 was never sent"]}),
    ],
)
def test_a_lost_a_doubled_and_half_a_batch_are_found(deed, stored, findings):
    assert found(deed, stored) == findings


def test_a_backup_owes_what_was_acknowledged_before_it():
    assert found(batch(), {}, before=9.0) == {}
    assert found(batch(), {}, before=11.0) == {"lost": ["a.0", "a.1"]}
    assert found(batch(), {"a.0": 1}, before=9.0) == {"half": ["a: 1 of 2"]}


KILLED = "The process that ran it ended, 3 times."


@pytest.mark.parametrize(
    ("deed", "jobs", "datasets", "finding"),
    [
        ({"job": "1"}, {"1": ("succeeded", "")}, {"a-1": True}, ""),
        ({"job": "1"}, {"1": ("failed", KILLED)}, {}, ""),
        ({"dataset": "a-1"}, {}, {"a-1": True}, ""),
        ({"acknowledged_at": None}, {}, {}, ""),
        ({"job": "1"}, {}, {}, "lost: a: its job 1 is gone"),
        ({"job": "1"}, {"1": ("running", "")}, {}, "others: job 1 is still running"),
        ({"job": "1"}, {"1": ("failed", "no")}, {}, "others: a: its job failed: no"),
        ({"job": "1"}, {"1": ("succeeded", "")}, {}, "lost: a: its dataset is gone"),
        ({"dataset": "a-1"}, {}, {}, "lost: a: its dataset a-1 is gone"),
        ({"dataset": "a-1"}, {}, {"a-1": False}, "others: dataset a-1 lacks items"),
    ],
)
def test_work_that_hangs_or_vanished_is_found(deed, jobs, datasets, finding):
    build = Deed("a", BUILD, **{"acknowledged_at": 1.0, **deed})
    findings = check_work([build], jobs, datasets)
    assert findings.lines() == [finding] * bool(finding)
    assert bool(findings) is bool(finding)


def test_a_backup_that_differs_is_found():
    assert check_copy({"1": b"x"}, {"1": b"x", "2": b"y"}, "there") == []
    assert check_copy({"1": b"x"}, {"1": b"z"}, "there") == ["there: 1 is not as it was"]
    assert check_copy({"1": b"x"}, {}, "there") == ["there: 1 is not as it was"]


def test_of_many_findings_the_first_are_shown():
    lines = Findings(lost=[str(number) for number in range(1000)]).lines()
    assert lines[0] == "lost: 0"
    assert lines[-1] == "lost: 980 more"


def test_the_journal_is_read_as_it_was_written(tmp_path):
    notes = Journal(tmp_path / "journal")
    before = time.time()
    for deed in (batch(acknowledged_at=None), Deed("b", BUILD)):
        notes.sent(deed)
    notes.acknowledged(batch(), {})
    notes.acknowledged(Deed("b", BUILD), {"job": "1"})
    notes.fault("postmaster", 7)
    notes.wrong(batch(), "500")
    deeds, wrong, faults = journal.read(tmp_path / "journal")  # while it is still open
    notes.close()
    assert before <= deeds["a"].acknowledged_at <= time.time()
    assert (deeds["a"].count, deeds["b"].job) == (2, "1")
    assert (wrong, faults) == (["a: 500"], {"postmaster": 1})
    assert notes.counts["sent"] == notes.counts["acknowledged"] == 2


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> tuple[subprocess.CompletedProcess, list[dict]]:
    """Run a short one from outside, on a directory of its own; give also its journal."""
    var_dir = tmp_path_factory.mktemp("chaos")
    kept = {name: value for name, value in os.environ.items() if name != "MAKELEVEL"}
    done = subprocess.run(
        [sys.executable, "-m", "chaos", "--seconds", "8", "--seed", "3"],
        cwd=ROOT,
        env={**kept, "TUNIX_VAR": str(var_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (var_dir / "chaos" / "journal.jsonl").read_text().splitlines()
    return done, [json.loads(line) for line in lines]


@pytest.mark.live
def test_a_campaign_kills_and_finds_everything_there(campaign):
    done, lines = campaign
    assert done.returncode == 0, done.stdout + done.stderr
    events = Counter(line["event"] for line in lines)
    assert events["sent"] > 0
    assert events["acknowledged"] > 0
    assert events["faults"] > 0
    for name in ("sent", "stored", "faults", "lost", "doubled", "half"):
        assert any(line.startswith(name) for line in done.stdout.splitlines()), done.stdout
    assert "seed      3 " in done.stdout
