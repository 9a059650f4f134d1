"""The step that takes away the traces in which items of evaluation sets stand."""

import pytest

from datasets.models import Dataset
from datasets.recipe.steps import decontaminate
from datasets.recipe.text.items import ByWords
from datasets.services.delete import delete_dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import ids, selected, step
from evalsets.document import Item
from evalsets.tests.factories import EvalSetFactory
from events.tests.acting import acting
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.errors import Invalid

pytestmark = pytest.mark.django_db

FERRY = "A ferry carries 120 cars and 35 trucks over the bay. How many wheels do its vehicles have?"
BAKER = "A baker sells 45 loaves on Monday and twice as many on Friday. How many loaves in all?"


def asked(*prompts: str, **fields) -> str:
    """Make a set of prompts; give its key."""
    items = [
        Item(id=f"q{n}", prompt=prompt, expected_answer="") for n, prompt in enumerate(prompts)
    ]
    return EvalSetFactory(items=items, **fields).key


def against(key: str, **more) -> dict:
    return {"against": [{"eval_set": key, **more}]}


def test_a_trace_with_an_item_goes_and_says_which():
    key = asked(BAKER, FERRY)
    clean = TraceFactory(prompt="How many legs have seven spiders and two horses, if none is hurt?")
    copies = [TraceFactory(prompt=FERRY.upper()), TraceFactory(prompt=f"Well: {FERRY} Say why.")]
    changed = TraceFactory(prompt=BAKER.replace("45", "50"))
    dataset = DatasetFactory(recipe__decontaminate=against(key))
    assert [item.trace_id for item in dataset.items.all()] == [clean.id]
    because = {one.trace_id: one.because for one in dataset.removed.all()}
    assert {one.reason for one in dataset.removed.all()} == {"contaminated"}
    words = FERRY.lower().replace(".", "").replace("?", "")
    found = {"eval_set": key, "item": "q1", "share": 1.0, "words": words}
    assert [because[copy.id] for copy in copies] == [found, found]
    assert (because[changed.id]["item"], because[changed.id]["share"]) == ("q0", 0.7778)
    assert dataset.funnel[1] == {
        "step": "decontaminate",
        "in": 4,
        "out": 1,
        "reasons": {"contaminated": 3},
        "seconds": dataset.funnel[1]["seconds"],
        "more_than_half": True,
    }


def test_the_manifest_says_against_what_and_why_tells_each_trace(reader):
    evalset = EvalSetFactory(items=[Item(id="q", prompt=FERRY, expected_answer="")])
    trace = TraceFactory(prompt=FERRY)
    TraceFactory()
    dataset = DatasetFactory(recipe__decontaminate=against(evalset.key))
    manifest = reader.get(f"/api/datasets/{dataset.key}").json()
    assert manifest["decontaminated_against"] == [
        {"key": evalset.key, "digest": evalset.digest, "match": "words", "template_ngrams": 0}
    ]
    why = reader.get(f"/api/datasets/{dataset.key}/why?trace={trace.id}").json()
    assert (why["step"], why["reason"]) == ("decontaminate", "contaminated")
    assert why["evidence"]["item"] == "q"


def test_all_traces_of_a_prompt_go():
    key = asked(FERRY)
    TraceFactory.create_batch(3, prompt=FERRY)
    TraceFactory(prompt=FERRY.replace(" ", "  "))
    other = TraceFactory()
    assert selected(decontaminate=against(key)) == [other.id]


@pytest.mark.parametrize("match", ["words", "exact"])
def test_of_one_question_the_traces_go_whose_system_text_holds_an_item(match):
    """They share a `prompt_hash`, which knows nothing of that text."""
    key = asked(FERRY)
    asking = {"role": "user", "content": "How many legs have seven spiders and two horses?"}
    told = [f"For example: {FERRY}", *(f"Be brief: {n}." for n in range(3)), ""]
    traces = [
        TraceFactory(
            prompt="\n\n".join(filter(None, [text, asking["content"]])),
            messages=[{"role": "system", "content": text}, asking],
        )
        for text in told
    ]
    traces += [TraceFactory(prompt=asking["content"]), TraceFactory(prompt=FERRY)]
    assert len({trace.prompt_hash for trace in traces}) == 2
    dataset = DatasetFactory(recipe__decontaminate=against(key, match=match))
    gone = {traces[0].id, traces[-1].id} if match == "words" else {traces[-1].id}
    assert {one.trace_id for one in dataset.removed.all()} == gone
    assert {item.trace_id for item in dataset.items.all()} == {one.id for one in traces} - gone


SHORT = "Capital of Peru?"
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
ASKED = {"role": "user", "content": SHORT}
BEFORE = [
    {"role": "user", "content": "What is the capital of France, if it has one?"},
    {"role": "assistant", "content": "It is Paris."},
]
TALKS = {
    "behind what the system says": ([SYSTEM, ASKED], f"{SYSTEM['content']}\n\n{SHORT}"),
    "as the last turn": (
        [*BEFORE, ASKED],
        f"User: {BEFORE[0]['content']}\n\nAssistant: It is Paris.\n\nUser: {SHORT}",
    ),
    "as the first turn": (
        [SYSTEM, ASKED, {"role": "assistant", "content": "Lima."}, BEFORE[0]],
        f"{SYSTEM['content']}\n\nUser: {SHORT}\n\nAssistant: Lima.\n\nUser: {BEFORE[0]['content']}",
    ),
}


