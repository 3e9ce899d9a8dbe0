"""What commands need of the project that they are called in."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from click.shell_completion import CompletionItem

from pipeline_lib.cli.failures import failure_text
from pipeline_lib.cli.places import with_shown_files
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.errors import CoinPipelinesError, InvalidSpecsError, SettingsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec, Sources
from pipeline_lib.specs.catalog import SPEC_SUFFIX

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


def chosen_pipelines(
    settings: Settings, name: str | None, *, all_pipelines: bool
) -> tuple[PipelineSpec, ...]:
    """The pipeline that a command names, or all of the project.

    Args:
        settings: What the environment sets.
        name: The pipeline that is named, or None.
        all_pipelines: Whether all are asked for.

    Raises:
        SpecNotFoundError: There is no such pipeline.
        InvalidSpecsError: A spec that is asked for is invalid.
        click.UsageError: Neither or both are asked for.
    """
    if all_pipelines == (name is not None):
        raise click.UsageError("name a pipeline, or give --all")
    catalog = Catalog(settings.dag_configs_dir)
    return tuple(catalog.load(each) for each in (catalog.names() if name is None else [name]))


def load_sources(name_or_path: str) -> Sources:
    """The files of a pipeline of the project, or of a spec anywhere.

    Raises:
        SpecNotFoundError: There is no such file.
        InvalidSpecsError: A file can't be read, or holds no mapping.
        SettingsError: A variable of the environment holds something unusable.
    """
    if _is_path(name_or_path):
        path = Path(name_or_path)
        if path.suffix != SPEC_SUFFIX:
            raise click.UsageError(f"{name_or_path} is no spec: specs end in {SPEC_SUFFIX}")
        return Catalog(path.parent).sources(path.stem)
    return Catalog(current_settings().dag_configs_dir).sources(name_or_path)


def _is_path(text: str) -> bool:
    return os.sep in text or text.endswith((SPEC_SUFFIX, ".yml"))


def complete_names(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The project's pipelines that begin with what is typed, in the form that click calls.

    Args:
        _context: The command.
        _parameter: The parameter that is completed.
        begun: What is typed.
    """
    try:
        names = Catalog(current_settings().dag_configs_dir).names()
    except SettingsError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def complete_names_and_files(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """The same, or, once what is typed can only be a path, the shell's own files.

    Args:
        context: The command.
        parameter: The parameter that is completed.
        begun: What is typed.
    """
    if os.sep in begun:
        return [CompletionItem(begun, type="file")]
    return complete_names(context, parameter, begun)


def reporting_errors(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Turn an error of this package into its text on stderr and exit code 1."""

    @wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except InvalidSpecsError as error:
            shown = with_shown_files(error.diagnostics)
            raise click.ClickException("\n".join(map(str, shown))) from error
        except (CoinPipelinesError, OSError) as error:
            raise click.ClickException(failure_text(error)) from error

    return wrapped
