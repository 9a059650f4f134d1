"""What the fields of jobs mean, for the OpenAPI document."""

from jobs.kinds import KINDS
from tunix_site.api.openapi.hooks import describing

describe = describing(
    {
        "kind": f"What is done: {', '.join(f'`{name}`' for name in sorted(KINDS))}.",
        "state": "How far it has come.",
        "done": "How much of it is done, in its own unit: traces, records.",
        "started_at": "When a worker took it; null while it waits.",
        "finished_at": "When it ended, however that was; null before.",
    }
)
