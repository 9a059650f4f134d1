"""What is asked of the import of a file: by an address, or by the form that begins it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from traces.readers.formats import AUTO
from traces.serializers.imports import ImportQuery
from traces.services.importing.summary import SKIP, ImportRequest
from tunix_site.errors import text_of

NAME = "name"
MORE = "more"  # of the map, as the API takes it
TARGET = "map."
MAX_NAME_CHARS = 200
PARTS = {
    "prompt": "Prompt",
    "thought": "Thought",
    "steps": "Steps",
    "reply": "Reply, with its thought or without",
    "final_answer": "Final answer",
    "messages": "Messages, in place of all these",
    "system": "System prompt",
    "reference_answer": "Reference answer",
    "external_id": "Id",
    "source": "Source of each",
    "tags": "Tags",
    "status": "Status",
    "label": "Label: right or wrong",
}
OWN = ("format", "source", "on_error")
TEXTS = (NAME, *OWN, *(f"{TARGET}{part}" for part in PARTS), MORE)
DEFAULTS = {"format": AUTO, "on_error": SKIP}


@dataclass(frozen=True)
class Part:
    """A part of a trace, and the field of the file that is it."""

    name: str
    label: str
    path: str
    paths: list[str]  # to choose from


@dataclass(frozen=True)
class AskedOfImport:
    """The fields of the form as texts, and the request that they are, or what is wrong by name."""

    texts: dict[str, str]
    request: ImportRequest | None
    problems: dict[str, str]

    @property
    def name(self) -> str:
        return self.texts.get(NAME, "")

    @property
    def has_map(self) -> bool:
        return bool(mapping_of(self.texts))

    @property
    def address(self) -> str:
        """Give what an address has behind its path to ask the same."""
        said = {name: text for name, text in self.texts.items() if text != DEFAULTS.get(name)}
        return f"?{urlencode(said)}" if said else ""

    def parts(self, paths: list[str]) -> list[Part]:
        """Give the parts of a trace with the fields of the file to choose from."""
        chosen = [(part, self.texts.get(f"{TARGET}{part}", "")) for part in PARTS]
        return [
            Part(part, PARTS[part], path, paths if path in ["", *paths] else [path, *paths])
            for part, path in chosen
        ]


def asked_by(given: QueryDict, *, may_curate: bool) -> AskedOfImport:
    """Read what a form or an address asks."""
    texts = {name: text for name in TEXTS if (text := given.get(name, "").strip())}
    texts[NAME] = texts.get(NAME, "")[:MAX_NAME_CHARS]
    said: dict[str, Any] = {name: texts[name] for name in OWN if name in texts}
    mapping = mapping_of(texts)
    serializer = ImportQuery(data={**said, "map": mapping} if mapping else said)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        problems = {name: text_of(told) for name, told in dict(error.detail).items()}  # type: ignore[arg-type]
        return AskedOfImport(texts, None, problems)
    request = ImportRequest(**serializer.validated_data, may_curate=may_curate)
    return AskedOfImport(texts, request, {})


def mapping_of(texts: Mapping[str, str]) -> str:
    """Write the map of a form's fields as the API takes it."""
    chosen = [(part, texts.get(f"{TARGET}{part}", "")) for part in PARTS]
    pairs = [f"{part}:{path.replace(',', chr(92) + ',')}" for part, path in chosen if path]
    return ",".join([*pairs, *filter(None, [texts.get(MORE)])])


def form_of(parameters: Mapping[str, Any]) -> str:
    """Give the address behind a path that asks what a job was asked."""
    named = {"file": NAME, "map": MORE}
    said = {named.get(name, name): parameters.get(name) for name in ("file", *OWN, "map")}
    return "?" + urlencode({name: text for name, text in said.items() if text})
