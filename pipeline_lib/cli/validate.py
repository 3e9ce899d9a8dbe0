"""The command that checks specs."""

import click

from pipeline_lib.cli.project import current_settings, reporting_errors
from pipeline_lib.pipelines import load_pipelines


@click.command()
@reporting_errors
def validate() -> None:
    """Check every spec in dag_configs; exit code 1 when a pipeline can't run.

    \b
    Example:
      coin-pipelines validate
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    loaded = load_pipelines(current_settings())
    for problem in loaded.problems:
        click.echo(str(problem), err=True)
    if loaded.errors:
        raise SystemExit(1)
    click.echo(f"valid specs: {', '.join(spec.name for spec in loaded.specs) or 'none'}")
