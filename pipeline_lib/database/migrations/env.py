"""Runs migrations in the transaction of the one who asks for them."""

from alembic import context

from pipeline_lib.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="alembic_version",
    transactional_ddl=False,
)
context.run_migrations()
