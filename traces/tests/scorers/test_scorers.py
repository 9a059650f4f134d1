"""What holds for every scorer that there is."""

import copy
import subprocess
import sys

import pytest

from tests.pages import ROOT
from traces.scorers.known import SCORERS
from traces.scorers.scorer import Content

CONTENT = Content(
    prompt="What is 2 plus 2?",
    steps=[{"i": 0, "type": "reasoning", "content": "Twice 2 is 2 * 2 = 4."}],
    final_answer="4",
    meta={"source": "made_up", "reference_answer": "4"},
)
LOADED = """
import sys
import traces.scorers.known, traces.scorers.tokens
theirs = {"django", "rest_framework", "psycopg", "tunix_site", "jobs", "sympy", "math_verify"}
theirs |= {"tokenizers", "sentencepiece", "huggingface_hub"}
print(sorted(theirs & {name.partition(".")[0] for name in sys.modules}))
"""

each_scorer = pytest.mark.parametrize("name", SCORERS)


@each_scorer
def test_a_scorer_is_known_by_its_criteria_and_scores(name):
    scorer = SCORERS[name]
    assert scorer.criteria == name
    assert scorer.version
    assert isinstance(scorer.score(CONTENT).value, int | float)


@each_scorer
def test_the_same_content_gets_the_same_score_and_stays_as_it_was(name):
    before = copy.deepcopy(CONTENT)
    assert SCORERS[name].score(CONTENT) == SCORERS[name].score(before)
    assert before == CONTENT


def test_scorers_load_nothing_of_the_site_nor_of_what_works_in_other_processes():
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
