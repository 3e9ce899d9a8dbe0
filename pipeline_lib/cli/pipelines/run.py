"""The command that runs a pipeline once, without Airflow."""

from datetime import UTC, datetime

import click

from pipeline_lib import steps
from pipeline_lib.cli.connections import require_connections, s3_connection, services_of
from pipeline_lib.cli.pipelines.attempts import attempt
from pipeline_lib.cli.project import MOMENT, complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.model.outcome import Skipped


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@click.option(
    "--at",
    "moment",
    type=MOMENT,
    help="The run's moment instead of now: 2018-02-05T14:00:00Z, or 2018-02-05 for its midnight (UTC).",
)
@reporting_errors
def run(pipeline: str, moment: datetime | None) -> None:
    """Run all five steps of PIPELINE in order, with a line for each.

    A step that fails holds up only those that need its work; the exit code is then 1. Where CoinGecko has
    no price of the moment, all steps are skipped.

    \b
    Example:
      coin-pipelines run bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    this_run = steps.Run(moment=moment or to_moment(datetime.now(UTC)))
    if this_run.moment < spec.start_date:
        begins = format_moment(spec.start_date)
        raise click.UsageError(f"{spec.name} has runs from {begins} on (start_date in its spec)")
    require_connections(spec.alerts.connection, s3_connection(spec))
    services = services_of(spec, settings)
    fetch, *others = steps.all_steps()
    fetched = attempt(fetch, spec, this_run, services)
    if fetched is None:
        raise SystemExit(1)
    if isinstance(fetched, Skipped):
        for step in others:
            click.echo(f"{step.__name__}: skipped: there is no price to work on")
        return
    outcomes = [attempt(step, spec, this_run, services) for step in others]
    if None in outcomes:
        raise SystemExit(1)
