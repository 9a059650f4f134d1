"""manage.py score_traces."""

import json

import pytest
from django.core.management import CommandError, call_command

from events.models import Event
from traces.models import Score
from traces.scorers import known
from traces.scorers.scorer import Scorer
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Run the command; give what it printed."""

    def call(*arguments):
        call_command("score_traces", *arguments)
        return capsys.readouterr().out

    return call


def test_traces_are_scored_once(run):
    TraceFactory.create_batch(3)
    assert run("baseline") == "Scored 3 traces, 0 of them undecided.\n"
    assert run("baseline") == "Scored 0 traces, 0 of them undecided.\n"
    assert run("baseline", "--again") == "Scored 3 traces, 0 of them undecided.\n"
    assert Score.objects.count() == 3
    event = Event.objects.first()
    assert (event.action, event.count, event.through) == ("score", 3, "command")
    assert event.after == {"criteria": "baseline", "version": "1"}


def test_a_filter_chooses(run):
    chosen = TraceFactory(meta={"source": "mine", "level": 5})
    TraceFactory()
    where = json.dumps({"source": "mine", "meta.level": 5})
    assert run("agreement", "--where", where) == "Scored 1 trace, 0 of them undecided.\n"
    assert Score.objects.get().trace == chosen


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quality"], "invalid choice"),
        (["baseline", "--where", "{"], "no JSON"),
        (["baseline", "--where", "[]"], "where: "),
        (["baseline", "--where", '{"sauce": "mine"}'], "Unknown field"),
    ],
)
def test_what_is_wrong_is_said(run, arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)


def test_interrupted_it_says_how_far_it_came(run, monkeypatch):
    monkeypatch.setattr("traces.services.scoring.contents.SCORED_AT_ONCE", 1)
    TraceFactory.create_batch(2)
    scores = iter([known.SCORERS["baseline"].score])

    def score(content):
        known_score = next(scores, None)
        if known_score is None:
            raise KeyboardInterrupt
        return known_score(content)

    scorer = Scorer(criteria="baseline", version="1", score=score)
    monkeypatch.setitem(known.SCORERS, "baseline", scorer)
    with pytest.raises(CommandError, match="1 scores are stored") as caught:
        run("baseline")
    assert caught.value.returncode == 130
    assert Score.objects.count() == 1
