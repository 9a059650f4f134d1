"""Options that the commands share, and those that hold more than one thing."""

import json
from collections.abc import Container
from typing import Annotated, Any

import typer

from tunix_rt.client import KEY, URL

Pairs = list[str]

# what a recipe may not hold: what is built, and parameters of the client
OF_THE_COMMAND = ("dataset_name", "dataset_version", "name", "version", "progress")

Url = Annotated[
    str | None, typer.Option("--url", envvar=URL, help="Where the site is.", show_default=False)
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar=KEY,
        help="An API key. Others on this machine can see it here: better in the environment.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, of lists an object a line.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]


def pairs(given: Pairs | None, taken: Container[str] = ()) -> dict[str, str]:
    """Read NAME=VALUE; the names that are `taken` have an option or argument of their own."""
    found = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE.")
        if name in taken:
            raise typer.BadParameter(f"{name!r} has an option or argument of its own.")
        found[name] = value
    return found


def typed(given: Pairs | None) -> dict[str, Any]:
    """Read values as JSON where they are: 2 is a number, "2" a text, and so is approved."""
    return {name: value_of(text) for name, text in pairs(given).items()}


def value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def recipe_of(file: typer.FileText | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        read = json.load(file)
    except ValueError as error:
        raise typer.BadParameter(f"The recipe is no JSON: {error}") from None
    if not isinstance(read, dict):
        raise typer.BadParameter("The recipe is a JSON object.")
    for name in OF_THE_COMMAND:
        if name in read:
            raise typer.BadParameter(f"The recipe holds {name!r}, which the command says.")
    return read
