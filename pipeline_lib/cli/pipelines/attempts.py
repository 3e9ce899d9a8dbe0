"""Steps run from the command line, each with a line on its outcome."""

import click

from pipeline_lib.cli.failures import failure_text
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.model.outcome import Outcome, Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Run, Services, Step


def attempt(step: Step, spec: PipelineSpec, run: Run, services: Services) -> Outcome | None:
    """Run a step and print what it did; None when it failed. Failures and warnings go to stderr.

    Args:
        step: The step.
        spec: The pipeline.
        run: The run.
        services: How to reach the world.
    """
    try:
        outcome = step(spec, run, services)
    except (CoinPipelinesError, OSError) as error:
        click.echo(f"{step.__name__}: failed: {failure_text(error)}", err=True)
        return None
    finally:
        services.database.close()
    click.echo(f"{step.__name__}: {_describe(outcome)}")
    for warning in outcome.warnings:
        click.echo(f"{step.__name__}: warning: {warning}", err=True)
    return outcome


def _describe(outcome: Outcome) -> str:
    return f"skipped: {outcome.reason}" if isinstance(outcome, Skipped) else outcome.summary
