"""POST /api/datasets/build."""

import json

import pytest

from datasets.models import Dataset, DatasetItem, RemovedTrace
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory
from tunix_site.models import Role

pytestmark = pytest.mark.django_db

URL = "/api/datasets/build"


def request(**changes) -> dict:
    return {"dataset_name": "sums", "dataset_version": "1", **changes}


def test_building_answers_with_key_counts_and_digest(curator):
    TraceFactory.create_batch(3)
    response = curator.post(URL, request(), format="json")
    assert response.status_code == 201
    dataset = Dataset.objects.get()
    assert response.json() == {
        "dataset_key": "sums-1",
        "build_id": str(dataset.build_id),
        "trace_count": 3,
        "matched_count": 3,
        "manifest_url": "http://testserver/api/datasets/sums-1/manifest",
        "content_digest": dataset.content_digest,
    }
    assert curator.get(response.json()["manifest_url"]).status_code == 200
    assert dataset.created_by.username == "a curator"


def test_the_defaults_are_the_newest_hundred(curator):
    TraceFactory.create_batch(101)
    assert curator.post(URL, request(), format="json").json()["trace_count"] == 100
    everything = request(dataset_version="all", limit=None)
    assert curator.post(URL, everything, format="json").json()["trace_count"] == 101


def test_every_key_of_a_request_is_kept(curator):
    parent = TraceFactory.create_batch(20) and DatasetFactory(name="parent")
    asked = request(
        filters={"source": "made_up"},
        where={"min_steps": 1, "meta.source": "made_up", "created_after": "2020-01-01T00:00:00Z"},
        limit=19,
        selection_strategy="random",
        seed=-3,
        splits={"train": 0.9, "validation": 0.1},
        split_by="trace",
        session_id="a session",
        parent_dataset_id=parent.key,
        training_run_id="a run",
        provenance={"by": ["hand", None, 1.5]},
    )
    assert curator.post(URL, asked, format="json").status_code == 201
    shown = curator.get("/api/datasets/sums-1").json()
    asked["where"]["created_after"] = "2020-01-01T00:00:00+00:00"
    assert {key: shown[key] for key in asked} == asked


def test_spaces_slashes_and_dots_are_allowed_in_names(curator):
    TraceFactory()
    asked = request(dataset_name="Grade School/math v.1", dataset_version="0.1 beta")
    key = curator.post(URL, asked, format="json").json()["dataset_key"]
    assert key == "Grade_School_math_v.1-0.1_beta"
    assert curator.get(f"/api/datasets/{key}").status_code == 200


def test_the_same_request_again_gives_the_stored_dataset(curator):
    TraceFactory.create_batch(2)
    asked = request(
        seed=1,
        splits={"a": 0.25, "b": 0.75},
        filters={"source": "made_up"},
        where={"created_before": "2100-01-01T00:00:00Z", "prompt_hash": None},
        provenance={"large": 1e22, "small": 0.1, "round": 100000.0, "none": None},
    )
    del asked["where"]["prompt_hash"]
    first = curator.post(URL, asked, format="json")
    TraceFactory()
    again = curator.post(URL, asked, format="json")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert DatasetItem.objects.count() == 2


def test_the_version_is_never_built_anew_by_another_request(curator):
    TraceFactory(meta={"flag": True})
    TraceFactory(meta={"flag": 1})
    curator.post(URL, request(filters={"flag": True}), format="json")
    built = curator.get("/api/datasets/sums-1/manifest").getvalue()
    for changes in ({}, {"filters": {"flag": 1}}, {"filters": {"flag": True}, "limit": 1}):
        response = curator.post(URL, request(**changes), format="json")
        assert response.status_code == 409
        assert "different: " in response.json()["detail"]
    assert curator.get("/api/datasets/sums-1/manifest").getvalue() == built


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a-b", "c"), ("a", "b-c")), (("a b", "c"), ("a_b", "c")), (("a/b", "c"), ("a b", "c"))],
)
def test_two_names_never_share_a_key(curator, one, other):
    TraceFactory()
    answers = [
        curator.post(URL, request(dataset_name=name, dataset_version=version), format="json")
        for name, version in (one, other)
    ]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert "is taken by" in answers[1].json()["detail"]
    assert Dataset.objects.count() == 1


