"""Pipelines by name, for commands that change or delete what is kept of them."""

import click

from pipeline_lib.cli.project import load_pipeline
from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.pipelines import load_pipelines
from pipeline_lib.specs.reading.documents import can_name_pipeline


class PipelineNameType(click.ParamType):  # type: ignore[type-arg] # generic only since click 8.4
    """The name of a pipeline, which may have no spec. No other text may become part of a path."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take the name as it is."""
        if not can_name_pipeline(value):
            self.fail(
                f"{value!r} can't name a pipeline (use lower-case letters, digits, - and _)", param, ctx
            )
        return value


PIPELINE_NAME = PipelineNameType()


def find_runnable(settings: Settings, name: str) -> PipelineSpec:
    """The spec of a pipeline that has its places to itself.

    Raises:
        SpecNotFoundError: There is no such pipeline.
        InvalidSpecsError: Its spec is invalid, or another pipeline would write to the same place.
    """
    spec = load_pipeline(settings, name)
    loaded = load_pipelines(settings)
    if name not in {each.name for each in loaded.specs}:
        raise InvalidSpecsError(tuple(each for each in loaded.errors if each.file and each.file.stem == name))
    return spec
