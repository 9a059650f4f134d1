"""What fields and parameters mean that occur everywhere, for the OpenAPI document."""

from tunix_site.api.openapi.hooks import describing

describe = describing(
    {
        "id": "A UUID.",
        "created_at": "When it was made, ISO 8601 in UTC.",
        "next": "The address of the next page; null on the last.",
        "previous": "The address of the page before; null on the first.",
        "results": "The rows of this page.",
        "detail": "What is wrong as a whole, in a sentence.",
        "Health.status": "`degraded`: it can be read and not written. `unhealthy`: neither.",
        "Health.database": "`ok`, or what is the matter with it.",
        "version": "The version of the program.",
    }
)
