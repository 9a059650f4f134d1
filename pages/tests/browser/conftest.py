"""A real browser over the real web server: Chromium, driven by Playwright.

`CHROMIUM` names it, else it is `chromium` on the path. Where there is none the tests are skipped,
but never where `CI` is set.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tunix_site.tests.live import wait_until
from tunix_site.tests.people import give_role

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 15_000  # on a machine that others use
expect.set_options(timeout=PATIENCE_MS)
# What the browser says of itself, before anything of the page is run.
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    window.ran = [];
    window.alert = (text) => window.ran.push(text);
"""


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser for the tests of a module; Playwright's loop runs while it is there."""
    path = chromium()
    if path is None:
        assert not os.environ.get("CI"), "there is no browser: .ci/install-browser installs one"
        pytest.skip("there is no browser: name one by CHROMIUM, or run .ci/install-browser")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # its loop runs in this thread, where Django would otherwise ask nothing of the database
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def person(transactional_db: None, django_user_model: Any) -> Callable[[str, str], Any]:
    """Make somebody with a role."""

    def make(name: str, role: str = "curator") -> Any:
        user = django_user_model.objects.create_user(
            username=name, password=password_of(name), is_staff=True
        )
        give_role(user, role)
        return user

    return make


@pytest.fixture
def tab(browser: Browser, site: Any, person: Any) -> Iterator[Callable[..., Page]]:
    """Open a page of the site as somebody, in a context of their own."""
    contexts: list[BrowserContext] = []

    def make(user: Any, viewport: dict[str, int] = DESKTOP, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport=viewport,
            color_scheme=scheme,
            reduced_motion="reduce",  # what fades has less contrast for a moment
        )
        context.add_init_script(WATCH)
        log_in(context, user)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.errors = []
        page.open = set()
        page.on("request", lambda asked: page.open.add(asked))
        page.on("requestfinished", lambda asked: page.open.discard(asked))
        page.on("requestfailed", lambda asked: page.open.discard(asked))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console", lambda said: page.errors.append(said.text) if said.type == "error" else None
        )
        return page

    yield make
    for context in contexts:
        for page in context.pages:  # what is asked for ends before the database is emptied
            wait_until(lambda page=page: page.evaluate("1") == 1 and not page.open)
        context.close()


def log_in(context: BrowserContext, user: Any) -> None:
    """Log somebody in, as the dialog of the page does."""
    context.request.get("/admin/login/")
    [token] = [one["value"] for one in context.cookies() if one["name"] == "csrftoken"]
    answer = context.request.post(
        "/admin/review/login",
        form={"username": user.username, "password": password_of(user.username)},
        headers={"X-CSRFToken": token},
    )
    assert answer.ok, answer.text()


def password_of(name: str) -> str:
    return f"{name} it is 42"
