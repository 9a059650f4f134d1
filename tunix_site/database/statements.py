"""SQL that is run for its rows; above all what the ORM compiles once, to be run with other values.

To build and compile a queryset takes longer than PostgreSQL takes for a page of rows. So parameters
stand in a queryset for its values, and who runs the statement gives those by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, models
from psycopg.types.json import Jsonb

Row = TypeVar("Row", bound=models.Model)


class Parameter(models.Expression):
    """Stands in a queryset where a value goes, also inside what is compared as JSON."""

    def __init__(self, name: str, output_field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters in order; those that are constant are given as they are."""

    sql: str
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, queryset: "models.QuerySet[Any, Any]") -> "Statement":
        sql, parameters = queryset.query.sql_with_params()
        return cls(sql, tuple(parameters))

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it with values by the names of the parameters."""
        return rows_of(self.sql, [_bound(parameter, values) for parameter in self.parameters])

    def instances(self, model: type[Row], values: Mapping[str, Any]) -> Iterator[Row]:
        """Run it and make instances of rows that hold all columns of the model, in its order."""
        fields = model._meta.concrete_fields
        names = [field.attname for field in fields]
        for row in self.rows(values):
            columns = [_read(field, value) for field, value in zip(fields, row, strict=True)]
            yield model.from_db(connection.alias, names, columns)


def rows_of(sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run SQL and give all of its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _read(field: Any, value: Any) -> Any:
    for convert in field.get_db_converters(connection):
        value = convert(value, None, connection)
    return value


def _bound(parameter: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(parameter, Parameter):
        return values[parameter.name]
    if isinstance(parameter, Jsonb):
        return Jsonb(_bound(parameter.obj, values), parameter.dumps)
    if isinstance(parameter, list):
        return [_bound(item, values) for item in parameter]
    if isinstance(parameter, dict):
        return {key: _bound(item, values) for key, item in parameter.items()}
    return parameter
