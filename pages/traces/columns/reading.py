"""The rows of a page with a value for each column; each read is of these rows alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pages.traces.columns.known import Column
from traces.curation.columns import OF_SCORE
from traces.finding import columns as found

Cells = list[tuple[Column, Any]]
OF_ROWS = {  # what a row of the list has
    "answer": "final_answer_preview",
    "status": "status",
    "source": "source",
    "tags": "tags",
    "steps": "step_count",
    "version": "trace_version",
    "created": "created_at",
}
OF_FIELDS = {"model": "model", "external_id": "external_id", "characters": "total_chars"}


def with_cells(rows: Sequence[dict[str, Any]], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Give the rows with their cells; up to five queries, where columns need them."""
    ids = [row["id"] for row in rows]
    values = {column.name: _values(column, rows) for column in columns if column.name in OF_ROWS}
    values |= _read(ids, {column.name for column in columns})
    values |= _scores(ids, [column.criteria for column in columns if column.criteria])
    return [
        {**row, "cells": [(one, values[one.name].get(row["id"])) for one in columns]}
        for row in rows
    ]


def _values(column: Column, rows: Sequence[dict[str, Any]]) -> dict[UUID, Any]:
    return {row["id"]: row[OF_ROWS[column.name]] for row in rows}


def _read(ids: list[UUID], names: set[str]) -> dict[str, dict[UUID, Any]]:
    values: dict[str, dict[UUID, Any]] = {}
    if names & OF_FIELDS.keys():
        rows = found.fields_of(ids)
        for name, field in OF_FIELDS.items():
            values[name] = {identity: row[field] for identity, row in rows.items()}
    if names & {"reviewer", "reviewed"}:
        reviews = found.reviews_of(ids)
        values["reviewer"] = {identity: one.reviewer for identity, one in reviews.items()}
        values["reviewed"] = {identity: one.at for identity, one in reviews.items()}
    if "labelled" in names:
        values["labelled"] = dict.fromkeys(found.labelled_of(ids), "labelled")
    if "note" in names:
        values["note"] = dict.fromkeys(found.noted_of(ids), "note")
    return values


def _scores(ids: list[UUID], criteria: list[str]) -> dict[str, dict[UUID, Any]]:
    if not criteria:
        return {}
    scores = found.scores_of(ids, criteria)
    values: dict[str, dict[UUID, Any]] = {OF_SCORE + name: {} for name in criteria}
    for (identity, name), score in scores.items():
        values[OF_SCORE + name][identity] = score
    return values
