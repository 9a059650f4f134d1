"""The step that makes pairs of attempts at one prompt."""

import hashlib
import json
from collections import Counter

import pytest
from django.db import IntegrityError, transaction

from datasets.models import DatasetPair
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import step
from traces.models import Preference, Score, Trace
from traces.scorers.known import SCORERS
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.errors import Invalid

pytestmark = pytest.mark.django_db

CORRECTNESS = SCORERS["answer_correctness"]
WORDS = [f"word{number}" for number in range(14)]
BUILD = {"dataset_name": "pairs", "dataset_version": "1", "limit": None}


def attempt(answer: str, prompt: str = "2+2?", says: str = "", **fields) -> Trace:
    """Store an attempt at a prompt whose answer is 4."""
    said = [step(says or f"I say {answer}, since I think so.")]
    meta = {"reference_answer": "4", **fields.pop("meta", {})}
    return TraceFactory(prompt=prompt, final_answer=answer, steps=said, meta=meta, **fields)


def made(**pair) -> list[DatasetPair]:
    return list(DatasetFactory(recipe__pair={"max_longer_share": 1, **pair}).pairs.all())


def sides(pairs) -> set[tuple]:
    return {(pair.chosen_id, pair.rejected_id) for pair in pairs}


def build(client, **recipe):
    return client.post("/api/datasets/build", {**BUILD, **recipe}, format="json")


def test_right_ones_make_pairs_with_wrong_ones_and_the_manifest_says_so(curator):
    right, wrong = attempt("4"), attempt("5")
    attempt("4", prompt="1+3?")
    TraceFactory(prompt="2+2?", meta={})
    answer = build(curator, pair={"max_longer_share": 1}, seed=7, splits={"train": 1})
    assert answer.status_code == 201, answer.content
    (pair,) = DatasetPair.objects.all()
    assert (pair.chosen_id, pair.rejected_id) == (right.id, wrong.id)
    assert (pair.position, pair.split, pair.reason, pair.margin, pair.parts) == (
        *(0, "train", "right_over_wrong", 1.0, 0),
    )
    manifest = curator.get("/api/datasets/pairs-1").json()
    assert manifest["recipe"]["pair"] == {
        "rules": ["right_over_wrong", "approved_over_rejected", "preferred", "shorter_right"],
        "per_prompt": 4,
        "max_longer_share": 1,
    }
    line = manifest["funnel"][-1]
    assert (line.pop("step"), line.pop("seconds") >= 0) == ("pair", True)
    assert line == {"in": 4, "out": 4, "reasons": {}, "pairs": 1}
    version = {"criteria": "answer_correctness", "scorer_version": CORRECTNESS.version}
    assert manifest["paired_by"] == version
    counts = {name: manifest["stats"][name] for name in manifest["stats"] if "pair" in name}
    assert counts == {
        "pair_count": 1,
        "pair_rule_counts": {"right_over_wrong": 1},
        "pair_split_counts": {"train": 1},
    }


def test_scores_that_are_missing_are_stored_first(curator):
    right, wrong, unsure, bare = attempt("4"), attempt("5"), attempt("perhaps 4!"), TraceFactory()
    Score.objects.create(
        trace=wrong, criteria="answer_correctness", scorer_version="another's", value=1
    )
    assert build(curator, pair={"max_longer_share": 1}).status_code == 201
    ours = Score.objects.filter(scorer_version=CORRECTNESS.version)
    assert dict(ours.values_list("trace_id", "value")) == {
        right.id: 1,
        wrong.id: 0,
        unsure.id: None,
    }
    assert bare.scores.count() == 0
    assert sides(DatasetPair.objects.all()) == {(right.id, wrong.id)}


def test_a_stored_score_counts_as_it_is():
    one, other = attempt("4"), attempt("5")
    for trace, value in ((one, 0), (other, 1)):
        ScoreFactory(
            trace=trace,
            criteria="answer_correctness",
            scorer_version=CORRECTNESS.version,
            value=value,
        )
    assert sides(made(rules=["right_over_wrong"])) == {(other.id, one.id)}


def test_the_first_meets_the_first_in_an_order_by_hashes():
    right = [attempt("4", says=f"It is 4, says {word}.") for word in WORDS[:3]]
    wrong = [attempt("5", says=f"It is 5, says {word}.") for word in WORDS[:5]]

    def ordered(traces):
        return sorted(
            traces, key=lambda one: hashlib.sha256(f"pair:9:{one.content_hash}".encode()).digest()
        )

    expected = {
        (chosen.id, rejected.id)
        for chosen, rejected in zip(ordered(right), ordered(wrong), strict=False)
    }
    pair = {"rules": ["right_over_wrong"], "max_longer_share": 1}
    assert sides(DatasetFactory(recipe__seed=9, recipe__pair=pair).pairs.all()) == expected


