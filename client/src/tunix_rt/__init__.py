"""Client of Tunix RT, the place where the reasoning that language models learn from is kept."""

from tunix_rt.batches import Sent
from tunix_rt.client import Client
from tunix_rt.errors import (
    ApiError,
    Broken,
    Conflict,
    Disconnected,
    Forbidden,
    Foreign,
    Incomplete,
    InUse,
    Invalid,
    JobFailed,
    Misconfigured,
    Moved,
    NotFound,
    NotYet,
    Problem,
    TooLarge,
    TooMany,
    TunixError,
    Unauthorized,
    Unavailable,
    Unsendable,
)
from tunix_rt.exports import Bundled, Exported
from tunix_rt.http.retries import Retries
from tunix_rt.version import VERSION

__version__ = VERSION

__all__ = [
    "ApiError",
    "Broken",
    "Bundled",
    "Client",
    "Conflict",
    "Disconnected",
    "Exported",
    "Forbidden",
    "Foreign",
    "InUse",
    "Incomplete",
    "Invalid",
    "JobFailed",
    "Misconfigured",
    "Moved",
    "NotFound",
    "NotYet",
    "Problem",
    "Retries",
    "Sent",
    "TooLarge",
    "TooMany",
    "TunixError",
    "Unauthorized",
    "Unavailable",
    "Unsendable",
]
