"""The group of commands about the database."""

import click

from pipeline_lib.cli.lazy_group import LazyGroup

_COMMANDS = {
    "status": "pipeline_lib.cli.database.status",
    "upgrade": "pipeline_lib.cli.database.upgrade",
}


@click.group(cls=LazyGroup, modules=_COMMANDS)
def database() -> None:
    """Make the database's tables, update them, show their version.

    \b
    Example:
      coin-pipelines database upgrade
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
