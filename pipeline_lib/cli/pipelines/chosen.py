"""The pipelines that a command works on, one after the other: what is wrong with one holds up no other."""

from collections.abc import Callable, Iterator

import click

from pipeline_lib.cli.places import with_shown_files
from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec

NOTHING = 3
"""The exit code of a command that found nothing to work on."""


def each_chosen(
    settings: Settings, name: str | None, report: Callable[[str, str], None], *, all_pipelines: bool
) -> Iterator[PipelineSpec]:
    """The pipeline that a command names, or all of the project that have a valid spec.

    Args:
        settings: What the environment sets.
        name: The pipeline that is named, or None.
        report: Called with the pipeline and the reason when a spec can't be read.
        all_pipelines: Whether all are asked for.

    Raises:
        SpecNotFoundError: There is no such pipeline.
        click.UsageError: Neither or both are asked for.
    """
    if all_pipelines == (name is not None):
        raise click.UsageError("name a pipeline, or give --all")
    catalog = Catalog(settings.dag_configs_dir)
    if name is not None:
        yield catalog.load(name)
        return
    for each in catalog.names():
        try:
            yield catalog.load(each)
        except InvalidSpecsError as error:
            report(each, "\n".join(map(str, with_shown_files(error.diagnostics))))
