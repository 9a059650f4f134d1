import pytest
from django.test import Client

from tunix_site.tests.admin_pages import logged_in


@pytest.fixture
def curating(db: None) -> Client:
    """A browser in which a curator is logged in."""
    return logged_in("curator")