def test_a_prompt_gives_so_many_pairs_and_those_of_the_first_rule_first():
    for word in WORDS[:5]:
        attempt("4", says=f"It is 4, says {word}.", status="rejected")
        attempt("5", says=f"It is 5, says {word}.", status="approved")
    assert [pair.reason for pair in made(per_prompt=3)] == ["right_over_wrong"] * 3
    rules = ["approved_over_rejected", "right_over_wrong"]
    assert [pair.reason for pair in made(per_prompt=3, rules=rules)] == [rules[0]] * 3
    assert len(made()) == 4


def test_verdicts_and_preferences_make_pairs(curator):
    one, two = attempt("a", status="approved"), attempt("b", status="rejected")
    three, four = attempt("c", prompt="3?"), attempt("d", prompt="3?")
    body = {"chosen": str(four.id), "rejected": str(three.id)}
    assert curator.post("/api/preferences", body, format="json").status_code == 201
    pairs = made(rules=["approved_over_rejected", "preferred"])
    assert {(pair.chosen_id, pair.rejected_id, pair.reason) for pair in pairs} == {
        (one.id, two.id, "approved_over_rejected"),
        (four.id, three.id, "preferred"),
    }
    assert Score.objects.count() == 0


def test_what_two_people_see_differently_is_no_pair(curator, client_as):
    one, two = attempt("a"), attempt("b")
    for client, chosen, rejected in ((curator, one, two), (client_as("trainer"), two, one)):
        body = {"chosen": str(chosen.id), "rejected": str(rejected.id)}
        assert client.post("/api/preferences", body, format="json").status_code == 201
    answer = build(curator, pair={"rules": ["preferred"]})
    assert answer.status_code == 400
    assert answer.json() == {"pair": ["There is no pair (disputed 1): nothing was built."]}


def test_a_preference_counts_for_the_copy_that_stays(curator):
    seen, other = attempt("a"), attempt("b")
    approved = attempt("a", status="approved")
    body = {"chosen": str(seen.id), "rejected": str(other.id)}
    assert curator.post("/api/preferences", body, format="json").status_code == 201
    dataset = DatasetFactory(recipe__exact=True, recipe__pair={"rules": ["preferred"]})
    assert seen.id not in dataset.items.values_list("trace_id", flat=True)
    assert sides(dataset.pairs.all()) == {(approved.id, other.id)}


def test_copies_that_people_prefer_both_ways_are_no_pair(curator):
    one, two, copy_of_one, copy_of_two = (attempt(answer) for answer in "abab")
    for chosen, rejected in ((one, two), (copy_of_two, copy_of_one)):
        body = {"chosen": str(chosen.id), "rejected": str(rejected.id)}
        assert curator.post("/api/preferences", body, format="json").status_code == 201
    answer = build(curator, pair={"rules": ["preferred"]})
    assert answer.json() == {"pair": ["There is no pair (disputed 1): nothing was built."]}


def said(*turns: str, answer: str) -> list[dict]:
    """Give messages: what stands before the reply, and the reply."""
    roles = [turn.split(": ", 1) for turn in (*turns, f"assistant: {answer}")]
    return [{"role": role, "content": text} for role, text in roles]


ASKED = ("user: 2+2?",)
BEFORE = ("user: Hello", "assistant: Hello!")


def test_how_long_the_replies_are_is_nothing_to_what_stands_before_them():
    for answer, words in (("4", "so "), ("5", "perhaps " * 5_000)):
        attempt(answer, messages=said(*BEFORE, *ASKED, answer=words + answer))
    assert len(made(rules=["right_over_wrong"])) == 1


@pytest.mark.parametrize(
    ("one", "other", "is_pair"),
    [
        (ASKED, None, True),
        (("system: Be brief.", *ASKED), ("system: be  BRIEF.", "user: 2+2? "), True),
        (("system: Be brief.", *ASKED), ("system: Be verbose.", *ASKED), False),
        (("system: Be brief.", *ASKED), ASKED, False),
        ((*BEFORE, *ASKED), (*BEFORE, *ASKED), True),
        ((*BEFORE, *ASKED), ("user: Hello", "assistant: Go away!", *ASKED), False),
        ((*BEFORE, *ASKED), None, False),
        ((*BEFORE, "user: " + "x" * 20_000, *ASKED), (*BEFORE, *ASKED), False),
        *[((*BEFORE, "user: " + "x" * 20_000, *ASKED),) * 2 + (True,)],
    ],
)
def test_a_pair_shares_what_stands_before_its_replies(curator, one, other, is_pair):
    attempts = [
        attempt(answer, messages=said(*turns, answer=answer) if turns else None)
        for answer, turns in (("4", one), ("5", other))
    ]
    answer = build(curator, pair={"rules": ["right_over_wrong"]})
    if is_pair:
        assert sides(DatasetPair.objects.all()) == {tuple(trace.id for trace in attempts)}
    else:
        refusal = "There is no pair (other_context 1): nothing was built."
        assert (answer.status_code, answer.json()) == (400, {"pair": [refusal]})


