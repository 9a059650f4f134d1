"""POST /api/evalsets/generate: a job that runs the generator of problems."""

import json
import sys

import pytest

from evalsets.models import EvalSet
from jobs.models import Job
from jobs.tests.working import work_off
from training import programs

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {
    "name": "sums",
    "version": "1",
    "family": "addition",
    "size": 20,
    "seed": 7,
}
PRINTING = """
import json, sys
print("said before", file=sys.stderr)
output = sys.argv[sys.argv.index("--output") + 1]
with open(output, "w") as file:
    for n in range(3):
        told = json.dumps(sys.argv[1:])
        item = {{"id": str(n), "prompt": "?" * {length}, "expected_answer": told}}
        file.write(json.dumps(item) + "\\n")
"""
needs_environment = pytest.mark.skipif(
    not programs.PYTHON.exists(), reason="the training environment is missing"
)


def post(client, **changes):
    return client.post("/api/evalsets/generate", {**BODY, **changes}, format="json")


def job_of(response) -> Job:
    assert response.status_code == 202
    assert response["Location"] == f"/api/jobs/{response.json()['id']}"
    work_off("programs")
    return Job.objects.get(pk=response.json()["id"])


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Put a program in place of the generator."""

    def put(code):
        (tmp_path / "problems.py").write_text(code)
        monkeypatch.setattr(programs, "JOBS", tmp_path)
        monkeypatch.setattr(programs, "PYTHON", programs.Path(sys.executable))

    return put


@needs_environment
@pytest.mark.parametrize(
    "asked", [{}, {"family": "chain_sum", "config": {"min_terms": 3, "max_terms": 3}}]
)
def test_a_set_is_generated_and_kept(curator, reader, asked):
    job = job_of(post(curator, **asked))
    assert (job.state, job.done, job.total, job.error) == ("succeeded", 20, 20, "")
    evalset = EvalSet.objects.get()
    assert job.result == {
        "key": "sums-1",
        "digest": evalset.digest,
        "item_count": 20,
        "created": True,
    }
    body = reader.get("/api/evalsets/sums-1/items.jsonl").getvalue()
    lines = [json.loads(line) for line in body.splitlines()]
    family = asked.get("family", "addition")
    assert {line["category"] for line in lines} == {family}
    assert all(line["expected_answer"] for line in lines)
    assert reader.get("/api/evalsets/sums-1").json()["generator"] == {
        "family": family,
        "config": asked.get("config", {}),
        "size": 20,
        "seed": 7,
    }
    again = job_of(post(curator, **asked))
    assert again.result == {**job.result, "created": False}


@needs_environment
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"family": "nothing"}, "--family: no family 'nothing'; --list shows them"),
        ({"config": {"digits": 3}}, "--config: addition has no settings"),
        ({"family": "chain_sum", "config": {"seed": 3}}, "--config: seed is said by --seed"),
    ],
)
def test_what_the_generator_refuses_is_the_jobs_error(curator, change, reason):
    job = job_of(post(curator, **change))
    assert (job.state, job.error) == ("failed", f"problems.py ended with exit code 2: {reason}")
    assert not EvalSet.objects.exists()


def test_the_program_is_told_what_was_asked_for(curator, program, reader):
    program(PRINTING.format(length=1))
    job = job_of(post(curator, config={"a": [1]}))
    assert job.state == "succeeded"
    line = reader.get("/api/evalsets/sums-1/items.jsonl").getvalue().splitlines()[0]
    told = json.loads(json.loads(line)["expected_answer"])
    output = told.pop(told.index("--output") + 1)
    assert output.endswith("/items.jsonl")
    assert told == [
        *("--family", "addition", "--config", '{"a": [1]}', "--count", "20", "--seed", "7"),
        *("--output", "--eval-set", "--bounded"),
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise MemoryError", "problems.py ended with exit code 1: MemoryError"),
        ("import os; os._exit(3)", "problems.py ended with exit code 3: "),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)",
            "It took more than ten minutes",
        ),
        (PRINTING.format(length=50_001), "Nothing was stored: 3 errors."),
    ],
)
def test_a_program_that_fails_leaves_nothing(curator, program, code, reason):
    program(code)
    job = job_of(post(curator))
    assert job.state == "failed"
    assert job.error.startswith(reason)
    assert not EvalSet.objects.exists()


def test_without_the_environment_it_is_503_with_a_sentence(curator, monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "PYTHON", tmp_path / "no python")
    refused = post(curator)
    assert refused.status_code == 503
    assert refused.json() == {"detail": "The training environment is missing: run `make demo`."}
    assert "Retry-After" in refused
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"size": 0}, "size"),
        ({"size": 100_001}, "size"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"config": []}, "config"),
        ({"config": {"a": "x" * 16_384}}, "config"),
        ({"family": ""}, "family"),
        ({"family": "--list"}, "family"),
        ({"name": "/x"}, "name"),
    ],
)
def test_what_is_wrong_is_named(curator, change, name):
    refused = post(curator, **change)
    assert (refused.status_code, list(refused.json())) == (400, [name])
    assert not Job.objects.exists()


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_it_needs_a_curator(client_as, role):
    assert post(client_as(role)).status_code == 403
