"""problems.py: problems with worked steps, as traces that can be sent as they are."""

import re

import pytest
from documents import check_trace
from helpers import read_lines, refusal, run

COLUMNS = ("Ones", "Tens", "Hundreds")


def make(path, *arguments, **options):
    run("problems", "--output", path, *arguments, **options)
    return read_lines(path)


@pytest.fixture(scope="module")
def additions(shared):
    return make(shared / "additions.jsonl", "--count", 3000, "--seed", 4)


def test_every_addition_is_right_column_by_column(additions):
    assert len(additions) == 3000
    for trace in additions:
        left, right = trace["meta"]["operands"]
        carry, carries, expected = 0, 0, []
        digits = zip(COLUMNS, reversed(str(left)), reversed(str(right)), strict=True)
        for name, a, b in digits:
            total = int(a) + int(b) + carry
            expected.append(
                f"{name}: {a}+{b}+{carry}={total}, write {total % 10}, carry {total // 10}"
            )
            carry = total // 10
            carries += carry
        assert trace["prompt"] == f"What is {left}+{right}?"
        assert [step["content"] for step in trace["steps"]] == expected
        assert trace["final_answer"] == trace["meta"]["reference_answer"] == str(left + right)
        assert trace["meta"]["difficulty"] == f"{carries} carries"


def test_no_pair_comes_twice_in_either_order(additions):
    pairs = {tuple(sorted(trace["meta"]["operands"])) for trace in additions}
    assert len(pairs) == len(additions)
    assert len({trace["external_id"] for trace in additions}) == len(additions)


def test_all_additions_can_be_sent(additions):
    for trace in additions:
        check_trace(trace)
    assert {trace["meta"]["source"] for trace in additions} == {"problems/addition"}


def test_a_seed_gives_the_same_file_and_another_another(tmp_path, additions):
    again = make(tmp_path / "again.jsonl", "--count", 3000, "--seed", 4)
    assert again == additions
    assert make(tmp_path / "other.jsonl", "--count", 3000, "--seed", 5) != additions


@pytest.fixture(scope="module")
def families():
    out, _ = run("problems", "--list")
    return out.split()


def test_the_list_names_our_own_and_the_librarys_families(families):
    assert families[0] == "addition"
    assert {"gsm_symbolic", "gcd", "chain_sum", "word_ladder"} <= set(families)
    assert len(families) == len(set(families)) > 100


# Some of the library's families leave the files open that they read.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_listed_family_gives_traces(families):
    from problems import from_library

    for family in families[1:]:
        for trace in from_library(family, 1, 0):
            check_trace(trace)


def test_worked_solutions_become_steps(tmp_path):
    traces = make(tmp_path / "gsm.jsonl", "--family", "gsm_symbolic", "--count", 20)
    for trace in traces:
        check_trace(trace)
        assert {step["type"] for step in trace["steps"]} == {"reasoning"}
        assert not any("####" in step["content"] for step in trace["steps"])
        assert trace["final_answer"] == trace["meta"]["reference_answer"] != ""
    assert max(len(trace["steps"]) for trace in traces) > 1


def test_a_family_without_solutions_has_its_answer_as_output(tmp_path):
    for trace in make(tmp_path / "gcd.jsonl", "--family", "gcd", "--count", 5):
        check_trace(trace)
        assert trace["steps"] == [{"i": 0, "type": "output", "content": trace["final_answer"]}]


@pytest.mark.parametrize("family", ["chain_sum", "gsm_symbolic", "basic_arithmetic", "gcd"])
def test_two_seeds_share_nothing_but_chance(tmp_path, family):
    """The library's seeds that follow one another share all problems but one."""
    found = [
        make(tmp_path / f"{seed}.jsonl", "--family", family, "--count", 200, "--seed", seed)
        for seed in (0, 1)
    ]
    prompts = [{trace["prompt"] for trace in traces} for traces in found]
    assert len(prompts[0] & prompts[1]) <= 2
    ids = [{trace["external_id"] for trace in traces} for traces in found]
    assert not ids[0] & ids[1]


