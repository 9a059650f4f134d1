"""The sidebar: its order, who is shown what, and that whatever is shown can be opened."""

import re

import pytest

from pages.apps import PagesConfig
from tunix_site.apps import site_apps
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

# of the design; each is shown as soon as its page is there
ORDER = [
    *("Home", "Review", "Traces", "Prompts", "Datasets", "Evaluation sets"),
    *("Import", "Jobs", "Activity", "Settings"),
]
LINE = re.compile(
    r'<a href="([^"]+)" class="([^"]*)">\s*<span[^>]*>\s*\w+\s*</span>\s*<span>(.+?)</span>'
)


def lines_of(client, path="/admin/traces"):
    """Give the address and classes of each line, by its title."""
    page = client.get(path).content.decode()
    sidebar = page[page.index('id="nav-sidebar-apps"') : page.index('id="main"')]
    return {title: (address, classes) for address, classes, title in LINE.findall(sidebar)}


def current_on(client, path):
    return [title for title, (_, classes) in lines_of(client, path).items() if "active" in classes]


def records():
    return {title for app in site_apps() if not app.for_superusers for title in app.records}


def test_the_pages_are_shown_in_their_order(admin_client):
    titles = list(lines_of(admin_client))
    pages = [link.title for link in PagesConfig.links]
    assert pages == [title for title in ORDER if title in pages]
    assert titles[: len(pages)] == pages
    assert titles[-4:] == ["API keys", "Users", "Groups", "Idempotent answers"]


@pytest.mark.parametrize("is_staff", [False, True])
@pytest.mark.parametrize("role", Role.values)
def test_whatever_is_shown_can_be_opened(role, is_staff):
    client = logged_in(role, is_staff=is_staff)
    shown = lines_of(client)
    assert {"Home", "Review", "Traces", "Datasets"} <= set(shown)
    for title, (address, _) in shown.items():
        assert client.get(address).status_code == 200, title


def test_what_may_not_be_opened_is_not_shown():
    reader, curator = logged_in(Role.READER), logged_in(Role.CURATOR)
    assert "Activity" not in lines_of(reader)
    assert not {"Scores", "Users"} & set(lines_of(reader))
    assert {"Activity", "Scores", "Dataset items"} <= set(lines_of(curator))
    assert "Users" not in lines_of(curator)


def test_a_curator_without_staff_is_shown_no_records():
    assert not (records() - set(ORDER)) & set(lines_of(logged_in(Role.CURATOR, is_staff=False)))


def test_the_line_of_the_page_is_marked(admin_client):
    assert current_on(admin_client, "/admin/traces?status=approved") == ["Traces"]
    assert current_on(admin_client, "/admin/datasets/build") == ["Datasets"]
    assert current_on(admin_client, "/admin/activity/trace/7") == ["Activity"]


def test_a_model_whose_list_is_a_page_is_no_record(admin_client):
    shown = lines_of(admin_client)
    assert shown["Traces"][0] == "/admin/traces"
    assert "/admin/traces/trace/" not in {address for address, _ in shown.values()}
