"""The command that prints the schema of specs."""

import click

from pipeline_lib.cli.project import reporting_errors
from pipeline_lib.specs.checks.schema import schema_path


@click.command()
@reporting_errors
def schema() -> None:
    """Print the JSON Schema of specs, for editors and other tools.

    \b
    Example:
      coin-pipelines schema > pipeline.schema.json
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    click.echo(schema_path().read_text(encoding="utf-8"), nl=False)