def test_the_key_of_a_deleted_dataset_stays_taken(curator):
    TraceFactory()
    curator.post(URL, request(), format="json")
    assert curator.delete("/api/datasets/sums-1").status_code == 204
    response = curator.post(URL, request(), format="json")
    assert response.status_code == 409
    assert "was deleted" in response.json()["detail"]


def test_nothing_matched_is_refused_and_leaves_the_name_free(curator):
    TraceFactory()
    response = curator.post(URL, request(filters={"source": "nowhere"}), format="json")
    assert response.status_code == 400
    assert response.json() == {"detail": "No trace matches: nothing was built."}
    assert curator.post(URL, request(), format="json").status_code == 201


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (
            {"verify": {"criteria": "baseline"}},
            {"verify": ["Of 2 traces none is left (no_score 2): nothing was built."]},
        ),
        (
            {"exact": True, "where": {"source": "nowhere"}},
            {"detail": "No trace matches: nothing was built."},
        ),
        (
            {"seed": 1, "split_counts": {"train": 3}},
            {"split_counts": ["They are 3 in all, and 2 are there."]},
        ),
        (
            {"limit": 1, "stratify_by": "meta.level", "weights": {"hard": 1.0}},
            {"weights": ["No trace has the value 'hard'."]},
        ),
    ],
)
def test_an_empty_result_names_the_step_that_emptied_it(curator, recipe, said):
    TraceFactory.create_batch(2)
    response = curator.post(URL, request(**recipe), format="json")
    assert (response.status_code, response.json()) == (400, said)
    assert not Dataset.objects.exists()
    assert not RemovedTrace.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dataset_name": ""}, "dataset_name"),
        ({"dataset_name": "a" * 129}, "dataset_name"),
        ({"dataset_name": "../../etc/passwd"}, "dataset_name"),
        ({"dataset_name": "/tmp/here"}, "dataset_name"),
        ({"dataset_name": "a\n"}, "dataset_name"),
        ({"dataset_name": "a\0b"}, "dataset_name"),
        ({"dataset_name": "naïve"}, "dataset_name"),
        ({"dataset_name": 5}, "dataset_name"),
        ({"dataset_version": "v" * 65}, "dataset_version"),
        ({"dataset_version": "-1"}, "dataset_version"),
        ({"limit": 0}, "limit"),
        ({"limit": "5"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 2**63}, "limit"),
        ({"selection_strategy": "newest"}, "selection_strategy"),
        ({"selection_strategy": "random"}, "seed"),
        ({"splits": {"a": 1.0}}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 1, "splits": {"a": 0.5, "b": 0.4}}, "splits"),
        ({"seed": 1, "splits": {"a": 1.0, "b": 0}}, "splits"),
        ({"seed": 1, "splits": {"a": 2, "b": -1}}, "splits"),
        ({"seed": 1, "splits": {"a": "1.0"}}, "splits"),
        ({"seed": 1, "splits": {"a": True}}, "splits"),
        ({"seed": 1, "splits": {"": 1.0}}, "splits"),
        ({"seed": 1, "splits": {"a b": 1.0}}, "splits"),
        ({"seed": 1, "splits": {"a" * 65: 1.0}}, "splits"),
        ({"seed": 1, "splits": {str(n): 1 / 21 for n in range(21)}}, "splits"),
        ({"seed": 1, "splits": ["a"]}, "splits"),
        ({"split_by": "source"}, "split_by"),
        ({"split_by": None}, "split_by"),
        ({"seed": 1, "split_counts": {"a": 0}}, "split_counts"),
        ({"seed": 1, "split_counts": {"a": 1.5}}, "split_counts"),
        ({"seed": 1, "split_counts": {"a b": 1}}, "split_counts"),
        ({"seed": 1, "split_counts": {"a": 1}, "splits": {"a": 1.0}}, "split_counts"),
        ({"split_counts": {"a": 1}}, "seed"),
        ({"exact": 1}, "exact"),
        ({"verify": {}}, "verify"),
        ({"verify": {"criteria": "judge"}}, "verify"),
        ({"verify": {"criteria": "baseline", "min": "1"}}, "verify"),
        ({"verify": {"criteria": "baseline", "missing": "score it"}}, "verify"),
        ({"verify": {"criteria": "baseline", "unknown": 1}}, "verify"),
        ({"verify": {"criteria": "format", "scorer_version": "1", "min": 1.5}}, "verify"),
        ({"dedupe": {}}, "dedupe"),
        ({"dedupe": {"per_prompt": 0}}, "dedupe"),
        ({"dedupe": {"per_prompt": 1, "keep": [{"by": "date"}]}}, "dedupe"),
        ({"dedupe": {"per_prompt": 1, "keep": [{"by": "score:judge"}]}}, "dedupe"),
        ({"dedupe": {"per_prompt": 1, "keep": [{"by": "length"}] * 6}}, "dedupe"),
        ({"stratify_by": "level"}, "stratify_by"),
        ({"weights": "equal"}, "weights"),
        ({"weights": "most", "stratify_by": "meta.level"}, "weights"),
        ({"weights": {"a": 0.5}, "stratify_by": "meta.level"}, "weights"),
        ({"weights": {"a": 1.0}, "stratify_by": "meta.level", "limit": None}, "weights"),
        ({"where": {"not": {}}}, "where"),
        ({"where": {"pass_rate": {"criteria": "judge"}}}, "where"),
        ({"where": {"pass_rate": {"criteria": "baseline", "min": 2}}}, "where"),
        ({"where": {"pass_rate": {"criteria": "baseline", "min": 0.5, "max": 0.4}}}, "where"),
        ({"where": {"not": {"unknown": 1}}}, "where"),
        ({"where": {"not": {"not": {"status": "approved"}}}}, "where"),
        ({"filters": {"a": ["b"]}}, "filters"),
        ({"filters": {"a": {"b": 1}}}, "filters"),
        ({"filters": {"a": "\0"}}, "filters"),
        ({"filters": {"a\ud800": 1}}, "filters"),
        ({"filters": {"a": 2**64}}, "filters"),
        ({"filters": {str(n): n for n in range(51)}}, "filters"),
        ({"filters": []}, "filters"),
        ({"where": {"unknown": 1}}, "where"),
        ({"where": {"min_steps": "1"}}, "where"),
        ({"where": {"limit": 1}}, "where"),
        ({"where": {"meta.a": [1]}}, "where"),
        ({"where": {"min_score": 1}}, "where"),
        ({"where": {f"meta.{n}": n for n in range(51)}}, "where"),
        ({"where": "all"}, "where"),
        ({"provenance": "me"}, "provenance"),
        ({"session_id": 5}, "session_id"),
        ({"session_id": "s" * 201}, "session_id"),
        ({"training_run_id": []}, "training_run_id"),
        ({"parent_dataset_id": 5}, "parent_dataset_id"),
        ({"parent_dataset_id": "p" * 257}, "parent_dataset_id"),
        ({"parent_dataset_id": "a\0b"}, "parent_dataset_id"),
        ({"dataset_name": "a b", "parent_dataset_id": "a_b-1"}, "parent_dataset_id"),
        ({"output_path": "/tmp/here"}, "output_path"),
    ],
)
def test_what_is_refused_names_its_field(curator, changes, field):
    TraceFactory()
    body = json.dumps(request(**changes))
    response = curator.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert list(response.json()) == [field]
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("missing", ["dataset_name", "dataset_version"])
def test_a_name_and_a_version_are_needed(curator, missing):
    asked = request()
    del asked[missing]
    response = curator.post(URL, asked, format="json")
    assert (response.status_code, list(response.json())) == (400, [missing])


