"""The command that shows what a spec means in full."""

import click

from pipeline_lib.cli.project import complete_names_and_files, load_sources, reporting_errors
from pipeline_lib.specs.rendering import render as render_spec


@click.command()
@click.argument("pipeline", metavar="NAME|PATH", shell_complete=complete_names_and_files)
@reporting_errors
def render(pipeline: str) -> None:
    """Print a spec with all defaults filled in.

    The output is a spec itself.

    \b
    Example:
      coin-pipelines render bitcoin
      coin-pipelines render dag_configs/bitcoin.yaml
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    click.echo(render_spec(load_sources(pipeline)), nl=False)
