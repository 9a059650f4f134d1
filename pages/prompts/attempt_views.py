"""The attempts at one prompt side by side, and what the forms of their page send."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pages.prompts.listing import SECONDS
from pages.prompts.shown import attempt_in, context_of, prompt_in
from pages.review.sent import judged, still_expected
from pages.shared.page import SitePage
from pages.shared.refusals import Refusal, refusable
from traces.models import Preference
from traces.serializers.preferences import NewPreferenceSerializer
from traces.services.preferences import delete_preference, prefer_trace
from tunix_site.admin_base.recording import actor_of
from tunix_site.database.ids import with_number
from tunix_site.database.patience import patience
from tunix_site.models import Role


class AttemptsPage(SitePage):
    """The attempts; the address has those that stand side by side."""

    def get(self, request: HttpRequest, prompt_hash: str, **_: str) -> HttpResponse:
        """Go to the attempts: a form's own address is no page to come back to."""
        return back_to(request, prompt_hash)

    def refused(
        self, request: HttpRequest, prompt_hash: str, refusal: Refusal, *, trace: str = ""
    ) -> HttpResponse:
        """Show the attempts as they are by now, with what was sent and why it is refused."""
        messages.error(request, refusal.text)
        expected = still_expected(request.POST, refusal)
        return self.opened(request, prompt_hash, trace=trace, status=refusal.status, **expected)

    def opened(
        self,
        request: HttpRequest,
        prompt_hash: str,
        *,
        trace: str = "",
        status: int = 200,
        **expected: str,
    ) -> HttpResponse:
        with patience(SECONDS):
            shown = context_of(prompt_in(prompt_hash), request.GET, user=request.user)
        context = {
            **shown,
            "note": request.POST.get("note", ""),
            "noted": trace,  # the attempt that the note is about, and what was expected of it
            **expected,
        }
        template = "pages/prompts/attempts.html"
        return self.show(request, template, context, title="Attempts", status=status)


class AttemptsView(AttemptsPage):
    """The page itself."""

    def get(self, request: HttpRequest, prompt_hash: str, **_: str) -> HttpResponse:
        return self.opened(request, prompt_hash)


class VerdictView(AttemptsPage):
    """A verdict on one of the attempts."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, prompt_hash: str, trace: str) -> HttpResponse:
        with refusable() as refused:
            verdict = judged(request, attempt_in(prompt_hash, trace))
        if refused:
            return self.refused(request, prompt_hash, refused, trace=trace)
        messages.success(request, f"Your verdict: {verdict.status}.")
        return back_to(request, prompt_hash)


class PreferView(AttemptsPage):
    """One attempt is better than another."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, prompt_hash: str) -> HttpResponse:
        sent = {name: request.POST.get(name, "") for name in ("chosen", "rejected")}
        with refusable() as refused:
            serializer = NewPreferenceSerializer(data=sent)
            serializer.is_valid(raise_exception=True)
            _, is_new = prefer_trace(**serializer.validated_data, by=actor_of(request))
        if refused:
            return self.refused(request, prompt_hash, refused)
        messages.success(request, "Preferred." if is_new else "You preferred it before: it stays.")
        return back_to(request, prompt_hash)


class UnpreferView(AttemptsPage):
    """A preference is taken back."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, prompt_hash: str, preference: str) -> HttpResponse:
        with refusable() as refused:
            here = Preference.objects.filter(chosen__prompt_hash=prompt_in(prompt_hash))
            found = with_number(here, preference)
            delete_preference(preference=found, by=actor_of(request))
        if refused:
            return self.refused(request, prompt_hash, refused)
        messages.success(request, "The preference is deleted.")
        return back_to(request, prompt_hash)


def back_to(request: HttpRequest, prompt_hash: str) -> HttpResponse:
    """Go back to the attempts, with the same ones side by side."""
    query = request.GET.urlencode()
    page = reverse("attempts", args=[prompt_hash])
    return HttpResponseRedirect(page + (query and f"?{query}"))
