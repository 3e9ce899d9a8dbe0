"""The command that publishes a pipeline's processed data."""

from datetime import datetime

import click

from pipeline_lib import steps
from pipeline_lib.cli.project import (
    MOMENT,
    complete_names,
    current_settings,
    load_pipeline,
    reporting_errors,
)
from pipeline_lib.outcome import Skipped
from pipeline_lib.store import processed_table
from pipeline_lib.store.layout import Layout


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@click.option("--at", "moment", type=MOMENT, help="Publish this moment's day instead of the last one.")
@reporting_errors
def upload(pipeline: str, moment: datetime | None) -> None:
    """Publish the processed table of PIPELINE to S3 again: the whole table and its last day.

    \b
    Example:
      coin-pipelines upload bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    this_run = steps.Run(moment or processed_table.last_moment(Layout.of(pipeline, settings).processed_table))
    outcome = steps.upload_processed_csv_to_s3(spec, this_run, steps.Access.from_settings(settings))
    # Asked for by hand, an upload that can't happen is a failure.
    if isinstance(outcome, Skipped):
        raise click.ClickException(f"nothing was uploaded: {outcome.reason}")
    click.echo(outcome.summary)