def test_no_path_of_the_server_can_be_named(curator, tmp_path):
    TraceFactory()
    asked = request(dataset_name="a/../b", provenance={"path": str(tmp_path)})
    key = curator.post(URL, asked, format="json").json()["dataset_key"]
    assert key == "a_.._b-1"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("parent", ["elsewhere-v1", "a name / of theirs", "p" * 256, "parent-1"])
def test_a_parent_that_is_kept_elsewhere_is_shown_as_it_was_sent(curator, parent):
    TraceFactory()
    DatasetFactory(name="parent")
    curator.delete("/api/datasets/parent-1")
    asked = request(parent_dataset_id=parent)
    first = curator.post(URL, asked, format="json")
    assert first.status_code == 201
    manifest = json.loads(curator.get(first.json()["manifest_url"]).getvalue())
    assert manifest["parent_dataset_id"] == parent
    again = curator.post(URL, asked, format="json")
    assert (again.status_code, again.json()) == (200, first.json())
    other = curator.post(URL, request(parent_dataset_id="other"), format="json")
    assert "(different: parent_dataset_id)" in other.json()["detail"]
    assert curator.delete("/api/datasets/sums-1").status_code == 204


def test_a_parent_that_is_built_here_later_is_still_the_same_request(curator):
    TraceFactory()
    asked = request(parent_dataset_id="parent-1")
    first = curator.post(URL, asked, format="json")
    DatasetFactory(name="parent")
    again = curator.post(URL, asked, format="json")
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize("parent", ["", None])
def test_an_empty_parent_is_none(curator, parent):
    TraceFactory()
    assert curator.post(URL, request(parent_dataset_id=parent), format="json").status_code == 201
    assert curator.post(URL, request(), format="json").status_code == 200
    assert curator.get("/api/datasets/sums-1").json()["parent_dataset_id"] is None


