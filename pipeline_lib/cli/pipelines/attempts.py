"""Steps run from the command line, each with a line on what became of it."""

import click

from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Run, Services, Step


def attempt(step: Step, spec: PipelineSpec, run: Run, services: Services) -> Outcome | None:
    """Run a step and print what it did; None when it failed, which is told on stderr, as warnings are."""
    try:
        outcome = step(spec, run, services)
    except (CoinPipelinesError, OSError) as error:
        click.echo(f"{step.__name__}: failed: {error}", err=True)
        return None
    finally:
        services.database.close()
    click.echo(f"{step.__name__}: {_describe(outcome)}")
    for warning in outcome.warnings if isinstance(outcome, Done) else ():
        click.echo(f"{step.__name__}: warning: {warning}", err=True)
    return outcome


def _describe(outcome: Outcome) -> str:
    return f"skipped: {outcome.reason}" if isinstance(outcome, Skipped) else outcome.summary
