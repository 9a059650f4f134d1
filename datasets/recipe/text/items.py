"""The items of evaluation sets, against which traces are checked."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple, Protocol

from django.db import connection

from datasets.recipe.recipe import Against, Field, Matching, Recipe
from datasets.recipe.text.contamination import MOST_WORDS, ItemIndex, TooManyWords
from evalsets.models import EvalSet
from tunix_site.database.copy_out import copy_out

PROMPTS = """
    SELECT item_id, prompt FROM evalsets_evalitem WHERE evalset_id = %s ORDER BY position
"""
HASHES = """
    SELECT prompt_hash, item_id FROM evalsets_evalitem WHERE evalset_id = %s ORDER BY position DESC
"""
HOLD = "SELECT FROM evalsets_evalset WHERE key = %s AND deleted_at IS NULL FOR SHARE"


PROMPTS_ALONE = "`exact`, as of a generated set, compares prompts alone: ask for `match: words`."

FIELDS = 'Neither `["prompt"]` nor `["prompt", "steps"]`.'


class Unusable(Exception):
    """Nothing can be checked against a set; says why in a sentence."""


class Checked(NamedTuple):
    """What of a trace, or of all traces of a prompt, is checked; `key` names it."""

    key: str
    prompt_hash: str
    words: dict[str, list[str]]  # by field
    questions: Sequence[list[str]] = ()  # the words of each that the prompt asks among others


class ItemSet(Protocol):
    """An evaluation set, and how its items are found."""

    facts: dict[str, Any]
    fields: Sequence[str]  # whose words are looked at
    word_count: int  # that it holds in memory

    def find(self, checked: Sequence[Checked]) -> Iterator[dict[str, Any] | None]:
        """Yield for each the item that is there most, as evidence, or None."""


class ByWords:
    """Items are found by the words that they share with a text."""

    def __init__(
        self, evalset: EvalSet, fields: Sequence[str], *, n: int, share: float, most: int
    ) -> None:
        self._key, self.fields = evalset.key, fields
        self._ids: list[str] = []
        with closing(self._prompts(evalset)) as prompts:
            self._index = ItemIndex(prompts, n=n, share=share, most=most)
        self.word_count = self._index.word_count
        self.facts = {
            **_facts(evalset, Matching.WORDS),
            "template_ngrams": self._index.template_count,
        }

    def _prompts(self, evalset: EvalSet) -> Generator[str]:
        with copy_out(PROMPTS, [evalset.pk]) as copy:
            for item_id, prompt in copy.rows():
                self._ids.append(item_id)
                yield prompt

    def find(self, checked: Sequence[Checked]) -> Iterator[dict[str, Any] | None]:
        texts = (one.words[name] for one in checked for name in self.fields)
        found = self._index.find(texts)
        for one in checked:
            matches = [match for _ in self.fields for match in next(found)]
            if Field.PROMPT in self.fields:
                matches += filter(None, map(self._index.equal, one.questions))
            if not matches:
                yield None
                continue
            best = max(matches, key=lambda match: match.share)
            yield {
                "eval_set": self._key,
                "item": self._ids[best.item],
                "share": round(best.share, 4),
                "words": best.words,
            }


class ByPrompt:
    """Items are found where the prompt is the same, but for white space and capitals."""

    fields: Sequence[str] = ()
    word_count = 0

    def __init__(self, evalset: EvalSet) -> None:
        self._key = evalset.key
        with copy_out(HASHES, [evalset.pk]) as copy:
            self._ids: dict[str, str] = dict(copy.rows())
        self.facts = _facts(evalset, Matching.EXACT)

    def find(self, checked: Sequence[Checked]) -> Iterator[dict[str, Any] | None]:
        for one in checked:
            item = self._ids.get(one.prompt_hash)
            yield None if item is None else {"eval_set": self._key, "item": item}


def item_set(against: Against, *, n: int, share: float, most: int = MOST_WORDS) -> ItemSet:
    """Read a set; Unusable where it is not there, or has more than so many words."""
    evalset = EvalSet.objects.existing().filter(key=against.eval_set).first()
    if evalset is None:
        raise Unusable(unknown(against.eval_set))
    if _matching(against, evalset) is Matching.EXACT:
        return ByPrompt(evalset)
    try:
        return ByWords(evalset, against.fields, n=n, share=share, most=most)
    except TooManyWords:
        raise Unusable(too_large(evalset.key)) from None


def hold(key: str) -> None:
    """Keep a set from being deleted until the transaction ends; others may hold it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [key])


def unknown(key: str) -> str:
    return f"There is no evaluation set {key!a:.200}."


def too_large(key: str) -> str:
    return (
        f"With {key} there are more than {MOST_WORDS:,} words to compare with: "
        "ask for `match: exact`, or for fewer sets at once."
    )


def refusals(recipe: Recipe) -> dict[str, Any]:
    """Say which evaluation sets cannot be used so, by the place in the recipe. One query."""
    against = recipe.decontaminate.against if recipe.decontaminate else []
    if not against:
        return {}
    asked = EvalSet.objects.existing().filter(key__in={one.eval_set for one in against})
    known = {evalset.key: evalset for evalset in asked.only("key", "generator")}
    places: dict[str, Any] = {}
    for place, one in enumerate(against):
        evalset = known.get(one.eval_set)
        if evalset is None:
            places[str(place)] = {"eval_set": [unknown(one.eval_set)]}
        elif sorted(one.fields) not in ([Field.PROMPT], [Field.PROMPT, Field.STEPS]):
            places[str(place)] = {"fields": [FIELDS]}
        elif Field.STEPS in one.fields and _matching(one, evalset) is Matching.EXACT:
            places[str(place)] = {"fields": [PROMPTS_ALONE]}
    return {"decontaminate": {"against": places}} if places else {}


def _matching(against: Against, evalset: EvalSet) -> Matching:
    return against.match or (Matching.EXACT if evalset.is_generated else Matching.WORDS)


def _facts(evalset: EvalSet, matching: Matching) -> dict[str, Any]:
    return {"key": evalset.key, "digest": evalset.digest, "match": matching.value}
