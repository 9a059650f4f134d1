"""Trying what may be refused, for a page that says why."""

from types import TracebackType
from typing import Any

from rest_framework.exceptions import APIException

from tunix_site.errors import text_of


class Refusal:
    """Why a block was left, in words and as a status; false where nothing was refused."""

    def __init__(self, *kinds: type[APIException]) -> None:
        self.kinds = kinds
        self.error: APIException | None = None

    def __enter__(self) -> "Refusal":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, self.kinds):
            self.error = error
        return self.error is not None

    def __bool__(self) -> bool:
        return self.error is not None

    @property
    def detail(self) -> Any:
        """Give the reasons as the API answers them, which may be by field."""
        return self.error.detail if self.error else {}

    @property
    def text(self) -> str:
        return text_of(self.detail)

    @property
    def status(self) -> int:
        """Give the status of a page that says so."""
        return self.error.status_code if self.error else 200


def refusable(*kinds: type[APIException]) -> Refusal:
    """Leave the block at what a service refuses, of these kinds where some are named, and keep it.

    with refusable() as refused:
        cancel_job(job=job, by=by)
    if refused:
        messages.error(request, refused.text)
    """
    return Refusal(*kinds or (APIException,))