def test_imported_pairs_make_pairs(curator):
    record = (
        '{"prompt": "Say something.", "chosen": "I do so gladly.", "rejected": "I do not know."}\n'
    )
    url = "/api/traces/import"
    curator.post(url, record, content_type="application/x-ndjson")
    (pair,) = made(rules=["preferred"])
    preference = Preference.objects.get()
    assert (pair.chosen_id, pair.rejected_id) == (preference.chosen_id, preference.rejected_id)


SYSTEM = {"role": "system", "content": "Answer briefly."}
QUESTION = {"role": "user", "content": "Say something."}
LONG = "so it is and so on " * 1_400  # over 20,000 bytes


@pytest.mark.parametrize("long", [("chosen",), ("rejected",), ("chosen", "rejected")])
@pytest.mark.parametrize(
    "before", [[SYSTEM, QUESTION], [QUESTION, *said(answer="What?"), QUESTION]]
)
def test_imported_conversations_make_pairs_however_long_their_replies(curator, before, long):
    sides = {
        name: [{"role": "assistant", "content": f"{LONG if name in long else ''}I {name} it."}]
        for name in ("chosen", "rejected")
    }
    record = json.dumps({"prompt": before, **sides})
    curator.post("/api/traces/import", record, content_type="application/x-ndjson")
    assert Trace.objects.filter(meta__prompt_turns=len(before)).count() == 2
    (pair,) = made(rules=["preferred"])
    preference = Preference.objects.get()
    assert (pair.chosen_id, pair.rejected_id) == (preference.chosen_id, preference.rejected_id)


@pytest.mark.parametrize("words", ["so ", LONG])
def test_what_is_said_after_the_replies_is_nothing_to_what_stands_before_them(words):
    for answer, after in (("4", "Thanks!"), ("5", "No.")):
        messages = said(*BEFORE, *ASKED, answer=words + answer)
        messages.append({"role": "user", "content": words + after})
        attempt(answer, messages=messages, meta={"turns_after": 1})
    assert len(made(rules=["right_over_wrong"])) == 1


@pytest.mark.parametrize("words", ["Hello.", LONG])
def test_how_earlier_turns_are_written_parts_no_pair(words):
    """Nor what was thought before them, which no reply knows."""
    plain = said(f"user: {words}", f"assistant: {words}", *ASKED, answer="4")
    other = said(f"user: {words.upper()} ", f"assistant: {words}", *ASKED, answer="5")
    other[1] |= {"id": "msg_1", "reasoning_content": "Who is this?"}
    attempt("4", messages=plain), attempt("5", messages=other)
    assert len(made(rules=["right_over_wrong"])) == 1


@pytest.mark.parametrize("words", ["Hello.", LONG])
def test_where_all_messages_are_the_prompt_the_last_one_tells_prompts_apart(words):
    """As an import of labelled steps has it, whose reply is none of the messages."""
    for answer, last in (("4", "Go on."), ("5", "Go on!")):
        messages = said(f"user: {words}", *ASKED, answer=f"{words} {last}")
        attempt(answer, messages=messages, meta={"prompt_turns": len(messages)})
    with pytest.raises(Invalid, match="other_context"):
        made(rules=["right_over_wrong"])


def test_attempts_at_a_prompt_that_are_too_large_to_be_read_at_once_meet(monkeypatch):
    monkeypatch.setattr("datasets.recipe.steps.pair.READ_AT_ONCE", 1_000)
    for number in range(3):
        for answer in "45":
            words = " ".join(f"{number * word}" for word in range(2_000))
            messages = said(f"user: {words}", "assistant: Well?", *ASKED, answer=answer)
            attempt(answer, messages=messages, prompt=f"{number}?")
            attempt(answer, prompt=f"{number}?", says=f"{WORDS[number]} {answer}")
    assert len(made(rules=["right_over_wrong"])) == 6