def test_seeds_are_spread_by_family_and_seed():
    from problems import MAX_COUNT, spread

    spreads = {spread(family, seed) for family in ("gcd", "chain_sum") for seed in range(500)}
    assert len(spreads) == 1_000
    assert min(spreads) >= 0
    assert max(spreads) + MAX_COUNT <= 2**32  # NumPy takes no more


def test_settings_of_a_family_are_passed_on(tmp_path):
    traces = make(
        tmp_path / "out.jsonl",
        *("--family", "chain_sum", "--count", 20),
        *("--config", '{"min_terms": 3, "max_terms": 3, "min_digits": 1, "max_digits": 1}'),
    )
    sums = [re.findall(r"\d+", trace["prompt"]) for trace in traces]
    assert {len(numbers) for numbers in sums} == {3}
    assert {len(number) for numbers in sums for number in numbers} == {1}


@pytest.mark.parametrize(("family", "fields"), [("addition", {"difficulty"}), ("chain_sum", set())])
def test_items_of_an_evaluation_set(tmp_path, family, fields):
    from evalset import read_problems

    path = tmp_path / "items.jsonl"
    asked = ("--family", family, "--count", 20, "--seed", 3)
    items = make(path, *asked, "--eval-set", "--bounded")
    for item, trace in zip(items, make(tmp_path / "traces.jsonl", *asked), strict=True):
        assert set(item) == {"id", "prompt", "expected_answer", "category"} | fields
        assert item["id"] == trace["external_id"]
        assert (item["prompt"], item["expected_answer"]) == (trace["prompt"], trace["final_answer"])
        assert item["category"] == family
    assert len(read_problems(path)) == 20


def test_what_asks_for_too_much_memory_ends(tmp_path):
    # asked for in one piece, so that it is refused before it is filled
    many = '{"max_n": 1200000000}'
    asked = ("--family", "count_primes", "--count", 1, "--config", many, "--bounded")
    _, said = run("problems", "--output", tmp_path / "out.jsonl", *asked, code=1)
    assert said.rstrip().endswith("MemoryError")


@pytest.mark.parametrize("family", ["isomorphic_strings", "list_functions"])
def test_a_seed_gives_the_same_file_in_any_process(tmp_path, family):
    files = [
        make(
            tmp_path / f"{hashes}.jsonl",
            *("--family", family, "--count", 10, "--seed", 3),
            environment={"PYTHONHASHSEED": hashes},
        )
        for hashes in ("1", "2")
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--count", 0], "--count"),
        (["--count", -5], "--count"),
        (["--count", 405_451], "--count: there are only 405450 pairs"),
        (["--family", "nothing"], "--family: no family 'nothing'"),
        (["--family", "composite"], "--family"),
        (["--family", "gcd", "--count", 2**20 + 1], "--count: more than 1048576"),
        (["--config", "{"], "--config: no JSON"),
        (["--config", "[]"], "--config: no JSON object"),
        (["--config", '{"digits": 3}'], "--config: addition has no settings"),
        (["--family", "gcd", "--config", '{"seed": 3}'], "--config: seed is said by --seed"),
        (["--family", "gcd", "--config", '{"size": 3}'], "--config: size is said by --count"),
        (["--family", "gcd", "--config", '{"digits": 3}'], "--config: gcd: GCDConfig"),
        (["--family", "gcd", "--config", '{"min_numbers": 0}'], "--config: gcd: min_numbers"),
        (["--family", "gcd", "--config", '{"min_numbers": "x"}'], "--config: gcd: "),
    ],
)
def test_bad_arguments_write_nothing(tmp_path, arguments, message):
    assert message in refusal("problems", "--output", tmp_path / "x" / "out.jsonl", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_an_output_is_needed():
    assert refusal("problems", "--count", 1) == "--output: is needed"


def test_progress_is_shown(tmp_path):
    _, said = run("problems", "--count", 50, "--output", tmp_path / "out.jsonl")
    assert "addition: 50/50" in said
