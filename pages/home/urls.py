from django.urls import re_path

from pages.home.views import HomeView

urlpatterns = [
    re_path(r"^$", HomeView.as_view(), name="home"),  # in place of the admin's own index
]
