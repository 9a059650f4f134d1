"""The items of evaluation sets, against which traces are checked."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from django.db import connection

from datasets.recipe.recipe import Against, Matching, Recipe
from datasets.recipe.text.contamination import ItemIndex
from evalsets.models import EvalSet

MOST_READ = 1_000  # items at once: each may take a megabyte
HOLD = "SELECT FROM evalsets_evalset WHERE id = %s AND deleted_at IS NULL FOR SHARE"


class Checked(NamedTuple):
    """What of a trace, or of all traces of a prompt, is checked; `key` names it."""

    key: str
    prompt_hash: str
    words: dict[str, list[str]]  # by field


class ItemSet(Protocol):
    """An evaluation set, and how its items are found."""

    facts: dict[str, Any]
    fields: Sequence[str]  # whose words are looked at

    def find(self, checked: Sequence[Checked]) -> Iterator[dict[str, Any] | None]:
        """Yield for each the item that is there most, as evidence, or None."""


class ByWords:
    """Items are found by the words that they share with a text."""

    def __init__(self, evalset: EvalSet, fields: Sequence[str], *, n: int, share: float) -> None:
        self._key, self.fields = evalset.key, fields
        self._ids: list[str] = []
        self._index = ItemIndex(self._prompts(evalset), n=n, share=share)
        self.facts = {
            **_facts(evalset, Matching.WORDS),
            "template_ngrams": self._index.template_count,
        }

    def _prompts(self, evalset: EvalSet) -> Iterator[str]:
        items = evalset.items.order_by("position").values_list("item_id", "prompt")
        for item_id, prompt in items.iterator(MOST_READ):
            self._ids.append(item_id)
            yield prompt

    def find(self, checked: Sequence[Checked]) -> Iterator[dict[str, Any] | None]:
        texts = (one.words[name] for one in checked for name in self.fields)
        found = self._index.find(texts)
        for _ in checked:
            matches = [match for _ in self.fields for match in next(found)]
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

    def __init__(self, evalset: EvalSet) -> None:
        self._key = evalset.key
        items = evalset.items.order_by("-position").values_list("prompt_hash", "item_id")
        self._ids = {str(found): item for found, item in items.iterator(MOST_READ)}
        self.facts = _facts(evalset, Matching.EXACT)

    def find(self, checked: Sequence[Checked]) -> Iterator[dict[str, Any] | None]:
        for one in checked:
            item = self._ids.get(one.prompt_hash)
            yield None if item is None else {"eval_set": self._key, "item": item}


def item_set(against: Against, *, n: int, share: float) -> ItemSet | None:
    """Read a set, and hold it until the transaction ends; None where it is not there."""
    evalset = EvalSet.objects.existing().filter(key=against.eval_set).first()
    if evalset is None or not _held(evalset):
        return None
    matching = against.match or (Matching.EXACT if evalset.is_generated else Matching.WORDS)
    if matching is Matching.EXACT:
        return ByPrompt(evalset)
    return ByWords(evalset, against.fields, n=n, share=share)


def unknown(key: str) -> str:
    return f"There is no evaluation set {key!a:.200}."


def refusals(recipe: Recipe) -> dict[str, Any]:
    """Say which evaluation sets are not there, by the place in the recipe. One query."""
    against = recipe.decontaminate.against if recipe.decontaminate else []
    known = EvalSet.objects.existing().filter(key__in={one.eval_set for one in against})
    keys = set(known.values_list("key", flat=True)) if against else set()
    places = {
        str(place): {"eval_set": [unknown(one.eval_set)]}
        for place, one in enumerate(against)
        if one.eval_set not in keys
    }
    return {"decontaminate": {"against": places}} if places else {}


def _held(evalset: EvalSet) -> bool:
    """Keep a set from being deleted; others may be checked against it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [evalset.pk])
        return cursor.fetchone() is not None


def _facts(evalset: EvalSet, matching: Matching) -> dict[str, Any]:
    return {"key": evalset.key, "digest": evalset.digest, "match": matching.value}