@pytest.mark.parametrize("strategy", [{}, {"selection_strategy": "random", "seed": 1}])
def test_what_matched_before_the_limit_is_counted_and_kept(curator, strategy):
    TraceFactory.create_batch(3, meta={"source": "here"})
    TraceFactory(meta={"source": "there"})
    counts = {}
    for limit in (2, 3, 9, None):
        asked = request(
            dataset_version=f"{limit}", limit=limit, filters={"source": "here"}, **strategy
        )
        first = curator.post(URL, asked, format="json").json()
        counts[limit] = (first["trace_count"], first["matched_count"])
        TraceFactory(meta={"source": "there"})
        assert curator.post(URL, asked, format="json").json() == first
    assert counts == {2: (2, 3), 3: (3, 3), 9: (3, 3), None: (3, 3)}
    TraceFactory(meta={"source": "here"})
    asked = request(dataset_version="2", limit=2, filters={"source": "here"}, **strategy)
    assert curator.post(URL, asked, format="json").json()["matched_count"] == 3


def test_an_idempotency_key_replays_the_answer(curator):
    TraceFactory()
    headers = {"Idempotency-Key": "once"}
    answers = [
        curator.post(URL, request(), format="json", headers=headers).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    other = curator.post(URL, request(limit=1), format="json", headers=headers)
    assert other.status_code == 422
    as_a_job = {**headers, "Prefer": "respond-async"}
    assert curator.post(URL, request(), format="json", headers=as_a_job).status_code == 422


@pytest.mark.parametrize(("role", "code"), [(Role.READER, 403), (Role.WRITER, 403)])
def test_building_needs_a_curator(client_as, role, code):
    TraceFactory()
    assert client_as(role).post(URL, request(), format="json").status_code == code
    assert not Dataset.objects.exists()


def test_building_needs_a_key(client):
    assert client.post(URL, request(), content_type="application/json").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_queries_of_a_build_do_not_grow(curator, django_assert_num_queries):
    TraceFactory.create_batch(3)
    with django_assert_num_queries(28):
        curator.post(URL, request(), format="json")
    TraceFactory.create_batch(30)
    with django_assert_num_queries(27):
        curator.post(URL, request(dataset_version="2"), format="json")
