"""A file that a form sends: written where imports find it, never held in memory."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from traces.services.importing.uploads import Draft, sweep

FILE, TEXT = "file", "text"
PASTED = "pasted text"
NOTHING = "Choose a file, or paste some text."
BOTH = "There are a file and a text: send one of them."


class FileKeeper(FileUploadHandler):
    """Keeps the file of a request; of several the first."""

    def __init__(self, request: HttpRequest, *, owner: int) -> None:
        super().__init__(request)
        self.owner = owner
        self.draft: Draft | None = None
        self.name = ""

    def new_file(self, field_name: str, file_name: str, *args: Any, **more: Any) -> None:
        super().new_file(field_name, file_name, *args, **more)
        if field_name != FILE or self.draft is not None:
            raise SkipFile
        self.begin(file_name)

    def begin(self, name: str) -> Draft:
        sweep()
        self.name, self.draft = name, Draft(owner=self.owner)
        return self.draft

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self.draft is not None  # noqa: S101  # it was begun
        self.draft.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        """Leave nothing in the request's files: it is kept elsewhere."""


def receive(request: HttpRequest, keeper: FileKeeper) -> tuple[str, str]:
    """Keep the file or the text of a form; give its id and name. ValidationError without any."""
    text = request.POST.get(TEXT, "").replace("\r\n", "\n")  # which forms make of line breaks
    draft = keeper.draft
    if draft is None and text.strip():
        draft = keeper.begin(PASTED)
        draft.write(text.encode("utf-8", "replace"))
    elif draft is None:
        raise ValidationError(NOTHING)
    elif text.strip():
        raise ValidationError(BOTH)
    return str(draft.keep()), keeper.name
