"""The pipelines that a command works on, one after the other: what is wrong with one holds up no other."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

from pipeline_lib.cli.places import with_shown_files
from pipeline_lib.cli.project import load_pipeline
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.pipelines import load_pipelines

NOTHING = 3
"""The exit code of a command that found nothing to work on."""


@dataclass(slots=True)
class Failures:
    """What is wrong with single pipelines, while the others are worked on.

    Attributes:
        count: How many reasons there were so far.
    """

    count: int = 0

    def tell(self, reason: str) -> None:
        """Print a reason, which names its pipeline or its file, on stderr."""
        self.count += 1
        click.echo(reason, err=True)


def choose(
    settings: Settings, name: str | None, failures: Failures, *, all_pipelines: bool
) -> Sequence[PipelineSpec]:
    """The pipeline that a command names, or all of the project that may run.

    Args:
        settings: What the environment sets.
        name: The pipeline that is named, or None.
        failures: Takes everything that keeps one of all pipelines from running.
        all_pipelines: Whether all are asked for.

    Raises:
        SpecNotFoundError: There is no pipeline of that name.
        InvalidSpecsError: Its spec, or the defaults, are invalid.
        click.UsageError: Neither or both are asked for.
    """
    if all_pipelines == (name is not None):
        raise click.UsageError("name a pipeline, or give --all")
    if name is not None:
        return [load_pipeline(settings, name)]
    loaded = load_pipelines(settings)
    for diagnostic in with_shown_files(loaded.errors):
        failures.tell(str(diagnostic))
    return loaded.specs
