"""Making evaluation sets of datasets: below, nobody knows these."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from datasets.models import Dataset
from datasets.recipe.hashing import BEGUN_BY_SYSTEM, asked
from datasets.recipe.references import REFERENCE, text_of_meta
from evalsets.document import MAX_GROUP_CHARS, MAX_ITEMS, Item
from evalsets.models import EvalSet
from evalsets.services.create import EvalSetRequest, create_evalset
from events.actors import Actor
from traces.document import MAX_ANSWER_CHARS
from tunix_site.errors import Invalid

NO_REFERENCE, SEVERAL_REFERENCES = "no_reference", "several_references"
LONG_REFERENCE = "long_reference"  # than an item's answer may be
GROUPS = ("section", "category", "difficulty")


# A prompt is the text of its first attempt; the references that its attempts name may differ.
PROMPTS = f"""
    SELECT trace.prompt_hash::text, trace.prompt, {BEGUN_BY_SYSTEM},
        found.reference_count, found.reference,
        {", ".join(map(text_of_meta, GROUPS))}
    FROM (
        SELECT min(item.position) AS position,
            (array_agg(trace.id ORDER BY item.position))[1] AS first,
            count(DISTINCT {REFERENCE}) AS reference_count,
            min({REFERENCE}) AS reference
        FROM datasets_datasetitem AS item JOIN traces_trace AS trace ON trace.id = item.trace_id
        WHERE item.dataset_id = %s AND (%s::text IS NULL OR item.split = %s)
        GROUP BY trace.prompt_hash
    ) AS found JOIN traces_trace AS trace ON trace.id = found.first
    ORDER BY found.position
"""  # noqa: S608


def hold_out(
    *, name: str, version: str, key: str, split: str | None = None, by: Actor
) -> tuple[EvalSet, dict[str, int], bool]:
    """Make an evaluation set of a dataset's split, or of all of it.

    Return the set, how many prompts were left out by reason, and whether it is new. Raise as
    `create_evalset`; Invalid as well where there is no such dataset or split.
    """
    with transaction.atomic():
        # held, so that it is not deleted while its items are read
        held = Dataset.objects.existing().select_for_update(no_key=True)
        dataset = held.filter(key=key).first()
        if dataset is None:
            raise Invalid({"key": [f"There is no dataset {key}."]})
        request = EvalSetRequest(name=name, version=version, parent=key, parent_split=split or "")
        items = HeldOut(dataset, split)
        evalset, created = create_evalset(request=request, items=items, by=by)
    return evalset, items.left_out, created


class HeldOut:
    """The items of a dataset's split, or of all of it, a prompt each; can be gone through again.

    An item's prompt is without what the system says, its id the hash of that, so that the same
    questions and references give the same digest on any machine. Prompts without one reference, or
    with one that no item may have, are left out, and counted in `left_out`. Invalid where the split
    is unknown, where there are more than MAX_ITEMS, or none is left.
    """

    def __init__(self, dataset: Dataset, split: str | None) -> None:
        if split is not None and split not in dataset.splits:
            known = ", ".join(sorted(dataset.splits)) or "none"
            raise Invalid({"split": [f"Unknown split; this dataset's: {known}."]})
        self.dataset = dataset
        self.split = split
        self.left_out: dict[str, int] = {}

    def __iter__(self) -> Iterator[Item]:
        self.left_out = {}
        count = 0
        with connection.chunked_cursor() as cursor:
            cursor.execute(PROMPTS, [self.dataset.pk, self.split, self.split])
            for prompt_hash, prompt, begun, reference_count, reference, *groups in cursor:
                if reason := _reason(reference_count, reference):
                    self.left_out[reason] = self.left_out.get(reason, 0) + 1
                    continue
                count += 1
                if count > MAX_ITEMS:
                    raise Invalid({self._asked: [f"It has more than {MAX_ITEMS:,} prompts."]})
                yield _item(prompt_hash, asked(prompt, begun), reference, groups)
        if not count:
            told = f"None of its prompts has one reference answer: {self._told}."
            raise Invalid({self._asked: [told]})

    @property
    def _asked(self) -> str:
        """Name what was sent and says which prompts these are."""
        return "key" if self.split is None else "split"

    @property
    def _told(self) -> str:
        counts = [f"{reason}={count}" for reason, count in self.left_out.items()]
        return ", ".join(counts) or "there are none"


def _reason(reference_count: int, reference: str | None) -> str | None:
    """Say why a prompt is left out, if it is."""
    if reference is None:
        return NO_REFERENCE
    if reference_count > 1:
        return SEVERAL_REFERENCES
    return LONG_REFERENCE if len(reference) > MAX_ANSWER_CHARS else None


def _item(prompt_hash: str, prompt: str, reference: str, groups: list[Any]) -> Item:
    shown = {
        name: text
        for name, text in zip(GROUPS, groups, strict=True)
        if text and len(text) <= MAX_GROUP_CHARS
    }
    return Item(id=prompt_hash, prompt=prompt, expected_answer=reference, **shown)
