"""The form of what may change of a trace."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from traces.serializers.curation import CurationSerializer


class TagsField(forms.CharField):
    """A tag on each line. Nothing is trimmed; empty lines are no tags."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            strip=False,
            help_text="One on each line.",
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            show_hidden_initial=True,
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        text = super().to_python(value) or ""
        return [line for line in text.replace("\r\n", "\n").split("\n") if line]

    def validate(self, value: Any) -> None:
        serializer = CurationSerializer(data={"tags": value})
        if not serializer.is_valid():
            raise forms.ValidationError(_texts(serializer.errors["tags"]))

    def run_validators(self, value: Any) -> None:
        """The serializer has looked at every tag."""


def _texts(errors: Any) -> list[str]:
    """Flatten a serializer's errors of a list, which may be by position."""
    found = errors.values() if isinstance(errors, dict) else [errors]
    return [str(text) for texts in found for text in texts]


class CurationForm(forms.ModelForm):  # type: ignore[type-arg]
    """What was shown comes back hidden, so that what somebody else changed meanwhile stays."""

    tags = TagsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].show_hidden_initial = True
        if any("\n" in tag or "\r" in tag for tag in self.instance.tags):
            self.fields["tags"].disabled = True
            self.fields["tags"].help_text = "One of them has several lines: change it by the API."
