"""content_hash and prompt_hash, against the definition written down a second time."""

import hashlib
import json
import unicodedata
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from traces import document
from traces.models import Trace
from traces.tests.factories import BodyFactory
from traces.tests.strategies import quickly, text


def first_half(data: bytes) -> uuid.UUID:
    return uuid.UUID(hashlib.sha256(data).hexdigest()[:32])


def defined_content_hash(body: dict) -> uuid.UUID:
    steps = [
        [step["type"], step["content"]] for step in sorted(body["steps"], key=lambda s: s["i"])
    ]
    content = [body["prompt"], steps, body["final_answer"]]
    return first_half(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def defined_prompt_hash(prompt: str) -> uuid.UUID:
    words = unicodedata.normalize("NFC", prompt).split()
    return first_half(" ".join(words).casefold().encode("utf-8"))


ODD = "\"\\/\b\f\n\r\t\1\x1f\x7f\x80\u2028\u2029\ufeffé😀<>&'"


@quickly
@example(ODD, [(ODD, ODD)], ODD)
@given(text, st.lists(st.tuples(text, text), min_size=1, max_size=5), text)
def test_the_content_hash_is_as_defined(prompt, steps, final_answer):
    steps = [{"i": i, "type": kind, "content": said} for i, (kind, said) in enumerate(steps)]
    body = {"prompt": prompt, "steps": steps, "final_answer": final_answer}
    assert document.content_hash(prompt, steps, final_answer) == defined_content_hash(body).hex


@quickly
@example(f" {ODD}\u00a0\u3000\x1c\x85 Straße İ ΣΑΣ ﬁ ")
@example("e\u0301 \u1e9b\u0323 \u2126 \uac00 \u2000\u0344 a\u0315\u0300")
@given(text)
def test_the_prompt_hash_is_as_defined(prompt):
    assert document.prompt_hash(prompt) == defined_prompt_hash(prompt).hex


def test_the_hashes_of_an_example_never_change():
    steps = [{"i": 0, "type": "reasoning", "content": "2 + 2 = 4"}]
    content = document.content_hash("What is 2+2?", steps, "4")
    # printf '["What is 2+2?",[["reasoning","2 + 2 = 4"]],"4"]' | sha256sum
    assert content == "2f0dfd13b0aad05168f21b3068f40bdd"
    # printf 'what is 2+2?' | sha256sum
    assert document.prompt_hash(" What  is\n2+2? ") == "61a3385003d9b9d390dc511fbe3e1eb6"


SYSTEM = {"role": "system", "content": "Be  brief."}
DEVELOPER = {"role": "developer", "content": [{"type": "text", "text": "In English."}]}
ASKED = {"role": "user", "content": "What is 2+2?"}


@pytest.mark.parametrize(
    ("prompt", "messages"),
    [
        ("What is 2+2?", None),
        ("What is 2+2?", []),
        ("What is 2+2?", [SYSTEM, ASKED]),
        ("Be  brief.\n\nWhat is 2+2?", [SYSTEM, ASKED]),
        ("Be  brief.\n\n WHAT is\n2+2?", [SYSTEM, ASKED]),
        ("Be  brief.\n\nIn English.\n\nWhat is 2+2?", [SYSTEM, DEVELOPER, ASKED]),
        ("In English.\n\nWhat is 2+2?", [DEVELOPER]),
    ],
)
def test_the_same_question_with_and_without_a_system_is_one(prompt, messages):
    assert document.prompt_hash(prompt, messages) == document.prompt_hash("What is 2+2?")


@pytest.mark.parametrize(
    ("prompt", "messages"),
    [
        ("Be brief.\n\nWhat is 2+2?", [SYSTEM, ASKED]),  # not word for word
        ("Be  brief.\nWhat is 2+2?", [SYSTEM, ASKED]),
        ("In English.\n\nBe  brief.\n\nWhat is 2+2?", [SYSTEM, DEVELOPER, ASKED]),
        ("Be  brief.\n\nWhat is 2+2?", [ASKED, SYSTEM]),  # no leading turn
        ("Be  brief.\n\nWhat is 2+2?", [{**SYSTEM, "role": "user"}]),
        ("Be  brief.\n\nWhat is 2+2?", [{**SYSTEM, "content": 5}]),
        ("Be  brief.", [SYSTEM]),  # nothing would be left
        ("Be  brief.\n\n", [SYSTEM]),
        ("Be  brief.\n\n\u2003\n", [SYSTEM]),
    ],
)
def test_what_is_not_the_systems_beginning_stays(prompt, messages):
    assert document.prompt_hash(prompt, messages) == defined_prompt_hash(prompt).hex


def test_composed_and_decomposed_letters_are_the_same():
    assert document.prompt_hash("Où est l'été\u202f?") == document.prompt_hash(
        "Ou\u0300 est l'e\u0301te\u0301\u202f?"
    )


@pytest.mark.django_db
def test_the_system_counts_in_what_is_asked_by_no_route(writer):
    steps = [{"i": 0, "type": "reasoning", "content": "2 + 2 = 4"}]
    plain = BodyFactory(prompt="What is 2+2?", steps=steps)
    told = {**plain, "prompt": "Be  brief.\n\nWhat is 2+2?", "messages": [SYSTEM, ASKED]}
    single = writer.post("/api/traces", told, format="json").json()["id"]
    batch = writer.post("/api/traces/batch", [plain, told], format="json").json()["traces"]
    data = b"".join(json.dumps(body).encode() + b"\n" for body in (plain, told))
    writer.generic("POST", "/api/traces/import", data, "application/x-ndjson")
    assert Trace.objects.get(pk=single).prompt_hash.hex == document.prompt_hash("What is 2+2?")
    assert len(batch) == 2
    assert Trace.objects.values("prompt_hash").distinct().count() == 1
    assert Trace.objects.values("content_hash").distinct().count() == 2


@pytest.mark.django_db
def test_traces_are_shown_with_them(writer):
    steps = [{"i": i, "type": ODD, "content": f"{ODD}{i}"} for i in (9, 1, 5)]
    body = BodyFactory(prompt=f" É {ODD}\nÉ ", steps=steps, final_answer=ODD, meta={"n": 1})
    single = writer.post("/api/traces", body, format="json").json()
    batch = writer.post("/api/traces/batch", [body], format="json").json()
    for identity in (single["id"], batch["traces"][0]["id"]):
        shown = writer.get(f"/api/traces/{identity}").json()
        assert shown["content_hash"] == str(defined_content_hash(body))
        assert shown["prompt_hash"] == str(defined_prompt_hash(body["prompt"]))


@pytest.mark.django_db
def test_only_content_counts(writer):
    body = BodyFactory()
    same = {**body, "meta": {"a": 1}, "tags": ["t"], "external_id": "q", "trace_version": "2"}
    same["steps"] = [{**step, "i": step["i"] + 5} for step in body["steps"]]
    others = [
        {**body, "prompt": f"{body['prompt']} "},
        {**body, "final_answer": f"{body['final_answer']}\n"},
        {**body, "steps": body["steps"][:1]},
        {**body, "steps": [{**step, "type": "other"} for step in body["steps"]]},
        {**body, "steps": [{**step, "i": 9 - step["i"]} for step in body["steps"]]},
    ]
    hashes = [
        writer.post("/api/traces", sent, format="json").json()["content_hash"]
        for sent in (body, same, *others)
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 6
