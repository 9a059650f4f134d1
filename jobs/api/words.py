"""What the fields of jobs mean, for the OpenAPI document."""

from tunix_site.api.openapi.hooks import describing

describe = describing(
    {
        "kind": "What is done: `build`, `bulk`, `import`.",
        "state": "How far it has come.",
        "done": "How much of it is done, in its own unit: traces, records.",
        "started_at": "When a worker took it; null while it waits.",
        "finished_at": "When it ended, however that was; null before.",
    }
)
