"""The command that brings a pipeline's CSV files up to the database."""

import os

import click

from pipeline_lib import steps
from pipeline_lib.cli.project import complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.cli.waiting import SpokenWait
from pipeline_lib.common.counting import counted
from pipeline_lib.steps.exports import append_files, rewrite_files


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@click.option("--rewrite", is_flag=True, help="Make the files anew, whatever is there.")
@reporting_errors
def export(pipeline: str, *, rewrite: bool) -> None:
    """Bring PIPELINE's CSV files up to the database.

    They are the raw log and the processed table, which are also written with LOCAL_FILES=0. A file that isn't
    what was written to it, since somebody edited it, is reported and left as it is.

    \b
    Examples:
      coin-pipelines export bitcoin
      coin-pipelines export bitcoin --rewrite
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    services = steps.Services.from_settings(settings, SpokenWait()).for_pipeline(spec, os.environ)
    refused = []
    for done in (rewrite_files if rewrite else append_files)(spec, services):
        if done.exported is None:
            refused.append(str(done.error))
        elif not done.exported.rows:
            click.echo(f"{done.path}: there is nothing to export")
        else:
            state = "" if done.exported.changed else ", unchanged"
            click.echo(f"{done.path}: {counted(done.exported.rows, 'row')}{state}")
    if refused:
        raise click.ClickException("\n".join(refused))
