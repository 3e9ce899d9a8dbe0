"""What commands need of the project that they are called in."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.settings import Settings
from pipeline_lib.spec import Catalog, PipelineSpec
from pipeline_lib.timestamps import parse_moment

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class MomentType(click.ParamType):  # type: ignore[type-arg] # generic only since click 8.4
    """A time with its zone, such as ``2018-02-05T14:00:00Z``."""

    name = "moment"

    def convert(
        self,
        value: str | datetime,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """Read the text as a moment in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_moment(value)
        except ValueError as error:
            self.fail(f"{error}; write a time such as 2018-02-05T14:00:00Z", param, ctx)


MOMENT = MomentType()


def current_settings() -> Settings:
    """The settings of the environment, for a project in the current folder."""
    return Settings.from_environment(os.environ, project_folder=Path.cwd())


def load_pipeline(settings: Settings, name: str) -> PipelineSpec:
    """The spec of a pipeline."""
    return Catalog(settings.dag_configs_dir).load(name)


def reporting_errors(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Turn an error of this package into its text on stderr and exit code 1."""

    @wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except (CoinPipelinesError, OSError) as error:
            raise click.ClickException(str(error)) from error

    return wrapped
