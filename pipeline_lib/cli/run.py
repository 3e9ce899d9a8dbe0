"""The command that runs a pipeline once, without Airflow."""

import os
from datetime import UTC, datetime

import click

from pipeline_lib import steps
from pipeline_lib.cli.project import (
    MOMENT,
    complete_names,
    current_settings,
    load_pipeline,
    reporting_errors,
)
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.outcome import Done, Outcome, Skipped
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.timestamps import to_moment


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@click.option(
    "--at",
    "moment",
    type=MOMENT,
    help="The run's moment, such as 2018-02-05T14:00:00Z, instead of now.",
)
@reporting_errors
def run(pipeline: str, moment: datetime | None) -> None:
    """Run all five steps of PIPELINE in order, with a line for each.

    A step that fails holds up only those that need its work; the exit code is then 1.

    \b
    Example:
      coin-pipelines run bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    access = steps.Access.from_settings(settings).for_pipeline(spec, os.environ)
    this_run = steps.Run(moment=moment or to_moment(datetime.now(UTC)))
    fetch, *others = steps.ALL_STEPS
    if not _attempt(fetch, spec, this_run, access):
        raise SystemExit(1)
    succeeded = [_attempt(step, spec, this_run, access) for step in others]
    if not all(succeeded):
        raise SystemExit(1)


def _attempt(step: steps.Step, spec: PipelineSpec, this_run: steps.Run, access: steps.Access) -> bool:
    try:
        outcome = step(spec, this_run, access)
    except (CoinPipelinesError, OSError) as error:
        click.echo(f"{step.__name__}: failed: {error}", err=True)
        return False
    click.echo(f"{step.__name__}: {_describe(outcome)}")
    for warning in outcome.warnings if isinstance(outcome, Done) else ():
        click.echo(f"{step.__name__}: warning: {warning}", err=True)
    return True


def _describe(outcome: Outcome) -> str:
    return f"skipped: {outcome.reason}" if isinstance(outcome, Skipped) else outcome.summary