def test_of_two_right_ones_the_shorter_is_better():
    short, long = attempt("4", says="2+2=4"), attempt("4", says=" ".join(WORDS))
    (pair,) = made(rules=["shorter_right"])
    assert (pair.chosen_id, pair.rejected_id) == (short.id, long.id)
    assert pair.margin == round(1 - 6 / (len(" ".join(WORDS)) + 1), 4)


def test_what_is_nearly_the_same_makes_no_pair(curator):
    text = " ".join(f"{word}{number}" for number in range(30) for word in WORDS)
    attempt("4", says=f"{text} 4")
    attempt("5", says=f"{text} 5")
    answer = build(curator, pair={"rules": ["right_over_wrong"], "max_longer_share": 1})
    assert answer.json() == {"pair": ["There is no pair (nearly_the_same 1): nothing was built."]}
    attempt("5", says=" ".join(WORDS), prompt="2+2?")
    attempt("4", says=" ".join(reversed(WORDS)), prompt="2+2?")
    assert len(made(rules=["right_over_wrong"])) >= 1


def test_answers_that_are_the_same_make_no_pair(curator):
    attempt("1,000 apples", status="approved", says="so")
    attempt("1000", status="rejected", says="perhaps")
    answer = build(curator, pair={"rules": ["approved_over_rejected"]})
    assert answer.json() == {"pair": ["There is no pair (same_answer 1): nothing was built."]}


def test_longer_ones_are_better_in_no_more_than_their_share():
    for number in range(40):
        longer = number % 4 > 0
        attempt("4", prompt=f"{number}?", says=" ".join(WORDS[: 12 if longer else 3]))
        attempt("5", prompt=f"{number}?", says=" ".join(WORDS[5:10]))
    dataset = DatasetFactory(recipe__pair={"rules": ["right_over_wrong"]})
    chars = dict(Trace.objects.values_list("id", "total_chars"))
    longer = [chars[one.chosen_id] > chars[one.rejected_id] for one in dataset.pairs.all()]
    assert Counter(longer) == {True: 15, False: 10}
    line = dataset.funnel[-1]
    assert (line["pairs"], line["not_paired"]) == (25, {"chosen_longer": 15})


def test_pairs_stand_in_one_split_and_so_does_their_share():
    for number in range(30):
        attempt("4", prompt=f"{number}?", says="2+2=4")
        attempt("5", prompt=f"{number}?", says=" ".join(WORDS))
    dataset = DatasetFactory(
        recipe__pair={}, recipe__seed=3, recipe__splits={"train": 0.5, "test": 0.5}
    )
    split_of = dict(dataset.items.values_list("trace_id", "split"))
    pairs = list(dataset.pairs.all())
    assert len(pairs) == 30
    assert {pair.split for pair in pairs} == {"train", "test"}
    for pair in pairs:
        assert pair.split == split_of[pair.chosen_id] == split_of[pair.rejected_id]


def test_of_a_key_of_meta_only_pairs_within_one_split_are_made():
    for number in range(8):
        for answer in ("4", "5"):
            attempt(answer, prompt=f"{number}?", meta={"of": answer if number < 4 else "x"})
    splits = {"recipe__splits": {"a": 0.5, "b": 0.5}, "recipe__split_by": "meta.of"}
    pairs = [
        DatasetFactory(recipe__pair={"max_longer_share": 1}, recipe__seed=seed, **splits).pairs
        for seed in range(6)
    ]
    assert {found.count() for found in pairs} == {4, 8}


def test_a_prompt_gives_so_many_pairs_in_each_of_its_splits():
    for source in "xyz":
        for word in WORDS[:3]:
            for answer in "45":
                attempt(answer, says=f"{source} has {answer}, says {word}.", meta={"of": source})
    dataset = DatasetFactory(
        recipe__pair={"max_longer_share": 1, "per_prompt": 2, "rules": ["right_over_wrong"]},
        recipe__split_by="meta.of",
        recipe__split_counts={"a": 6, "b": 6, "c": 6},
        recipe__seed=1,
    )
    assert Counter(pair.split for pair in dataset.pairs.all()) == {"a": 2, "b": 2, "c": 2}
    assert dataset.funnel[-1]["not_paired"] == {"beyond_per_prompt": 3}


def test_the_digest_knows_the_pairs_and_others_stay_as_they_are():
    attempt("4"), attempt("5")
    plain, again = DatasetFactory(), DatasetFactory()
    paired = DatasetFactory(recipe__pair={"max_longer_share": 1})
    other = DatasetFactory(
        recipe__pair={"max_longer_share": 1, "rules": ["right_over_wrong", "preferred"]}
    )
    assert plain.content_digest == again.content_digest != paired.content_digest
    assert paired.content_digest == other.content_digest
    lines = "".join(
        f"{item.trace.content_hash}\t\n" for item in paired.items.select_related("trace")
    )
    pair = paired.pairs.get()
    lines += f"{pair.chosen.content_hash}\t{pair.rejected.content_hash}\t\tright_over_wrong\n"
    assert paired.content_digest == hashlib.sha256(lines.encode()).hexdigest()


