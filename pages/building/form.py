"""Between the form that builds a dataset and the body that the API takes: both ways."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from django.http import QueryDict

from datasets.recipe.recipe import Recipe
from pages.building.fields import Field, Refused
from pages.building.layout import BESIDE, FIELDS, FORMAT, GROUPS, MORE, Group
from pages.shared.values import read_json
from tunix_site.strict_json import InvalidJSON

RECIPE = frozenset(Recipe.__struct_fields__) - {"version"}
TWICE = "{} is said above as well."
NO_OBJECT = "Not an object of JSON."


class Sent(NamedTuple):
    """A body, what is wrong with the form itself by the field's path, and the keys told as JSON."""

    body: dict[str, Any]
    problems: dict[str, str]
    told: set[str]


def sent(form: QueryDict) -> Sent:
    """Read a form as the body of a request to build."""
    body: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for path, field in FIELDS.items():
        if path in BESIDE:
            continue
        try:
            value = field.value_in(form)
        except Refused as error:
            problems[path] = str(error)
            continue
        if value is not None and (twice := _put(body, _names_of(path), value)):
            problems[path] = TWICE.format(twice)
    try:
        more = _more(form)
    except ValueError as error:
        problems[MORE] = str(error)
        more = {}
    for name, value in more.items():
        if twice := _put(body, [name], value):
            problems[MORE] = TWICE.format(twice)
    return Sent({**body, "limit": body.get("limit")}, problems, _told(more))


def _more(form: QueryDict) -> dict[str, Any]:
    """Read what stands in the field of JSON; ValueError where it is no object."""
    text = form.get(MORE, "").strip()
    if not text:
        return {}
    try:
        value = read_json(text)
    except InvalidJSON as error:
        raise ValueError(f"Not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(NO_OBJECT)
    return value


def _told(more: dict[str, Any]) -> set[str]:
    filters = more.get("where")
    of_where = {f"where.{name}" for name in filters} if isinstance(filters, dict) else set()
    return (more.keys() - {"where"}) | of_where


def _names_of(path: str) -> list[str]:
    """Take a field's path apart; dots in the name of a filter are its own."""
    return path.split(".", 1) if path.startswith("where.") else path.split(".")


def _put(body: dict[str, Any], names: list[str], value: Any) -> str:
    """Put a value where it belongs; objects join, and what is there already is named."""
    *parents, name = names
    for parent in parents:
        body = body.setdefault(parent, {})
    there = body.get(name)
    if isinstance(there, dict) and isinstance(value, dict) and name == "where":
        twice = sorted(there.keys() & value.keys())
        body[name] = {**value, **there}
        return ", ".join(twice)
    if name in body:
        return name
    body[name] = value
    return ""


def filled(body: dict[str, Any]) -> QueryDict:
    """Write a body as a form that reads as it; what no field can say stands in it as JSON."""
    form = _written(body)
    again = sent(form).body
    more = {
        name: value
        for name, value in body.items()
        if name not in ("version", "where") and not _is_said(body, again, name)
    }
    for name in more:
        for path in [path for path in form if path == name or path.startswith(f"{name}.")]:
            del form[path]
    if where := _unsaid(body.get("where", {}), again.get("where", {})):
        more["where"] = where
        for name in where:
            form.pop(f"where.{name}", None)
        left = {name: value for name, value in body["where"].items() if name not in where}
        form.setlist("where", FIELDS["where"].texts(_unnamed(left)))
    if more:
        form[MORE] = msgspec.json.format(msgspec.json.encode(more), indent=2).decode()
    return form


def _written(body: dict[str, Any]) -> QueryDict:
    form = QueryDict(mutable=True)
    for path, field in FIELDS.items():
        value = _unnamed(body.get("where", {})) if path == "where" else _at(body, path)
        texts = [] if value is None or path in BESIDE else _texts(field, value)
        if any(texts):  # a box that is there counts as checked
            form.setlist(path, texts)
    first = (_at(body, "decontaminate.against") or [{}])[0]
    form["decontaminate.match"] = first.get("match") or ""
    form["decontaminate.fields"] = "steps" if "steps" in first.get("fields", ()) else ""
    return form


def _texts(field: Field, value: Any) -> list[str]:
    """Write a value, or nothing where it is of another kind than the field's."""
    try:
        return field.texts(value)
    except (AttributeError, KeyError, TypeError):
        return []


def _at(body: dict[str, Any], path: str) -> Any:
    value: Any = body
    for name in _names_of(path):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _unnamed(where: dict[str, Any]) -> dict[str, Any]:
    """Give the filters that stand on lines: scalars without a field of their own."""
    return {
        name: value
        for name, value in where.items()
        if f"where.{name}" not in FIELDS and not isinstance(value, dict | list)
    }


def _unsaid(where: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
    missing = object()
    return {
        name: value
        for name, value in where.items()
        if type(again.get(name, missing)) is not type(value) or again[name] != value
    }


def _is_said(body: dict[str, Any], again: dict[str, Any], name: str) -> bool:
    """Tell whether a key means the same in both: what is left out means its default."""
    if name not in RECIPE:
        return bool(again.get(name, "") == (body[name] or ""))
    recipe = {key: value for key, value in body.items() if key in RECIPE}
    other = {key: value for key, value in recipe.items() if key != name}
    if name in again:
        other[name] = again[name]
    try:
        documents = [Recipe.read(one).document() for one in (recipe, other)]
    except msgspec.ValidationError:
        return name in again and bool(again[name] == body[name])
    return bool(documents[0].get(name) == documents[1].get(name))


class Bound(NamedTuple):
    """A field with what was typed into it, and what is wrong with that."""

    field: Field
    texts: list[str]
    problem: str

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""


class BoundGroup(NamedTuple):
    """The fields of a step, shown where something was said or is wrong."""

    group: Group
    fields: list[Bound]
    problem: str

    @property
    def is_open(self) -> bool:
        said = any(any(one.texts) or one.problem for one in self.fields)
        return self.group.is_open or said or bool(self.problem)


def bound(form: QueryDict, problems: dict[str, str]) -> list[BoundGroup]:
    """Give the form as it is shown."""
    return [
        BoundGroup(
            group,
            [
                Bound(one, form.getlist(one.path), problems.get(one.path, ""))
                for one in group.fields
            ],
            "" if group.path in FIELDS else problems.get(group.path, ""),
        )
        for group in GROUPS
    ]


def fresh() -> QueryDict:
    """Give the form of a new recipe: exact copies are taken out, and all that is left is taken."""
    form = QueryDict(mutable=True)
    form["exact"] = "on"
    for path, field in FIELDS.items():
        if field.initial:
            form[path] = field.initial
    return form


def placed(detail: Any, told: set[str]) -> dict[str, str]:
    """Give what is refused by the field beside which it is shown; by "" where there is none."""
    found: dict[str, str] = {}
    for path, text in _flat(detail, ""):
        place = _place(path, told)
        beside = place in FIELDS and place == path
        said = text if beside or not path else f"{path.removeprefix(f'{place}.')}: {text}"
        found[place] = f"{found[place]} {said}" if place in found else said
    return found


def _flat(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = name not in ("detail", "non_field_errors")
            yield from _flat(inner, ".".join(filter(None, [path, str(name) if own else ""])))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, path)
    else:
        yield path, str(detail)


def _place(path: str, told: set[str]) -> str:
    names = path.split(".")
    parts = [".".join(names[:length]) for length in range(len(names), 0, -1)]
    if told.intersection(parts):
        return MORE
    groups = {group.path for group in GROUPS}
    return next((part for part in parts if part in FIELDS or part in groups or part == FORMAT), "")
