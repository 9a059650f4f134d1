"""What the tests of the admin's pages of traces share."""

import pytest

from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in


@pytest.fixture
def page():
    """The browser of a curator who is on the staff."""
    return logged_in(Role.CURATOR)