def test_pairs_never_change_and_go_with_their_dataset(curator):
    attempt("4"), attempt("5")
    assert build(curator, pair={"max_longer_share": 1}).status_code == 201
    pair = DatasetPair.objects.get()
    for change in (
        lambda: DatasetPair.objects.update(reason="preferred"),
        lambda: DatasetPair.objects.all().delete(),
        lambda: DatasetPair.objects.create(
            dataset=pair.dataset,
            position=1,
            chosen=pair.rejected,
            rejected=pair.chosen,
            reason="preferred",
            margin=1,
            parts=0,
        ),
    ):
        with pytest.raises(IntegrityError, match="a dataset never changes"), transaction.atomic():
            change()
    assert curator.delete("/api/datasets/pairs-1").status_code == 204
    assert not DatasetPair.objects.exists()


@pytest.mark.parametrize(
    ("recipe", "keys"),
    [
        ({"pair": {"rules": []}}, {"pair"}),
        ({"pair": {"rules": ["better"]}}, {"pair"}),
        ({"pair": {"rules": ["preferred", "preferred"]}}, {"pair"}),
        ({"pair": {"per_prompt": 0}}, {"pair"}),
        ({"pair": {"max_longer_share": 1.5}}, {"pair"}),
        ({"pair": {"rule": "preferred"}}, {"pair"}),
        ({"pair": True}, {"pair"}),
        ({"pair": {}, "split_by": "trace", "seed": 1, "splits": {"a": 1}}, {"pair", "split_by"}),
        ({"pair": {}, "verify": {"criteria": "answer_correctness"}}, {"pair", "verify"}),
        ({"pair": {}, "dedupe": {"per_prompt": 1}}, {"pair", "dedupe"}),
        ({"pair": {}}, {"pair"}),
    ],
)
def test_what_cannot_be_is_refused_by_its_keys(curator, recipe, keys):
    TraceFactory.create_batch(3)
    answer = build(curator, **recipe)
    assert answer.status_code == 400
    assert set(answer.json()) == keys
    assert curator.get("/api/datasets").json()["results"] == []


def test_without_attempts_it_says_so(curator):
    TraceFactory.create_batch(3)
    why = "no prompt has two attempts of which a rule finds one better"
    assert build(curator, pair={}).json() == {
        "pair": [f"There is no pair ({why}): nothing was built."]
    }


def test_what_is_verified_with_the_wrong_ones_makes_pairs():
    right, wrong = attempt("4"), attempt("5")
    dataset = DatasetFactory(
        recipe__pair={"max_longer_share": 1},
        recipe__verify={"criteria": "answer_correctness", "min": 0},
    )
    assert sides(dataset.pairs.all()) == {(right.id, wrong.id)}


def test_a_preview_shows_how_many_and_stores_nothing(reader):
    attempt("4"), attempt("5")
    answer = reader.post(
        "/api/datasets/preview", {"pair": {"max_longer_share": 1}}, format="json"
    ).json()
    assert (answer["funnel"][-1]["step"], answer["funnel"][-1]["pairs"]) == ("pair", 1)
    assert (Score.objects.count(), DatasetPair.objects.count()) == (0, 0)
    Trace.objects.all().delete()
    attempt("4")
    answer = reader.post("/api/datasets/preview", {"pair": {}}, format="json").json()
    assert answer["funnel"][-1]["pairs"] == 0


def test_many_missing_scores_are_a_job(curator, monkeypatch):
    monkeypatch.setattr("datasets.services.build.MOST_SCORED", 2)
    attempt("4"), attempt("5")
    assert build(curator, pair={"max_longer_share": 1}).status_code == 201
    attempt("4", says="a"), attempt("5", says="b"), attempt("6")
    answer = build(curator, pair={"max_longer_share": 1}, dataset_version="2")
    assert (answer.status_code, answer.json()["kind"]) == (202, "build")


def test_where_all_better_ones_are_longer_the_key_that_bounds_them_is_named(curator):
    attempt("4", says=" ".join(WORDS)), attempt("5", says="so")
    reason = "chosen_longer 1, as `max_longer_share` has it"
    assert build(curator, pair={}).json() == {
        "pair": [f"There is no pair ({reason}): nothing was built."]
    }
