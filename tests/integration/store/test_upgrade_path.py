"""From the first schema, with data in every table, to this one and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from alembic import command
from sqlalchemy import MetaData, Table, insert, select

from mlflow_sentinel_plugin.store import migrate

FIRST = "0001"
SOME = {int: 1, bool: True, float: 0.5, Decimal: 0.5, bytes: b"\x00", dict: {}, str: "1"}
"""A value by the type of its column. MariaDB's JSON is text that must be JSON."""


def move(db, revision, step):
    """To a revision of the schema, up or down."""
    with db.connect() as connection:
        step(migrate._config(connection), revision)


def tables(db) -> list[Table]:
    """Sentinel's tables as they are in the database now."""
    found = MetaData()
    with db.read() as session:
        found.reflect(session.connection(), only=lambda name, _: name.startswith("sentinel_"))
    return found.sorted_tables


def fill(db, given: list[Table]) -> None:
    """One row in each table."""
    with db.write() as session:
        for table in given:
            row = {column.name: SOME[column.type.python_type] for column in table.c}
            session.execute(insert(table).values(row))


def content(db, given: list[Table]) -> dict[str, list[dict]]:
    """All rows, of the columns the tables had at first."""
    with db.read() as session:
        return {
            table.name: [dict(row) for row in session.execute(select(table)).mappings()] for table in given
        }


@pytest.fixture
def first(empty):
    """The tables of the first schema, each with a row."""
    move(empty, FIRST, command.upgrade)
    given = tables(empty)
    fill(empty, given)
    return given


def test_rows_of_the_first_schema_survive_the_way_up_and_back(empty, first):
    before = content(empty, first)
    assert all(len(rows) == 1 for rows in before.values())
    assert migrate.check(empty) == "outdated"

    assert migrate.upgrade(empty)
    assert migrate.check(empty) == "current"
    assert content(empty, first) == before

    move(empty, FIRST, command.downgrade)
    assert content(empty, first) == before
    assert {table.name for table in tables(empty)} == {table.name for table in first}
