"""The command that brings the database's tables up to date."""

from contextlib import closing

import click

from pipeline_lib.cli.project import current_settings, reporting_errors


@click.command
@reporting_errors
def upgrade() -> None:
    """Make the database's tables, or bring them up to date.

    Several calls at once wait for each other.

    \b
    Example:
      DATABASE_URL=postgresql://user@host/coin_pipelines coin-pipelines database upgrade
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    from pipeline_lib.database import schema  # noqa: PLC0415 (a fifth of a second)
    from pipeline_lib.database.engine.connections import Database  # noqa: PLC0415

    with closing(Database(current_settings().database_url)) as opened:
        before = schema.upgrade(opened)
        name = opened.name
    if before.version == schema.VERSION:
        click.echo(f"{name} has version {schema.VERSION} already")
    else:
        click.echo(f"{name} upgraded from {before.version or 'no tables'} to version {schema.VERSION}")
