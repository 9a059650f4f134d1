"""POST /api/rewards/preview."""

import pytest

from traces.finding import rewards
from traces.models import Score
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.tests.clock import Clock

pytestmark = pytest.mark.django_db

URL = "/api/rewards/preview"


def preview(client, reward, where=None) -> dict:
    body = {"reward": reward, "where": where or {}}
    response = client.post(URL, body, format="json")
    assert response.status_code == 200, response.json()
    return response.json()


def judged(**values: float):
    """Make traces by their answer, with scores of a judge."""
    traces = {name: TraceFactory(final_answer=name) for name in values}
    for name, value in values.items():
        ScoreFactory(trace=traces[name], criteria="judge", value=value)
    return traces


def test_rewards_are_summed_up_and_ranked(reader):
    traces = judged(a=0.0, b=0.25, c=0.5, d=1.0)
    for trace in traces.values():
        ScoreFactory(trace=trace, criteria="brevity", value=0.5)
    shown = preview(reader, {"judge": 2, "brevity": -1})
    assert [(row["final_answer_preview"], row["reward"]) for row in shown["best"]] == [
        ("d", 1.5),
        ("c", 0.5),
        ("b", 0.0),
        ("a", -0.5),
    ]
    assert [row["final_answer_preview"] for row in shown["worst"]] == ["a", "b", "c", "d"]
    assert shown["best"][0]["scores"] == {"judge": 1.0, "brevity": 0.5}
    assert shown["best"][0]["id"] == str(traces["d"].pk)
    assert (shown["trace_count"], shown["rewarded_count"], shown["complete"]) == (4, 4, True)
    assert (shown["mean"], shown["left_out"]) == (0.375, {"judge": 0, "brevity": 0})


def test_the_histogram_counts_every_reward(reader):
    judged(**{f"a{n}": n / 10 for n in range(11)})
    bins = preview(reader, {"judge": 1})["histogram"]
    assert (len(bins), sum(one["count"] for one in bins)) == (20, 11)
    assert (bins[0]["low"], bins[0]["count"], bins[-1]["count"]) == (0, 1, 1)
    assert bins[-1]["high"] == pytest.approx(1)


def test_equal_rewards_are_one_bin(reader):
    judged(a=0.5, b=0.5)
    shown = preview(reader, {"judge": 1})
    assert shown["histogram"] == [{"low": 0.5, "high": 0.5, "count": 2}]


def test_five_of_each_end_are_shown(reader):
    judged(**{f"a{n}": n / 10 for n in range(9)})
    shown = preview(reader, {"judge": 1})
    assert [row["reward"] for row in shown["best"]] == [0.8, 0.7, 0.6, 0.5, 0.4]
    assert [row["reward"] for row in shown["worst"]] == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_our_own_scores_are_computed_where_they_are_not_stored(reader):
    steps = [{"i": 0, "type": "reasoning", "content": "2 + 2 = 5"}]
    wrong, stored = TraceFactory(steps=steps), TraceFactory(steps=steps)
    ScoreFactory(trace=stored, criteria="arithmetic", scorer_version="tunix-1", value=1.0)
    ScoreFactory(trace=wrong, criteria="arithmetic", scorer_version="0", value=0.7)
    shown = preview(reader, {"arithmetic": 1})
    assert [(row["id"], row["reward"]) for row in shown["best"]] == [
        (str(stored.pk), 1.0),
        (str(wrong.pk), 0.0),
    ]
    assert Score.objects.count() == 2


def test_of_the_scores_of_others_the_last_counts(reader):
    trace = TraceFactory()
    for version, value in (("2", 0.2), ("1", 0.1)):
        ScoreFactory(trace=trace, criteria="judge", scorer_version=version, value=value)
    assert preview(reader, {"judge": 1})["mean"] == 0.1


