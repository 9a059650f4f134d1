"""The pages of an import: what is sent, and how it would look. A job does it then."""

from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from rest_framework.exceptions import APIException

from pages.importing.asked import NAME, AskedOfImport, asked_by
from pages.importing.previewed import traces_shown, values_shown
from pages.importing.receiving import FileKeeper, receive
from pages.shared.long_filters import MOST_CHARS
from pages.shared.page import SitePage
from pages.shared.refusals import refusable
from traces.readers.formats import FORMATS
from traces.services.importing import uploads
from traces.services.importing.previewing import MOST_RECORDS, Preview, preview_import
from traces.services.importing.queued import ImportedOtherwise, start_import
from traces.services.importing.summary import ImportRequest
from tunix_site.admin_base.recording import actor_of
from tunix_site.api.streams import slots
from tunix_site.errors import TooLarge, text_of
from tunix_site.models import Role

TITLE = "Import traces"
LOOK = "look"
FRAME_BYTES = 64 * 1024  # of a form around its file
LONG_TEXT = "Pasted text may have {:,} bytes with the form: save it as a file, and send that."


@method_decorator(csrf_exempt, name="dispatch")  # the token is read with the file: see `post`
class ImportView(SitePage):
    """The form for a file or a text; what is sent is kept, and looked at next."""

    role = Role.WRITER
    takes_files = True

    def get(self, request: HttpRequest) -> HttpResponse:
        uploads.sweep()
        return self.form(request)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Read the form, now that it is known who sends it."""
        keeper = FileKeeper(request, owner=cast(int, request.user.pk))
        request.upload_handlers = [keeper]
        try:
            _refuse_too_large(request)
            answer: HttpResponseBase = csrf_protect(self.received)(request, keeper)
        except APIException as error:
            return self.form(request, text_of(error.detail), status=error.status_code)
        except RequestDataTooBig:
            told = LONG_TEXT.format(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            return self.form(request, told, status=TooLarge.status_code)
        finally:
            if keeper.draft is not None:
                keeper.draft.discard()
        return answer

    def received(self, request: HttpRequest, keeper: FileKeeper) -> HttpResponse:
        upload, name = receive(request, keeper)
        address = reverse("import-file", args=[upload])
        return HttpResponseRedirect(f"{address}?{urlencode({NAME: name})}")

    def form(self, request: HttpRequest, problem: str = "", *, status: int = 200) -> HttpResponse:
        context = {
            "problem": problem,
            "formats": FORMATS.values(),
            "limit": uploads.largest(),
            "call": _call(request),
        }
        return self.show(request, "pages/importing/send.html", context, title=TITLE, status=status)


class FileView(SitePage):
    """How the records of a file would look as traces; sent, the form imports them."""

    role = Role.WRITER

    def get(self, request: HttpRequest, upload: str) -> HttpResponse:
        return self.form(request, upload, asked_by(request.GET, may_curate=self.may_judge))

    def post(self, request: HttpRequest, upload: str) -> HttpResponse:
        asked = asked_by(request.POST, may_curate=self.may_judge)
        if LOOK in request.POST:
            if len(asked.address) > MOST_CHARS:  # shown here: no server takes such an address
                return self.form(request, upload, asked)
            return HttpResponseRedirect(request.path + asked.address)
        if asked.request is None:
            return self.form(request, upload, asked, status=400)
        with refusable(ImportedOtherwise) as refused:
            job = start_import(
                upload=UUID(upload), name=asked.name, request=asked.request, by=actor_of(request)
            )
            return HttpResponseRedirect(reverse("job", args=[job.pk]))
        return self.form(request, upload, asked, refused.error, status=refused.status)

    def form(
        self,
        request: HttpRequest,
        upload: str,
        asked: AskedOfImport,
        refused: APIException | None = None,
        *,
        status: int = 200,
    ) -> HttpResponse:
        preview = _preview(request, upload, asked)
        context = {
            "asked": asked,
            "refused": refused,
            "parts": asked.parts(list(preview.fields)),
            "values": values_shown(preview.fields),
            "preview": preview,
            "traces": traces_shown(preview.summary.traces),
            "most": MOST_RECORDS,
            "formats": FORMATS,
            "format": FORMATS.get(preview.summary.format or ""),
        }
        return self.show(request, "pages/importing/file.html", context, title=TITLE, status=status)


def _preview(request: HttpRequest, upload: str, asked: AskedOfImport) -> Preview:
    """Look at the file as it is asked; where that is refused, for its fields alone."""
    slots.hold()  # a look may take as long as an import
    wanted = asked.request or ImportRequest()
    with uploads.opened(upload=UUID(upload), owner=cast(int, request.user.pk)) as file:
        return preview_import(file=file, request=wanted, by=actor_of(request))


def _refuse_too_large(request: HttpRequest) -> None:
    """Refuse before a byte is read; so is a form that does not say its length."""
    most = uploads.largest()
    if int(request.META.get("CONTENT_LENGTH") or 0) > FRAME_BYTES + most:
        raise TooLarge(most)


def _call(request: HttpRequest) -> str:
    address = request.build_absolute_uri("/api/traces/import")
    return f'curl -sSf -H "Authorization: Bearer $KEY" -X POST --upload-file FILE {address}'
