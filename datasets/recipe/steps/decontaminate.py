"""The step that takes away the traces in which items of evaluation sets stand."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from datasets.recipe.candidates import WORDING, Candidates, Decision
from datasets.recipe.hashing import CONVERSATION, questions
from datasets.recipe.recipe import Decontaminate, Recipe
from datasets.recipe.text.contamination import MOST_WORDS
from datasets.recipe.text.items import Checked, ItemSet, Unusable, hold, item_set
from datasets.recipe.text.words import words_of
from tunix_site import strict_json
from tunix_site.errors import Invalid

CHECKED_AT_ONCE = 200  # rows, or fewer
WORDS_AT_ONCE = 100_000  # where they are long: a trace may take a mebibyte

ASKED = f"trace.prompt_hash, trace.prompt, {CONVERSATION}"
# What is read of the candidates, and by which column they go.
PROMPTS = (f"kept.{WORDING}, {ASKED}, '[]'", WORDING)
WITH_STEPS = (f"kept.id, {ASKED}, trace.steps", "id")

Rows = Iterable[tuple[Any, ...]]


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    """Look at each prompt once for all of its traces, and at each trace where its steps count."""
    asked = recipe.decontaminate
    assert asked is not None  # noqa: S101  # the funnel asks
    sets = list(_read(asked))
    candidates.findings["decontaminated_against"] = [one.facts for one in sets]
    fields = {name for one in sets for name in one.fields}
    with_steps = "steps" in fields
    selected, by = WITH_STEPS if with_steps else PROMPTS
    first_of = None if with_steps else by
    with candidates.read(selected, order=f"kept.{by}", first_of=first_of) as rows:
        decisions = [
            Decision(key, "contaminated", because)
            for key, because in contaminated(rows, sets, candidates.check)
        ]
    return candidates.decide(decisions, by=by)


def _read(asked: Decontaminate) -> Iterator[ItemSet]:
    """Read the sets, and hold them; Invalid as Unusable, by the set's place in the recipe."""
    left = MOST_WORDS
    for place, against in enumerate(asked.against):
        hold(against.eval_set)
        try:
            found = item_set(against, n=asked.n, share=asked.share, most=left)
        except Unusable as error:
            told = {str(place): {"eval_set": [str(error)]}}
            raise Invalid({"decontaminate": {"against": told}}) from None
        left -= found.word_count
        yield found


def contaminated(
    rows: Rows, sets: list[ItemSet], check: Callable[[], None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the keys of rows (key, ASKED, steps) in which an item stands, and which.

    Of several items, the one that is there most; of these the first set's.
    """
    fields = {name for one in sets for name in one.fields}
    for some in _at_once(_checked(row, fields) for row in rows):
        check()
        for one, *found in zip(some, *(each.find(some) for each in sets), strict=True):
            if matches := [match for match in found if match is not None]:
                yield one.key, max(matches, key=lambda match: match.get("share", 1.0))


def _at_once(checked: Iterable[Checked]) -> Iterator[list[Checked]]:
    some: list[Checked] = []
    size = 0
    for one in checked:
        some.append(one)
        size += sum(map(len, (*one.words.values(), *one.questions)))
        if len(some) == CHECKED_AT_ONCE or size > WORDS_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _checked(row: tuple[Any, ...], fields: set[str]) -> Checked:
    key, prompt_hash, prompt, conversation, steps = row
    words: dict[str, list[str]] = {}
    asked: list[list[str]] = []
    if "prompt" in fields:
        words["prompt"] = words_of(prompt)
        asked = [words_of(question) for question in questions(prompt, conversation)]
    if "steps" in fields:
        words["steps"] = words_of("\n".join(step["content"] for step in strict_json.stored(steps)))
    return Checked(key, prompt_hash, words, asked)
