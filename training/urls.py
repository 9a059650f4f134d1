from django.urls import re_path

from training.views import GenerateEvalSetView

urlpatterns = [
    re_path("^evalsets/generate/?$", GenerateEvalSetView.as_view(), name="evalset-generate"),
]