@pytest.mark.parametrize("fields", [["prompt"], ["prompt", "steps"]])
@pytest.mark.parametrize("talk", TALKS)
def test_an_item_of_few_words_is_found_where_it_is_what_is_asked(reader, talk, fields):
    key = asked(FERRY, SHORT)
    messages, prompt = TALKS[talk]
    traces = [
        TraceFactory(prompt=prompt, messages=messages),
        TraceFactory(prompt=SHORT),
        TraceFactory(prompt=f"{SYSTEM['content']}\n\nCapital of Chile?"),
        TraceFactory(prompt=BEFORE[0]["content"], messages=[*BEFORE[:1]]),
    ]
    found = reader.get(f"/api/datasets/{DatasetFactory().key}/contamination?eval_set={key}").json()
    assert (found["item_count"], found["trace_count"]) == (1, 2)
    dataset = DatasetFactory(recipe__decontaminate=against(key, fields=fields))
    because = {"eval_set": key, "item": "q1", "share": 1.0, "words": "capital of peru"}
    gone = {one.trace_id: one.because for one in dataset.removed.all()}
    assert gone == dict.fromkeys(ids(traces[:2]), because)


@pytest.mark.parametrize("match", ["words", "exact"])
def test_one_text_that_is_asked_in_two_ways_is_looked_at_in_both(match):
    """Of some the system says the first part; where the user says all of it, it is no item."""
    key = asked(SHORT)
    messages, prompt = TALKS["behind what the system says"]
    said = [
        TraceFactory(prompt=prompt, messages=[{"role": "user", "content": prompt}])
        for _ in range(8)
    ]
    TraceFactory.create_batch(8, prompt=prompt, messages=messages)
    assert selected(decontaminate=against(key, match=match)) == ids(said[::-1])


def test_messages_that_are_no_turns_are_looked_at_behind_what_the_system_says():
    key = asked(SHORT)
    _, prompt = TALKS["behind what the system says"]
    TraceFactory(prompt=prompt, messages=[SYSTEM, {"role": "user", "content": 7}])
    other = TraceFactory()
    assert selected(decontaminate=against(key)) == [other.id]


def test_steps_count_where_they_are_asked_for():
    key = asked(FERRY)
    trace = TraceFactory(steps=[step("This reminds me of something."), step(FERRY, i=1)])
    other = TraceFactory()
    assert selected(decontaminate=against(key)) == ids([other, trace])
    assert selected(decontaminate=against(key, fields=["prompt", "steps"])) == [other.id]


def test_exact_takes_the_same_prompt_alone():
    key = asked(FERRY)
    TraceFactory(prompt=FERRY.upper())
    trace = TraceFactory(prompt=f"{FERRY} Say why.")
    dataset = DatasetFactory(recipe__decontaminate=against(key, match="exact"))
    assert [item.trace_id for item in dataset.items.all()] == [trace.id]
    assert dataset.removed.get().because == {"eval_set": key, "item": "q0"}


def test_generated_sets_are_matched_exactly_unless_it_is_said_otherwise():
    key = asked(FERRY, generator={"family": "ferries"})
    trace = TraceFactory(prompt=f"{FERRY} Say why.")
    other = TraceFactory()
    assert selected(decontaminate=against(key)) == ids([other, trace])
    assert selected(decontaminate=against(key, match="words")) == [other.id]


def test_of_several_sets_the_item_that_is_there_most_is_named():
    sets = [asked(BAKER.replace("Monday", "Tuesday")), asked(BAKER)]
    trace = TraceFactory(prompt=BAKER)
    TraceFactory()
    dataset = DatasetFactory(recipe__decontaminate={"against": [{"eval_set": key} for key in sets]})
    because = dataset.removed.get(trace_id=trace.id).because
    assert (because["eval_set"], because["share"]) == (sets[1], 1.0)


