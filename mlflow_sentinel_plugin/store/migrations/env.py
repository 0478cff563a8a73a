"""Alembic's environment: migrates the connection it is handed, and leaves the process's logging alone."""

from __future__ import annotations

from alembic import context

from mlflow_sentinel_plugin.store.migrate import VERSION_TABLE

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table=VERSION_TABLE,
    # SQLite undoes DDL when the transaction was begun by us; Alembic assumes the driver's habits.
    transactional_ddl=connection.dialect.name in ("sqlite", "postgresql"),
)
with context.begin_transaction():
    context.run_migrations()
