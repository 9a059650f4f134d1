"""What of an evaluation set stands in a dataset that is there already."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from datasets.lookup import dataset_by
from datasets.models import Dataset
from datasets.recipe.hashing import wording
from datasets.recipe.recipe import Against, Decontaminate
from datasets.recipe.steps.decontaminate import ASKED, contaminated
from datasets.recipe.text.items import ItemSet, Unusable, item_set
from tunix_site.database.copy_out import copy_out
from tunix_site.errors import Invalid, Unavailable

SECONDS = 10
TOO_LONG = f"It took longer than {SECONDS} seconds: ask for a job, by `Prefer: respond-async`."
MOST_SHOWN = 1_000  # items
TRACES_SHOWN = 10  # of an item
ITEMS = "datasets_datasetitem AS item JOIN traces_trace AS trace ON trace.id = item.trace_id"
WORDING = wording("trace")
PROMPTS = f"""
SELECT DISTINCT ON (wording) {WORDING} AS wording, {ASKED}, '[]'
FROM {ITEMS} WHERE item.dataset_id = %s ORDER BY wording, trace.content_hash
"""  # noqa: S608
TRACES = f"""
SELECT found.wording::text, count(*),
       (array_agg(found.trace_id ORDER BY found.position))[:{TRACES_SHOWN}]
FROM (
    SELECT item.trace_id, item.position, {WORDING} AS wording
    FROM {ITEMS} WHERE item.dataset_id = %s
) AS found
WHERE found.wording = ANY(%s::uuid[]) GROUP BY found.wording ORDER BY found.wording
"""  # noqa: S608


def find_contamination(
    *, dataset: Dataset, eval_set: str, check: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Look at each prompt once, as the step `decontaminate` does.

    Items come with the largest share first, MOST_SHOWN of them. Invalid where the set is not there,
    or too large; NotFound where the dataset was deleted meanwhile. Reads every prompt.
    """
    one_state = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if one_state:  # in which neither is deleted: nothing has to be locked
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dataset = dataset_by(dataset.key)
        asked = Decontaminate(against=[Against(eval_set=eval_set)])
        try:
            items = item_set(asked.against[0], n=asked.n, share=asked.share)
        except Unusable as error:
            raise Invalid({"eval_set": [str(error)]}) from None
        with copy_out(PROMPTS, [dataset.pk]) as copy:
            found = dict(contaminated(copy.rows(), [items], check))
        cursor.execute(TRACES, [dataset.pk, list(found)])
        traces = cursor.fetchall()
    return _summed_up(items, found, traces)


def look_through(*, dataset: Dataset, eval_set: str) -> dict[str, Any]:
    """Find contamination within a request: Unavailable where that takes longer than SECONDS."""
    deadline = time.monotonic() + SECONDS

    def check() -> None:
        if time.monotonic() > deadline:
            raise Unavailable(TOO_LONG)

    return find_contamination(dataset=dataset, eval_set=eval_set, check=check)


def _summed_up(
    items: ItemSet, found: dict[str, dict[str, Any]], traces: list[tuple[str, int, list[Any]]]
) -> dict[str, Any]:
    """Put the prompts in which the same item stands together, with the best evidence.

    Of what is as good, the items come by their ids, the evidence and traces by the wording.
    """
    by_item: dict[str, dict[str, Any]] = {}
    ranked = sorted(traces, key=lambda row: (-_share(found[row[0]]), found[row[0]]["item"], row[0]))
    for worded, count, ids in ranked:
        because = found[worded]
        line = by_item.setdefault(
            because["item"],
            {
                **{name: because[name] for name in ("item", "share", "words") if name in because},
                "trace_count": 0,
                "traces": [],
            },
        )
        line["trace_count"] += count
        line["traces"] = [*line["traces"], *map(str, ids)][:TRACES_SHOWN]
    return {
        "eval_set": items.facts,
        "item_count": len(by_item),
        "trace_count": sum(line["trace_count"] for line in by_item.values()),
        "items": list(by_item.values())[:MOST_SHOWN],
    }


def _share(because: dict[str, Any]) -> float:
    share: float = because.get("share", 1.0)
    return share
