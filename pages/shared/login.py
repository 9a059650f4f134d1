"""The form of a login outside of the admin's own page."""

from django.contrib.auth.forms import AuthenticationForm

from tunix_site.admin_base.entering import LetsInByRole


class LoginForm(LetsInByRole, AuthenticationForm):
    """Django's own, without the looks of the admin."""
