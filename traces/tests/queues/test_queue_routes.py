"""/api/queues: made, listed, shown, changed and deleted."""

import json

import pytest

from jobs.tests.working import work_off
from traces.curation.queues import Queue
from traces.services.queues.queues import OF_ONE
from traces.tests.bodies import place
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, person, taken

pytestmark = pytest.mark.django_db

URL = "/api/queues"
NEW = {"name": "sums", "where": {"source": "made_up"}, "order": "oldest"}


def post(client, body, url=URL):
    raw = body if isinstance(body, str) else json.dumps(body)
    return client.post(url, raw, content_type="application/json")


def test_a_queue_is_made_and_filled(curator):
    TraceFactory.create_batch(3)
    TraceFactory(meta={"source": "other"})
    person("bob")
    whole = {
        **NEW,
        "order": "score",
        "criteria": "judge",
        "seed": -5,
        "overlap": 0.5,
        "blind": True,
        "reasons": ["wrong step", "é😀"],
        "step_labels": True,
        "guideline": "# Be kind.",
        "people": ["a curator", "bob"],
    }
    response = post(curator, whole)
    assert response.status_code == 201
    queue = response.json()
    assert {name: queue[name] for name in whole} == whole
    assert (queue["left"], queue["reviewed"], queue["agreement"]) == (0, 0, [])
    assert (queue["created_by"], queue["guideline_version"]) == ("a curator", 1)
    job = curator.get(f"/api/jobs/{queue['job']}").json()
    assert (job["kind"], job["state"], job["total"]) == ("fill_queue", "queued", 3)
    work_off("queues")
    shown = curator.get(f"{URL}/{queue['id']}").json()
    assert shown == {**queue, "left": 3, "job": None}


def test_the_least_is_enough(curator):
    queue = post(curator, {"name": "all", "where": {}, "order": "random"}).json()
    assert (queue["overlap"], queue["reasons"], queue["people"]) == (0, [], [])
    assert (queue["guideline"], queue["guideline_version"]) == ("", 0)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"where": None}, "where"),
        ({"where": {"status": "good"}}, "where.status"),
        ({"where": {"reviewed_after": "soon"}}, "where.reviewed_after"),
        ({"order": "best"}, "order"),
        ({"order": "score"}, "criteria"),
        ({"criteria": "judge"}, "criteria"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"overlap": 1.1}, "overlap"),
        ({"overlap": -0.1}, "overlap"),
        ({"overlap": True}, "overlap"),
        ({"blind": 1}, "blind"),
        ({"reasons": ["r"] * 2}, "reasons"),
        ({"reasons": [str(n) for n in range(10)]}, "reasons"),
        ({"reasons": ["r" * 201]}, "reasons.0"),
        ({"guideline": "g" * 50_001}, "guideline"),
        ({"guideline": "\0"}, "guideline"),
        ({"people": ["nobody"]}, "people.0"),
        ({"people": "nobody"}, "people"),
        ({"left": 5}, "left"),
    ],
)
def test_a_bad_queue_is_refused_by_its_place(curator, change, where):
    response = post(curator, {**NEW, **change})
    assert response.status_code == 400
    assert place(response.json()) == where
    assert not Queue.objects.exists()


def test_two_verdicts_are_not_wanted_of_one_person(curator):
    person("bob")
    both = {**NEW, "overlap": 0.1, "people": ["a curator", "bob"]}
    for people in (["bob"], ["bob", "bob"]):
        refused = post(curator, {**both, "people": people})
        assert (refused.status_code, refused.json()) == (400, {"people": [OF_ONE]})
    url = f"{URL}/{post(curator, both).json()['id']}"
    assert curator.patch(url, {"people": ["bob"]}, format="json").status_code == 400
    assert curator.get(url).json()["people"] == both["people"]
    assert curator.patch(url, {"people": []}, format="json").status_code == 200
    alone = {**NEW, "name": "one verdict each", "people": ["bob"]}
    assert post(curator, alone).status_code == 201


def test_a_name_is_taken_once(curator):
    assert post(curator, NEW).status_code == 201
    response = post(curator, NEW)
    assert response.status_code == 409
    assert response.json() == {"detail": "A queue of this name is there already."}


def test_what_people_are_told_changes_and_what_they_get_stays(curator):
    person("bob")
    queue = post(curator, {**NEW, "guideline": "Be kind."}).json()
    url = f"{URL}/{queue['id']}"
    change = {"name": "all", "people": ["bob"], "guideline": "Be strict.", "reasons": ["odd"]}
    response = curator.patch(url, change, format="json")
    assert response.status_code == 200
    assert response.json() == {**queue, **change, "guideline_version": 2}
    for name in ("where", "order", "criteria", "seed", "overlap"):
        refused = curator.patch(url, {name: NEW.get(name, 1)}, format="json")
        assert refused.status_code == 400
        assert "make another queue" in refused.json()[name][0]
    assert curator.patch(url, {}, format="json").json()["guideline_version"] == 2
    post(curator, NEW)
    assert curator.patch(url, {"name": "sums"}, format="json").status_code == 409
    assert curator.get(url).json()["name"] == "all"


def test_a_queue_that_is_deleted_is_gone_but_for_its_reviews(curator):
    trace = TraceFactory()
    queue = filled()
    review = judged(taken(queue, "ada"))
    url = f"{URL}/{queue.pk}"
    assert curator.delete(url).status_code == 204
    for response in (curator.get(url), curator.delete(url), post(curator, {}, f"{url}/next")):
        assert response.status_code == 404
    assert curator.get(URL).json()["results"] == []
    [shown] = curator.get(f"/api/traces/{trace.pk}/reviews").json()["results"]
    assert (shown["id"], shown["queue"]) == (review.pk, queue.pk)


def test_queues_come_in_pages(reader, django_assert_num_queries):
    queues = [filled(name=str(number), people=["lead"]) for number in range(3)]
    reader.get(URL)  # the key is read
    with django_assert_num_queries(2):  # the queues, their people
        page = reader.get(f"{URL}?limit=2").json()
    assert [row["id"] for row in page["results"]] == [queues[2].pk, queues[1].pk]
    assert "guideline" not in page["results"][0]
    with django_assert_num_queries(3):  # the agreement as well
        reader.get(f"{URL}/{queues[0].pk}")


def test_how_far_people_agree_is_told_pair_by_pair(reader):
    TraceFactory.create_batch(10)
    queue = filled(overlap=1)
    verdicts = [("approved", "approved")] * 4 + [("rejected", "rejected")] * 3
    verdicts += [("approved", "rejected")] * 2 + [("rejected", "approved")]
    for first, second in verdicts:
        judged(taken(queue, "bob"), first)
        judged(taken(queue, "ada"), second)
    [pair] = reader.get(f"{URL}/{queue.pk}").json()["agreement"]
    by_chance = 0.6 * 0.5 + 0.4 * 0.5
    assert (pair["reviewers"], pair["trace_count"]) == (["bob", "ada"], 10)
    assert pair["share"] == pytest.approx(0.7)
    assert pair["kappa"] == pytest.approx((0.7 - by_chance) / (1 - by_chance))
