"""How long a trace is, in the tokens of a tokenizer that an administrator gave."""

from functools import partial

from traces.scorers.scorer import UNDECIDED, Content, Scored, Scorer
from traces.scorers.tokenizing.counting import CannotCount, counts
from traces.scorers.tokenizing.files import Tokenizer

PREFIX = "tokens:"  # of the criteria, before the tokenizer's name
OURS = "tunix-"  # begins the version of whatever is counted here
UNIT = "tokens"
DIGEST_CHARS = 16


def scorer_of(tokenizer: Tokenizer) -> Scorer:
    """Make the scorer of a tokenizer; its version names the file, as another counts otherwise.

    OSError where the file has gone.
    """
    return Scorer(
        criteria=f"{PREFIX}{tokenizer.name}",
        version=f"{OURS}1-{tokenizer.digest[:DIGEST_CHARS]}",
        score=partial(score, tokenizer),
    )


def score(tokenizer: Tokenizer, content: Content) -> Scored:
    """Count the tokens of prompt, steps and final answer, each text by itself.

    There are none of a template, nor special ones. Undecided where a text cannot be counted;
    TryAgain where the file cannot be read.
    """
    steps = [step["content"] for step in content.steps]
    try:
        prompt, *of_steps, answer = counts(
            tokenizer, [content.prompt, *steps, content.final_answer]
        )
    except CannotCount as error:
        told = {"outcome": UNDECIDED, "reason": str(error), "unit": UNIT}
        return Scored(value=None, details=told)
    found = {"prompt": prompt, "steps": sum(of_steps), "final_answer": answer}
    return Scored(value=float(sum(found.values())), details={**found, "unit": UNIT})
