"""The command that shows the database's version."""

import sys
from contextlib import closing

import click

from pipeline_lib.cli.project import current_settings, reporting_errors


@click.command
@reporting_errors
def status() -> None:
    """Show where the database is and which version it has.

    Says what to do when that isn't the version that this coin-pipelines works with. Exit code 0: the schema
    is current; 1: it isn't, or the database can't be used.

    \b
    Example:
      coin-pipelines database status
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    from pipeline_lib.database import schema  # noqa: PLC0415 (a fifth of a second)
    from pipeline_lib.database.engine.connections import Database  # noqa: PLC0415

    with closing(Database(current_settings().database_url)) as opened:
        state = schema.read_state(opened)
        click.echo(f"database  {opened.name}")
        click.echo(
            f"version   {state.version or 'no tables'}, this coin-pipelines works with {schema.VERSION}"
        )
        if state.uuid:
            click.echo(f"uuid      {state.uuid}")
    if state.version < schema.VERSION:
        click.echo("to do     coin-pipelines database upgrade")
    elif state.version > schema.VERSION:
        click.echo("to do     upgrade coin-pipelines on this machine")
    sys.exit(state.version != schema.VERSION)
