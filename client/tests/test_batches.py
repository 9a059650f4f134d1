"""Any number of traces: cut into batches, with errors that count from the beginning."""

import pytest

from traces.models import Trace
from traces.tests.factories import BodyFactory
from tunix_rt import Invalid, Unsendable, batches
from tunix_rt.batches import cut

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def threes(monkeypatch):
    """Send three at a time."""
    real = batches.cut
    monkeypatch.setattr(batches, "cut", lambda items, **options: real(items, 3, **options))


def test_all_are_stored_in_order(client, threes):
    sent = client.traces.batch(BodyFactory(prompt=f"Question {n}") for n in range(8))
    assert (sent.created_count, sent.existing_count, sent.error_count) == (8, 0, 0)
    prompts = [Trace.objects.get(pk=identity).prompt for identity in sent.ids]
    assert prompts == [f"Question {n}" for n in range(8)]


def test_a_batch_is_sent_when_it_is_drawn(client, threes):
    drawn = []

    def bodies():
        for number in range(7):
            drawn.append(number)
            yield BodyFactory()

    sent = client.traces.batches(bodies())
    first = next(sent)
    assert (first.start, len(first.ids), Trace.objects.count()) == (0, 3, 3)
    assert len(drawn) == 4  # the fourth showed that the third was not the last
    assert [(one.start, len(one.ids)) for one in sent] == [(3, 3), (6, 1)]


def test_nothing_is_sent_of_nothing(client):
    assert client.traces.batch([]).ids == []


def test_a_thousand_go_at_once(client):
    [first, second] = client.traces.batches(BodyFactory() for _ in range(1_001))
    assert (len(first.ids), len(second.ids)) == (1_000, 1)


def test_bad_ones_are_named_by_their_index_in_the_whole(client, threes):
    bodies = [BodyFactory(steps=[]) if n in (1, 3, 4, 5, 7) else BodyFactory() for n in range(9)]
    sent = client.traces.batch(bodies, on_error="skip")
    assert (sent.created_count, sent.error_count) == (4, 5)
    assert [index for index, one in enumerate(sent.ids) if one is None] == [1, 3, 4, 5, 7]
    assert [(one.index, one.field) for one in sent.errors] == [
        (n, "steps") for n in (1, 3, 4, 5, 7)
    ]
    assert str(sent.errors[0]) == "item 1, steps: Give at least one step."


def test_a_bad_one_ends_it_and_those_before_stay(client, threes):
    bodies = [BodyFactory(prompt="") if n == 5 else BodyFactory() for n in range(9)]
    with pytest.raises(Invalid, match=r"item 5, prompt: ") as raised:
        client.traces.batch(iter(bodies))
    assert [(one.index, one.field) for one in raised.value.errors] == [(5, "prompt")]
    assert Trace.objects.count() == 3


def test_what_refuses_all_is_no_item_error(client):
    with pytest.raises(Invalid, match="on_error"):
        client.traces.batch([BodyFactory()], on_error="never")


@pytest.mark.parametrize("value", [float("nan"), b"bytes", {1, 2}, "\ud800"])
def test_what_is_no_json_is_named_and_nothing_of_its_batch_sent(client, value):
    with pytest.raises(Unsendable, match=r"^item 1: This is no JSON"):
        client.traces.batch([BodyFactory(), BodyFactory(meta={"x": value})])
    assert not Trace.objects.exists()


def test_batches_are_cut_by_bytes_too():
    items = [{"prompt": "x" * size} for size in (10, 10, 500, 10)]
    parts = list(cut(items, most=10, most_bytes=60))
    assert [part.start for part in parts] == [0, 2, 3]
    assert all(len(part.body) <= 62 or len(part.items) == 1 for part in parts)


def test_ids_of_ones_own_are_noticed():
    named, mixed = {"external_id": "1"}, {"external_id": None}
    assert [part.named for part in cut([named, named, mixed], most=2)] == [True, False]


def test_bad_scores_are_named_by_their_index(client):
    with pytest.raises(Invalid, match="item 0, trace"):
        client.traces.add_scores([{"trace": "x", "criteria": "judge", "value": 1}])
