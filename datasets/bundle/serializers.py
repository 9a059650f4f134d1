"""The query of the bundle's route."""

from django.core.validators import RegexValidator

from datasets.bundle.files import BUNDLED
from tunix_site.api.fields import BooleanField, QuerySerializer, TextField

MAX_FORMATS_CHARS = 500
ONE = f"(?:{'|'.join(BUNDLED)})"


class BundleQuery(QuerySerializer):
    formats = TextField(
        max_length=MAX_FORMATS_CHARS,
        required=False,
        validators=[
            RegexValidator(
                rf"^{ONE}(,{ONE})*\Z",
                f"Formats with a comma between; known ones: {', '.join(BUNDLED)}.",
            )
        ],
        help_text="Which formats, with a comma between; without, those that most trainers read, "
        f"where they have rows. There are: {', '.join(BUNDLED)}.",
    )
    with_answers = BooleanField(
        required=False,
        default=False,
        help_text="Bring the answers of the evaluation sets too, and tasks that ask them.",
    )

    def validate_formats(self, value: str) -> list[str]:
        return list(dict.fromkeys(value.split(",")))
