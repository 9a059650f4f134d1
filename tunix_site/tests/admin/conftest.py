"""What the tests of the admin share."""

import pytest

from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in


@pytest.fixture
def curator_in_admin():
    return logged_in(Role.CURATOR)
