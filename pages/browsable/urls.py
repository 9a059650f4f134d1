"""The login and logout of people who use the API in a browser."""

from django.urls import path

from pages.browsable.login import LoginView, LogoutView

urlpatterns = [
    path("login/", LoginView.as_view(), name="log-in"),
    path("logout/", LogoutView.as_view(), name="log-out"),
]
