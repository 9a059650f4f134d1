"""What the OpenAPI document shows of requests about evaluation sets, and of their answers."""

from typing import Any

from traces.examples import CREATED_AT, page
from tunix_site.api.renderers import BYTES

ITEM = {
    "id": "1",
    "prompt": "What is 17+25?",
    "expected_answer": "42",
    "aliases": ["forty-two"],
    "section": "sums",
}
LINE = (
    '{"id":"1","prompt":"What is 17+25?","expected_answer":"42","aliases":["forty-two"],'
    '"section":"sums"}\n'
)
DIGEST = "beda3a42aba6b1b079fd307c31c7ba63c0cd3cc0a274ef3cd250e67f83fa93e2"
CREATED = {"key": "held-out-sums-1", "digest": DIGEST, "item_count": 1}
ROW = {
    "key": "held-out-sums-1",
    "name": "held-out-sums",
    "version": "1",
    "created_at": CREATED_AT,
    "answer_type": "number",
    "license": "CC0-1.0",
    "parent": None,
    "item_count": 1,
    "digest": DIGEST,
}

# By action: the request, and answers by their status.
EXAMPLES: dict[str, dict[Any, Any]] = {
    "list": {200: page(ROW)},
    "create": {
        "request": {
            "name": "held-out-sums",
            "version": "1",
            "answer_type": "number",
            "license": "CC0-1.0",
            "items": [ITEM],
        },
        ("request", BYTES): LINE,
        201: CREATED,
        200: CREATED,
    },
    "retrieve": {200: {**ROW, "parent_split": None, "generator": None}},
    "item_lines": {200: LINE},
}
