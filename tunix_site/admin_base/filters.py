"""Filters of a list: the API's own parameters, as a form."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import IGNORED_PARAMS
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from rest_framework import serializers
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    DateTimeField,
    IntegerField,
    NumberField,
    QuerySerializer,
)

ANY = ("", "Any")


class QueryFilter(admin.ListFilter):
    """The parameters of a QuerySerializer, as one form beside a list.

    They mean what they mean in the API. Where one is refused, the reason is told and the others go
    on to hold.
    """

    title = "fields"
    template = "unfold/filters/filters_field.html"
    query: ClassVar[type[QuerySerializer]]

    def __init__(self, request: Any, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        given = QueryDict(mutable=True)
        for name in list(params):
            if self.takes(name) and (texts := [text for text in params.pop(name) if text]):
                given.setlist(name, texts)
        self.texts = given.dict()
        self.values = self._read(request, given) if self.texts else {}

    def _read(self, request: Any, given: QueryDict) -> dict[str, Any]:
        """Read the parameters; tell of those that are wrong, and go on without them."""
        try:
            return self.query.read(given)
        except serializers.ValidationError as error:
            wrong: dict[str, Any] = dict(error.detail)  # type: ignore[arg-type]
        for name, reasons in wrong.items():
            reason = " ".join(map(str, reasons)) if isinstance(reasons, list) else reasons
            messages.error(request, f"{name}: {reason}")
        if wrong.keys().isdisjoint(given):
            raise IncorrectLookupParameters  # of no single one
        for name in wrong.keys() & given.keys():
            del given[name]
        return self._read(request, given)

    @classmethod
    def takes(cls, name: str) -> bool:
        """Tell whether a parameter of the address is one of the serializer's."""
        return name not in IGNORED_PARAMS and not cls.query().unknown_keys({name: ""})

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Any]:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.apply(queryset, self.values)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.texts)

    def choices(self, changelist: Any) -> Iterator[Any]:
        form = forms.Form(initial=self.texts)
        for name, field in self.query().fields.items():
            if name not in IGNORED_PARAMS:
                form.fields[name] = control(name, field)
        yield {"form": form}


def control(name: str, field: Any) -> forms.Field:
    """Make the form's field for a parameter; the serializer alone judges what comes of it."""
    if isinstance(field, ChoiceTextField):
        choices = [ANY, *field.choices.items()]
    elif isinstance(field, BooleanField):
        choices = [ANY, ("true", "Yes"), ("false", "No")]
    else:
        choices = []
    widget = UnfoldAdminSelectWidget() if choices else UnfoldAdminTextInputWidget()
    if isinstance(field, DateTimeField):
        widget.input_type = "date"
    elif isinstance(field, IntegerField | NumberField):
        widget.input_type = "number"
        widget.attrs["step"] = "any"
    options: dict[str, Any] = {
        "label": name.replace("_", " ").capitalize(),
        "help_text": field.help_text or "",
        "required": False,
        "widget": widget,
    }
    return forms.ChoiceField(choices=choices, **options) if choices else forms.CharField(**options)
