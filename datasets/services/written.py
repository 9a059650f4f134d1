"""How the first rows of what a recipe leaves would be written, without building it."""

import copy
from typing import Any
from uuid import uuid4

from datasets.export.export import Export
from datasets.formats.known import FORMATS
from datasets.formats.pairs import PAIRS
from datasets.models import Dataset
from datasets.recipe.candidates import Candidates
from datasets.recipe.recipe import Recipe
from datasets.services.filling import fill

ROWS = 5
LOOKED_AT = 10  # traces or pairs, as a format may leave some out


def written_rows(
    *, cursor: Any, recipe: Recipe, candidates: Candidates, funnel: list[dict[str, Any]], name: str
) -> list[str]:
    """Build a dataset of the first candidates and export it, in a transaction that is undone.

    The other candidates go by it.
    """
    fmt = FORMATS[name]
    first = copy.copy(candidates)
    some = f"(SELECT * FROM {candidates.rows} ORDER BY position LIMIT {LOOKED_AT}) AS kept"  # noqa: S608
    if fmt.rows is PAIRS and candidates.pairs is not None:
        pairs = f"(SELECT * FROM {candidates.pairs.table} ORDER BY position LIMIT {LOOKED_AT})"  # noqa: S608
        first.pairs = candidates.pairs._replace(table=pairs)
        some = f"""(
            SELECT * FROM {candidates.rows} WHERE position IN (
                SELECT unnest(ARRAY[chosen, rejected]) FROM {pairs} AS pair
            )
        ) AS kept"""  # noqa: S608
    else:
        first.pairs = None
    ordered = f"SELECT kept.* FROM {some} ORDER BY position"  # noqa: S608
    first.store(ordered, candidates.parameters)
    dataset = Dataset(key=f"preview-{uuid4()}", name="preview", recipe=recipe, funnel=funnel)
    dataset.version = str(dataset.build_id)
    dataset.save(force_insert=True)
    fill(cursor=cursor, dataset=dataset, candidates=first)
    return Export(dataset=dataset, fmt=fmt).first(ROWS)