def test_n_and_share_decide():
    key = asked(FERRY)
    trace = TraceFactory(prompt=FERRY[: len(FERRY) // 3])
    other = TraceFactory()
    assert selected(decontaminate=against(key)) == ids([other, trace])
    assert selected(decontaminate={**against(key), "n": 3, "share": 0.2}) == [other.id]


BUILD = {"dataset_name": "d", "dataset_version": "1"}


@pytest.mark.parametrize("route", ["build", "preview"])
def test_a_set_that_is_not_there_is_refused(curator, route):
    TraceFactory()
    body = {"decontaminate": {"against": [{"eval_set": asked(FERRY)}, {"eval_set": "none-1"}]}}
    body |= BUILD if route == "build" else {}
    refused = curator.post(f"/api/datasets/{route}", body, format="json")
    assert refused.status_code == 400
    reason = ["There is no evaluation set 'none-1'."]
    assert refused.json() == {"decontaminate": {"against": {"1": {"eval_set": reason}}}}
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("how", [{"match": "exact"}, {"generator": {"family": "ferries"}}])
def test_steps_are_no_question_where_prompts_are_compared(curator, how):
    TraceFactory()
    match = how.get("match")
    key = asked(FERRY) if match else asked(FERRY, **how)
    body = {**BUILD, "decontaminate": against(key, match=match, fields=["prompt", "steps"])}
    refused = curator.post("/api/datasets/build", body, format="json")
    assert refused.status_code == 400
    ((place, told),) = refused.json()["decontaminate"]["against"].items()
    assert (place, list(told)) == ("0", ["fields"])
    body["decontaminate"]["against"][0]["match"] = "words"
    assert curator.post("/api/datasets/build", body, format="json").status_code == 201


@pytest.mark.parametrize("fields", [["steps"], ["prompt", "prompt"], ["steps", "steps"]])
def test_other_fields_than_there_are_to_choose_from_are_refused(curator, fields):
    TraceFactory()
    body = {**BUILD, "decontaminate": against(asked(FERRY), fields=fields)}
    refused = curator.post("/api/datasets/build", body, format="json")
    assert refused.status_code == 400
    told = {"fields": ['Neither `["prompt"]` nor `["prompt", "steps"]`.']}
    assert refused.json() == {"decontaminate": {"against": {"0": told}}}
    body["decontaminate"] = against(asked(BAKER), fields=["steps", "prompt"])
    assert curator.post("/api/datasets/build", body, format="json").status_code == 201


def test_a_set_that_is_deleted_before_a_job_builds_is_refused():
    TraceFactory()
    with pytest.raises(Invalid) as refused:
        DatasetFactory(recipe__decontaminate=against("none-1"))
    reason = ["There is no evaluation set 'none-1'."]
    assert refused.value.detail == {"decontaminate": {"against": {"0": {"eval_set": reason}}}}
    assert not Dataset.objects.exists()


def test_sets_with_more_words_than_are_held_at_once_are_refused(curator, monkeypatch):
    TraceFactory()
    sets = [asked(FERRY), asked(BAKER)]
    monkeypatch.setattr(decontaminate, "MOST_WORDS", 30)
    body = {**BUILD, "decontaminate": {"against": [{"eval_set": key} for key in sets]}}
    refused = curator.post("/api/datasets/build", body, format="json")
    assert refused.status_code == 400
    [(place, told)] = refused.json()["decontaminate"]["against"].items()
    assert place == "1"
    assert "more than 4,000,000 words" in told["eval_set"][0]
    assert not Dataset.objects.exists()
    body["decontaminate"]["against"][1]["match"] = "exact"
    assert curator.post("/api/datasets/build", body, format="json").status_code == 201


def test_long_texts_are_looked_through_a_few_at_a_time(monkeypatch):
    key = asked(FERRY)
    long = {"steps": [step("word " * 300)]}
    TraceFactory.create_batch(3, prompt=FERRY, **long)
    others = TraceFactory.create_batch(3, **long)
    sizes = []

    def find(self, some, find=ByWords.find):
        sizes.append(len(some))
        return find(self, some)

    monkeypatch.setattr(ByWords, "find", find)
    monkeypatch.setattr(decontaminate, "WORDS_AT_ONCE", 600)
    kept = selected(decontaminate=against(key, fields=["prompt", "steps"]))
    assert kept == ids(others[::-1])
    assert sizes == [2, 2, 2]


def test_a_set_that_a_dataset_names_stays(curator):
    key = asked(FERRY)
    TraceFactory()
    dataset = DatasetFactory(recipe__decontaminate=against(key))
    refused = curator.delete(f"/api/evalsets/{key}")
    assert refused.status_code == 409
    assert dataset.key in refused.json()["detail"]
    assert curator.delete(f"/api/datasets/{dataset.key}").status_code == 204
    assert curator.delete(f"/api/evalsets/{key}").status_code == 204


def test_where_nothing_is_left_the_step_is_named(curator):
    key = asked(FERRY)
    TraceFactory(prompt=FERRY)
    body = {**BUILD, "decontaminate": against(key)}
    refused = curator.post("/api/datasets/build", body, format="json")
    assert refused.status_code == 400
    assert "contaminated 1" in refused.json()["decontaminate"][0]


def test_the_same_traces_give_the_same_dataset_however_they_came_in():
    key = asked(FERRY, BAKER)
    prompts = [FERRY, BAKER, "What is 2 + 2?", "What is 3 + 3?"]
    digests = set()
    for order in (prompts, prompts[::-1]):
        traces = [
            TraceFactory(prompt=prompt, final_answer="4", steps=[step("so")]) for prompt in order
        ]
        dataset = DatasetFactory(
            recipe__decontaminate=against(key),
            recipe__selection_strategy="random",
            recipe__seed=1,
        )
        digests.add((dataset.content_digest, dataset.trace_count))
        delete_dataset(dataset=dataset, by=acting())
        Trace.objects.filter(pk__in=ids(traces)).delete()
    assert [count for _, count in digests] == [2]
