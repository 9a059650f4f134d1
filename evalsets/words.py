"""What the fields of evaluation sets mean, for the OpenAPI document."""

from tunix_site.api.openapi.hooks import describing

describe = describing(
    {
        "answer_type": "How its answers are compared: `number`, `math`, `choice`, `text` or "
        "`list`; null where nobody said.",
        "license": "Under which its questions may be used; null where nobody said.",
        "parent": "The key of the dataset that it was made of, null where there is none.",
        "parent_split": "The split of that dataset, null for all of it.",
        "generator": "Family, config, size and seed that its problems were generated from; null "
        "where they were not.",
        "item_count": "How many items it has.",
        "digest": "SHA-256 of its lines, in order: of `items.jsonl`, byte for byte.",
        "expected_answer": "The answer that is right; empty where none is known.",
    }
)