def test_what_lacks_a_score_or_is_undecided_gets_no_reward(reader):
    judged(a=1.0)
    undecided = TraceFactory()
    ScoreFactory(trace=undecided, criteria="judge", value=None, details={"outcome": "undecided"})
    TraceFactory()
    shown = preview(reader, {"judge": 1, "baseline": 0.01})
    assert (shown["trace_count"], shown["rewarded_count"]) == (3, 1)
    assert shown["left_out"] == {"judge": 2, "baseline": 0}


def test_the_filters_choose(reader):
    judged(a=1.0)
    assert preview(reader, {"judge": 1}, {"source": "nobody"}) == {
        "trace_count": 0,
        "complete": True,
        "rewarded_count": 0,
        "left_out": {"judge": 0},
        "mean": None,
        "histogram": [],
        "best": [],
        "worst": [],
    }


def test_the_newest_are_looked_at_and_no_more_than_so_many(reader, monkeypatch):
    monkeypatch.setattr(rewards, "IDS_AT_ONCE", 2)
    judged(a=0.1, b=0.2, c=0.3)
    assert preview(reader, {"judge": 1})["trace_count"] == 3
    monkeypatch.setattr(rewards, "MAX_TRACES", 2)
    shown = preview(reader, {"judge": 1})
    assert (shown["trace_count"], shown["complete"]) == (2, False)
    assert [row["final_answer_preview"] for row in shown["best"]] == ["c", "b"]


def test_when_the_time_is_up_the_rest_is_left(reader, monkeypatch):
    monkeypatch.setattr(rewards, "MAX_SECONDS", 0)
    TraceFactory.create_batch(3)
    shown = preview(reader, {"baseline": 1})
    assert (shown["trace_count"], shown["complete"]) == (0, False)


def test_as_many_as_are_looked_at_are_all(reader, monkeypatch):
    monkeypatch.setattr(rewards, "MAX_TRACES", 2)
    monkeypatch.setattr(rewards, "IDS_AT_ONCE", 2)
    judged(a=0.1, b=0.2)
    shown = preview(reader, {"judge": 1})
    assert (shown["trace_count"], shown["complete"]) == (2, True)


def test_the_time_may_end_with_the_last(reader, monkeypatch):
    clock = Clock()

    def computed(scorer, content) -> float:
        clock.now += 1
        return 0.5

    monkeypatch.setattr(rewards, "time", clock)
    monkeypatch.setattr(rewards, "MAX_SECONDS", 2)
    monkeypatch.setattr(rewards, "_computed", computed)
    TraceFactory.create_batch(2)
    shown = preview(reader, {"baseline": 1})
    assert (shown["trace_count"], shown["complete"]) == (2, True)
    TraceFactory()
    shown = preview(reader, {"baseline": 1})
    assert (shown["trace_count"], shown["complete"]) == (2, False)


def test_rewards_beyond_all_measure_are_left_out(reader):
    judged(a=1e308, b=-1e308, c=1.0)
    shown = preview(reader, {"judge": 1_000_000})
    assert (shown["rewarded_count"], shown["mean"]) == (1, 1_000_000)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reward"),
        ({"where": {}}, "reward"),
        ({"reward": {"judge": 1}}, "where"),
        ({"reward": {}, "where": {}}, "reward"),
        ({"reward": {"judge": "1"}, "where": {}}, "reward"),
        ({"reward": {"judge": True}, "where": {}}, "reward"),
        ({"reward": {"judge": None}, "where": {}}, "reward"),
        ({"reward": {"judge": 1e7}, "where": {}}, "reward"),
        ({"reward": {"": 1}, "where": {}}, "reward"),
        ({"reward": {"j" * 65: 1}, "where": {}}, "reward"),
        ({"reward": {f"judge{n}": 1 for n in range(11)}, "where": {}}, "reward"),
        ({"reward": ["judge"], "where": {}}, "reward"),
        ({"reward": {"judge": 1}, "where": {"sauce": "x"}}, "where"),
        ({"reward": {"judge": 1}, "where": {}, "limit": 5}, "limit"),
    ],
)
def test_bad_requests_are_refused(reader, body, field):
    response = reader.post(URL, body, format="json")
    assert response.status_code == 400
    assert field in response.json()
